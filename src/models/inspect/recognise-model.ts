// Recognises the kind and architecture of a model file by the names and shapes of its tensors.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import {
  type EncoderPart,
  FAMILY_LIST,
  FAMILY_NAMES,
  type ModelFile,
} from '../../formats/identify/identified-model.ts';
import { identify } from '../../formats/identify/identify.ts';
import { describeModelFile, type ModelDescription } from '../../formats/model-file.ts';
import { loadCheckpoint } from '../checkpoint/load.ts';
import { loadTextEncoder } from '../clip/load.ts';
import { loadControlNet } from '../controlnet/load.ts';
import { loadDetector } from '../detector/load.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { loadPhotoMaker } from '../photomaker/load.ts';
import { loadSam } from '../sam/load.ts';
import { loadStyleModel } from '../style/load.ts';
import { loadUltralytics } from '../ultralytics/load.ts';
import { openHypernetwork } from '../unet/hypernetwork-file.ts';
import { loadUpscaler } from '../upscaler/load.ts';
import { loadVae } from '../vae/load.ts';
import { loadVision } from '../vision/load.ts';
import { describeLora } from './describe-lora.ts';
import { describeQuantisation } from './describe-quantisation.ts';
import { describeTaesd, describeVae } from './describe-vae.ts';
import { BY_CONTEXT } from './lora-family.ts';
import { type OpenNetworks, recordingRuntime } from './network-memory.ts';

/** What a file's tensors say about its model. */
export interface RecognisedModel {
  readonly kind: string;
  readonly architecture: string;
  /** Absent for files without networks of their own. */
  readonly open?: OpenNetworks;
}

const ENCODERS: Readonly<Record<EncoderPart['kind'], string>> = {
  clip_l: 'CLIP-L',
  clip_g: 'CLIP-G',
  clip_h: 'CLIP-H',
  t5xxl: 'T5-XXL',
  pile_t5xl: 'Pile-T5-XL',
  qwen3_4b: 'Qwen3 4B',
  qwen3_8b: 'Qwen3 8B',
  qwen3_06b: 'Qwen3 0.6B',
  qwen25_7b: 'Qwen2.5-VL 7B',
  qwen3vl_4b: 'Qwen3-VL 4B',
  qwen3vl_8b: 'Qwen3-VL 8B',
  gemma2_2b: 'Gemma 2 2B',
  mistral3_24b: 'Mistral Small 3 24B',
  llama3_8b: 'Llama 3 8B',
};
const CONTROL_LAYOUTS = {
  sgm: 'original layout',
  diffusers: 'diffusers layout',
  lora: 'control-LoRA',
  t2i: 'T2I-Adapter',
  sd3: 'diffusers layout',
  sd35: 'original layout',
  flux: 'diffusers layout',
  'flux-xlabs': 'XLabs',
  'flux-mistoline': 'Mistoline',
  qwen: 'diffusers layout',
} as const;
const PREDICTIONS = {
  eps: 'noise',
  v: 'v',
  flow: 'flow',
  edm: 'EDM',
  'v-edm': 'v (EDM)',
  measured: 'noise or v',
} as const;
const INPUTS: Readonly<Record<number, string>> = { 8: 'pix2pix', 9: 'inpainting' };

/**
 * Recognises a model file. `description`: absent for files that do not consist of named tensors.
 * Throws what openModelFile throws, and DR_MODEL_UNSUPPORTED, with a description, for models that
 * Darkroom cannot run.
 */
export async function recogniseModel(
  file: string,
): Promise<{ model: RecognisedModel; description?: ModelDescription }> {
  let description: ModelDescription;
  try {
    description = await describeModelFile(file);
  } catch (error) {
    const model = await recogniseDetector(file);
    if (model) return { model };
    throw error;
  }
  const model = await recogniseTensors(file, description);
  const quantisation = QUANTISED_KINDS.has(model.kind) && describeQuantisation(description);
  const architecture = [model.architecture, quantisation].filter(Boolean).join(', ');
  return { model: { ...model, architecture }, description };
}

