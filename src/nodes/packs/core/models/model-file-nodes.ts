// Loaders of models whose parts lie in files of their own, and of checkpoints with a configuration. Source: ComfyUI nodes.py.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { DarkroomError } from '../../../../errors.ts';
import { loadDiffusionModel } from '../../../../models/checkpoint/load.ts';
import type { ClipFamily } from '../../../../models/clip/clip.ts';
import { loadTextEncoder } from '../../../../models/clip/load.ts';
import type { TextEncoder } from '../../../../models/clip/text-encoder.ts';
import { loadVae } from '../../../../models/vae/load.ts';
import type { Rounding } from '../../../../models/weights/tensors.ts';
import { withDiscreteSampling } from '../../../../sampling/patches/model-sampling-patches.ts';
import type { NodeContext, NodeEnvironment } from '../../../context.ts';
import { combo, defineNode, modelFile, output, outputs } from '../../../declare.ts';
import { fileState, loadOnce } from '../../../shared/file-cache.ts';
import { clipOf, loadNamedCheckpoint, modelOf } from '../../../shared/named-checkpoint.ts';

/** What weights are rounded to, by the name of the type. */
const WEIGHT_TYPES = {
  default: undefined,
  fp8_e4m3fn: 'f8e4m3',
  fp8_e4m3fn_fast: 'f8e4m3',
  fp8_e5m2: 'f8e5m2',
} as const satisfies Record<string, Rounding | undefined>;

const UNETLoader = defineNode({
  type: 'UNETLoader',
  display: 'Load Diffusion Model',
  category: 'advanced/loaders',
  inputs: {
    unet_name: modelFile('diffusion_models'),
    weight_dtype: combo(Object.keys(WEIGHT_TYPES) as (keyof typeof WEIGHT_TYPES)[]),
  },
  outputs: [output('MODEL')],
  fingerprint: ({ unet_name }, context) =>
    fileState(context.modelPath('diffusion_models', unet_name)),
  async run({ unet_name, weight_dtype }, { runtime, modelPath }) {
    const file = modelPath('diffusion_models', unet_name);
    const rounding = WEIGHT_TYPES[weight_dtype];
    return outputs(
      modelOf(
        await loadOnce(
          runtime,
          [file],
          () => loadDiffusionModel(file, runtime, rounding),
          `unet ${rounding}`,
        ),
      ),
    );
  },
});

const encoderIn = (file: string, { runtime }: NodeContext): Promise<TextEncoder> =>
  loadOnce(runtime, [file], () => loadTextEncoder(file, runtime), 'text encoder');

const clipFile = () => modelFile('text_encoders');
/** Where to compute; there is one place only. */
const device = () => combo(['default', 'cpu'], { optional: true });

/** In ComfyUI's order. */
const CLIP_TYPES = [
  'stable_diffusion',
  'stable_cascade',
  'sd3',
  'stable_audio',
  'mochi',
  'ltxv',
  'pixart',
  'cosmos',
  'lumina2',
  'wan',
  'hidream',
  'chroma',
  'ace',
  'omnigen2',
  'qwen_image',
  'hunyuan_image',
] as const;

type ClipType = (typeof CLIP_TYPES)[number];

/** What a single encoder is taken for, and the types for which ComfyUI takes it for another family's. */
const SINGLE: Readonly<
  Record<TextEncoder['kind'], { readonly family: ClipFamily; readonly others: readonly ClipType[] }>
> = {
  clip_l: { family: 'sd1', others: ['sd3', 'hidream'] },
  clip_h: { family: 'sd2', others: [] },
  clip_g: { family: 'sdxl-refiner', others: ['stable_cascade', 'sd3', 'hidream'] },
};

const CLIPLoader = defineNode({
  type: 'CLIPLoader',
  display: 'Load CLIP',
  category: 'advanced/loaders',
  description:
    'Loads a text encoder: CLIP-L for SD1.x, CLIP-H for SD2.x, CLIP-G for the refiner of SDXL.',
  inputs: { clip_name: clipFile(), type: combo(CLIP_TYPES), device: device() },
  outputs: [output('CLIP')],
  fingerprint: ({ clip_name }, context) => fileState(context.modelPath('text_encoders', clip_name)),
  async run({ clip_name, type }, context) {
    const encoder = await encoderIn(context.modelPath('text_encoders', clip_name), context);
    const { family, others } = SINGLE[encoder.kind];
    if (others.includes(type)) throw unsupportedType(type, 'stable_diffusion');
    return outputs(clipOf({ family, encoders: [encoder] }, clip_name, context));
  },
});