/** The kinds of models that are found quantised. */
const QUANTISED_KINDS: ReadonlySet<string> = new Set([
  'checkpoint',
  'diffusion model',
  'text encoder',
]);

/**
 * Recognises detectors, which are not files of named tensors: ONNX files, and whole models saved by
 * Ultralytics.
 */
async function recogniseDetector(file: string): Promise<RecognisedModel | undefined> {
  if (/\.onnx$/i.test(file)) {
    const { kind } = await loadDetector(file, recordingRuntime([]));
    return {
      kind: 'detector',
      architecture: `${kind} (ONNX)`,
      open: (runtime) => loadDetector(file, runtime),
    };
  }
  const yolo = await loadUltralytics(file, recordingRuntime([])).catch(() => undefined);
  if (!yolo) return undefined;
  return {
    kind: 'detector',
    architecture: `YOLO, ${yolo.hasMasks ? 'boxes and masks' : 'boxes'}`,
    open: (runtime) => loadUltralytics(file, runtime),
  };
}

async function recogniseTensors(
  file: string,
  description: ModelDescription,
): Promise<RecognisedModel> {
  const { tensors } = description;
  const model = identify(tensors as Parameters<typeof identify>[0]);
  switch (model.kind) {
    case 'checkpoint':
    case 'diffusion-model':
      return {
        kind: model.kind === 'diffusion-model' ? 'diffusion model' : 'checkpoint',
        architecture: describeDenoiser(model),
        open: (runtime) => loadCheckpoint(file, runtime),
      };
    case 'text-encoder':
      return {
        kind: 'text encoder',
        architecture: ENCODERS[model.clip.kind],
        open: (runtime) => loadTextEncoder(file, runtime),
      };
    case 'clip-vision':
      return {
        kind: 'CLIP vision model',
        architecture: `${visionWidth(description)} wide`,
        open: (runtime) => loadVision(file, runtime),
      };
    case 'vae':
      return {
        kind: 'VAE',
        architecture: describeVae(model, tensors),
        open: (runtime) => loadVae(file, runtime),
      };
    case 'taesd':
      return { kind: 'VAE', architecture: describeTaesd(model, tensors) };
    case 'lora':
      return { kind: 'LoRA', architecture: describeLora(tensors) };
    case 'controlnet':
      return recogniseControlNet(file, model.layout, tensors);
    case 'upscaler':
      return recogniseUpscaler(file);
    case 'gligen':
      return { kind: 'GLIGEN model', architecture: gligenFamily(tensors) };
    case 'photomaker':
      return {
        kind: 'PhotoMaker model',
        architecture: 'version 1, SDXL',
        open: (runtime) => loadPhotoMaker(file, runtime),
      };
    case 'style':
      return {
        kind: 'style model',
        architecture: model.architecture === 'redux' ? 'Redux, FLUX.1' : 'T2I-Adapter, SD1.x',
        open: (runtime) => loadStyleModel(file, runtime),
      };
    case 'layer-control':
      return { kind: 'model patch', architecture: `ControlNet, ${model.model}` };
    case 'style-projector':
      return { kind: 'model patch', architecture: 'USO, FLUX.1' };
    case 'embedding':
      return { kind: 'textual inversion', architecture: describeEmbedding(description) };
    case 'unknown':
      return recogniseByLoader(file, model.reason);
  }
}

type ControlLayout = Extract<ModelFile, { kind: 'controlnet' }>['layout'];

function recogniseControlNet(
  file: string,
  layout: ControlLayout,
  tensors: Tensors,
): RecognisedModel {
  const isComplete = layout !== 'lora' && layout !== 'sd35' && !tensors.has('difference');
  return {
    kind: 'ControlNet',
    architecture: [
      controlFamily(layout, tensors),
      tensors.has('controlnet_mode_embedder.weight') && 'union',
      isInpaintingControl(tensors) && 'inpainting',
      CONTROL_LAYOUTS[layout],
    ]
      .filter(Boolean)
      .join(', '),
    ...(isComplete && { open: (runtime: ModelRuntime) => loadControlNet(file, runtime) }),
  };
}