const DualCLIPLoader = defineNode({
  type: 'DualCLIPLoader',
  display: 'DualCLIPLoader',
  category: 'advanced/loaders',
  description: 'Loads the two text encoders of SDXL, CLIP-L and CLIP-G, from two files.',
  inputs: {
    clip_name1: clipFile(),
    clip_name2: clipFile(),
    type: combo(['sdxl', 'sd3', 'flux', 'hunyuan_video', 'hidream', 'hunyuan_image']),
    device: device(),
  },
  outputs: [output('CLIP')],
  fingerprint: ({ clip_name1, clip_name2 }, context) =>
    fileState(...[clip_name1, clip_name2].map((name) => context.modelPath('text_encoders', name))),
  async run({ clip_name1, clip_name2, type }, context) {
    if (type !== 'sdxl') throw unsupportedType(type, 'sdxl');
    const names = [clip_name1, clip_name2];
    const encoders = [];
    for (const name of names)
      encoders.push(await encoderIn(context.modelPath('text_encoders', name), context));
    const kinds = encoders.map(({ kind }) => kind);
    if (!kinds.includes('clip_l') || !kinds.includes('clip_g'))
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: `SDXL needs a CLIP-L and a CLIP-G: ${names.map((name, i) => `${name} is ${kinds[i]}`).join(', ')}`,
        hint: 'Name one file of each kind, in any order.',
        input: kinds.includes('clip_l') ? 'clip_name2' : 'clip_name1',
      });
    return outputs(clipOf({ family: 'sdxl', encoders }, names.join(' and '), context));
  },
});

const unsupportedType = (type: string, use: string): DarkroomError =>
  new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `text encoders of the type '${type}' belong to models that are not supported`,
    hint: `For SD1.x, SD2.x and SDXL choose the type '${use}'.`,
    input: 'type',
  });

/** The configurations that ComfyUI brings, as far as they say what the file does not. */
const CONFIGS: Readonly<Record<string, CheckpointConfig>> = {
  'anything_v3.yaml': { lastLayer: -2 },
  'v1-inference.yaml': {},
  'v1-inference_clip_skip_2.yaml': { lastLayer: -2 },
  'v1-inference_clip_skip_2_fp16.yaml': { lastLayer: -2 },
  'v1-inference_fp16.yaml': {},
  'v1-inpainting-inference.yaml': {},
  'v2-inference-v.yaml': { v: true },
  'v2-inference-v_fp32.yaml': { v: true },
  'v2-inference.yaml': {},
  'v2-inference_fp32.yaml': {},
  'v2-inpainting-inference.yaml': {},
};

interface CheckpointConfig {
  /** It predicts v. */
  readonly v?: boolean;
  readonly lastLayer?: number;
}

async function configOf(name: string, context: NodeContext): Promise<CheckpointConfig> {
  if (!context.modelFiles('configs').includes(name)) return CONFIGS[name] ?? {};
  const path = context.modelPath('configs', name);
  const at = (value: unknown, ...keys: readonly string[]): unknown =>
    keys.reduce<unknown>(
      (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
      value,
    );
  let params: unknown;
  try {
    params = at(parse(await readFile(path, 'utf8')), 'model', 'params');
  } catch (cause) {
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `${path} can't be read: ${(cause as Error).message}`,
      hint: 'Use CheckpointLoaderSimple, which needs no configuration.',
      file: path,
      input: 'config_name',
      cause,
    });
  }
  const lastLayer = at(params, 'cond_stage_config', 'params', 'layer_idx');
  return {
    v: at(params, 'parameterization') === 'v',
    ...(typeof lastLayer === 'number' && { lastLayer }),
  };
}

const CheckpointLoader = defineNode({
  type: 'CheckpointLoader',
  display: 'Load Checkpoint With Config (DEPRECATED)',
  category: 'advanced/loaders',
  deprecated: true,
  description:
    'Loads a checkpoint. Of the configuration counts whether the model predicts v, and the last layer of CLIP; the rest is in the file.',
  inputs: {
    config_name: {
      ...combo([]),
      options: (environment: NodeEnvironment): readonly string[] => [
        ...new Set([...environment.modelFiles('configs'), ...Object.keys(CONFIGS)]),
      ],
    },
    ckpt_name: modelFile('checkpoints'),
  },
  outputs: [output('MODEL'), output('CLIP'), output('VAE')],
  fingerprint: ({ ckpt_name }, context) => fileState(context.modelPath('checkpoints', ckpt_name)),
  async run({ config_name, ckpt_name }, context) {
    const { model, clip, vae } = await loadNamedCheckpoint(ckpt_name, context);
    const { v, lastLayer } = await configOf(config_name, context);
    return outputs(
      v ? withDiscreteSampling(model, 'v_prediction', model.sampling.zsnr) : model,
      lastLayer === undefined ? clip : clip.withLastLayer(lastLayer),
      vae,
    );
  },
});

const INDEX = 'model_index.json';
/** The names that a part may have, in the order in which they count. */
const DIFFUSION_FILES = ['diffusion_pytorch_model.fp16.safetensors', 'diffusion_pytorch_model.safetensors', 'diffusion_pytorch_model.fp16.bin', 'diffusion_pytorch_model.bin']; // biome-ignore format: one line
const ENCODER_FILES = [
  'model.fp16.safetensors',
  'model.safetensors',
  'pytorch_model.fp16.bin',
  'pytorch_model.bin',
];

/** The folders of models in the folder `diffusers`. */
const diffusersFolders = (environment: NodeEnvironment): readonly string[] =>
  environment
    .modelFiles('diffusers')
    .flatMap((name) => (name.endsWith(`/${INDEX}`) ? name.slice(0, -INDEX.length - 1) : []));

/** The first of these files that is in a folder. */
function partIn(
  folder: string,
  names: readonly string[],
  { modelPath }: NodeContext,
): string | undefined {
  for (const name of names)
    try {
      return modelPath('diffusers', `${folder}/${name}`);
    } catch (error) {
      if (!(error instanceof DarkroomError) || error.code !== 'DR_MODEL_MISSING') throw error;
    }
  return undefined;
}

function diffusersParts(
  model: string,
  context: NodeContext,
): { unet: string; vae: string; encoders: string[] } {
  const need = (part: string, names: readonly string[]): string => {
    const found = partIn(`${model}/${part}`, names, context);
    if (found) return found;
    throw new DarkroomError('DR_MODEL_MISSING', {
      message: `the diffusers model ${model} has no ${part} file`,
      hint: `One of ${names.join(', ')} should be in its folder ${part}.`,
      file: `${model}/${part}`,
      input: 'model_path',
    });
  };
  const second = partIn(`${model}/text_encoder_2`, ENCODER_FILES, context);
  return {
    unet: need('unet', DIFFUSION_FILES),
    vae: need('vae', DIFFUSION_FILES),
    encoders: [need('text_encoder', ENCODER_FILES), ...(second ? [second] : [])],
  };
}

const DiffusersLoader = defineNode({
  type: 'DiffusersLoader',
  display: 'DiffusersLoader',
  category: 'advanced/loaders/deprecated',
  description: 'Loads a model from a folder as diffusers lays it out.',
  inputs: { model_path: { ...combo([]), options: diffusersFolders, folder: 'diffusers' } },
  outputs: [output('MODEL'), output('CLIP'), output('VAE')],
  fingerprint({ model_path }, context) {
    const { unet, vae, encoders } = diffusersParts(model_path, context);
    return fileState(unet, vae, ...encoders);
  },
  async run({ model_path }, context) {
    const { runtime } = context;
    const parts = diffusersParts(model_path, context);
    const model = await loadOnce(
      runtime,
      [parts.unet],
      () => loadDiffusionModel(parts.unet, runtime),
      'unet undefined',
    );
    const encoders = [];
    for (const file of parts.encoders) encoders.push(await encoderIn(file, context));
    const family = encoders.length === 1 ? SINGLE[encoders[0].kind].family : 'sdxl';
    const vae = await loadOnce(runtime, [parts.vae], () => loadVae(parts.vae, runtime), 'vae');
    return outputs(modelOf(model), clipOf({ family, encoders }, model_path, context), vae);
  },
});

export const MODEL_FILE_NODES = [
  CheckpointLoader,
  UNETLoader,
  CLIPLoader,
  DualCLIPLoader,
  DiffusersLoader,
];