async function recogniseUpscaler(file: string): Promise<RecognisedModel> {
  const { architecture, scale } = await loadUpscaler(file, recordingRuntime([]));
  return {
    kind: 'upscale model',
    architecture: `${architecture}, x${scale}`,
    open: (runtime) => loadUpscaler(file, runtime),
  };
}

/** Recognises the kinds whose files only their own loaders can identify. */
async function recogniseByLoader(file: string, reason: string): Promise<RecognisedModel> {
  if (reason === 'a SAM model') {
    await loadSam(file, recordingRuntime([]));
    return {
      kind: 'SAM model',
      architecture: 'Segment Anything',
      open: (runtime) => loadSam(file, runtime),
    };
  }
  // a hypernetwork's tensors are in tables without names
  const hypernetwork = await openHypernetwork(file).catch(() => undefined);
  if (hypernetwork) {
    const { layers, activation } = hypernetwork;
    return {
      kind: 'hypernetwork',
      architecture: `${[...layers.keys()].join(', ')} wide, ${activation}`,
    };
  }
  throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: reason.startsWith('it')
      ? `${basename(file)} is not a known model: ${reason}`
      : `${basename(file)} is ${reason}, which is not supported`,
    hint:
      `Darkroom runs models of ${FAMILY_LIST} (checkpoints and their parts, LoRAs, ControlNets, ` +
      'textual inversions), upscalers and detectors.',
    file,
  });
}

function describeDenoiser({
  family,
  denoiser: { inChannels = 4, prediction, layout },
}: Extract<ModelFile, { kind: 'checkpoint' | 'diffusion-model' }>): string {
  const inputs =
    INPUTS[inChannels] ?? (inChannels === 4 ? undefined : `${inChannels} input channels`);
  return [
    FAMILY_NAMES[family],
    inputs,
    `predicts ${PREDICTIONS[prediction.kind]}`,
    layout && `${layout} layout`,
  ]
    .filter(Boolean)
    .join(', ');
}

type Tensors = ModelDescription['tensors'];

/** Whether a ControlNet of a transformer takes a mask beside the hint's 16 channels. */
const isInpaintingControl = (tensors: Tensors): boolean =>
  tensors.get('controlnet_x_embedder.weight')?.shape[1] === 17 * 4 ||
  tensors.get('pos_embed_input.proj.weight')?.shape[1] === 17;

/** The model family of a ControlNet: by its layout, or by the width of its prompt features. */
function controlFamily(layout: ControlLayout, tensors: Tensors): string | undefined {
  if (layout.startsWith('sd3')) return FAMILY_NAMES.sd3;
  if (layout.startsWith('flux')) return FAMILY_NAMES.flux;
  if (layout === 'qwen') return FAMILY_NAMES['qwen-image'];
  for (const [name, { shape }] of tensors)
    if (/attn2\.to_k\.(weight|down)$/.test(name)) return BY_CONTEXT[shape.at(-1)!];
  return undefined;
}

/** The model family of a GLIGEN model, by the width of its text features. */
const gligenFamily = (tensors: Tensors): string =>
  BY_CONTEXT[tensors.get('position_net.null_positive_feature')?.shape[0] ?? 0] ?? 'unknown family';

/** Class tokens, which SigLIP lacks, and positions are as wide as the network. */
const VISION_WIDTH = /class_embedding$|vision_model\.embeddings\.position_embedding\.weight$/;

const visionWidth = ({ tensors }: ModelDescription): number =>
  [...tensors].find(([name]) => VISION_WIDTH.test(name))?.[1].shape.at(-1) ?? 0;

function describeEmbedding({ tensors }: ModelDescription): string {
  const rows = [...tensors.values()].map(({ shape }) => ({
    count: shape.length > 1 ? shape[0] : 1,
    width: shape.at(-1)!,
  }));
  const widths = rows.map(({ width }) => width);
  const family = widths.length > 1 && widths.includes(1280) ? 'SDXL' : BY_CONTEXT[widths[0]];
  return [family, `${rows[0]?.count ?? 0} vectors`].filter(Boolean).join(', ');
}
