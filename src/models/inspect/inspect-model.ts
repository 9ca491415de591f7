// Describes a model file: kind, architecture, precision, parts, and the memory that its networks
// take. Graphs are built to count it but not opened; only the tensors' names and shapes are read.
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import type { DTypeName } from '../../formats/dtypes.ts';
import type { Family, ModelFile } from '../../formats/identify/identified-model.ts';
import { identify } from '../../formats/identify/identify.ts';
import { describeModelFile, type ModelDescription } from '../../formats/model-file.ts';
import { loadPeak } from '../../runtime/memory.ts';
import type { NetworkSpec } from '../../runtime/network.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { loadCheckpoint } from '../checkpoint/load.ts';
import { loadTextEncoder } from '../clip/load.ts';
import { loadControlNet } from '../controlnet/load.ts';
import { loadDetector } from '../detector/load.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { loadSam } from '../sam/load.ts';
import { loadUltralytics } from '../ultralytics/load.ts';
import { openHypernetwork } from '../unet/hypernetwork-file.ts';
import { loadUpscaler } from '../upscaler/load.ts';
import { loadVae } from '../vae/load.ts';
import { loadVision } from '../vision/load.ts';
import { BY_CONTEXT, describeLora } from './describe-lora.ts';

export interface ModelReport {
  readonly file: string;
  /** Size of the file in bytes. */
  readonly size: number;
  readonly format: string;
  readonly kind: string;
  readonly architecture: string;
  /** Count of numbers stored in each type, the largest first. */
  readonly precisions: readonly { readonly dtype: DTypeName; readonly numbers: number }[];
  /** The networks inside, with the bytes of their weights as float32 and at the peak of loading. */
  readonly parts: readonly {
    readonly name: string;
    readonly memory: number;
    readonly loadPeak: number;
  }[];
  /** Bytes of all weights as float32, and at the peak of loading the largest part. */
  readonly memory: number;
  readonly loadPeak: number;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Found {
  readonly kind: string;
  readonly architecture: string;
  /** Creates the networks, which registers them with the runtime. */
  readonly open?: (runtime: ModelRuntime) => Promise<unknown>;
}

const FAMILIES: Readonly<Record<Family, string>> = {
  sd1: 'SD1.x',
  sd2: 'SD2.x',
  sdxl: 'SDXL',
  'sdxl-refiner': 'SDXL refiner',
};
const ENCODERS = { clip_l: 'CLIP-L', clip_g: 'CLIP-G', clip_h: 'CLIP-H' } as const;
const CONTROL_LAYOUTS = {
  sgm: 'original layout',
  diffusers: 'diffusers layout',
  lora: 'control-LoRA',
  t2i: 'T2I-Adapter',
} as const;
const PREDICTIONS = {
  eps: 'noise',
  v: 'v',
  edm: 'EDM',
  'v-edm': 'v (EDM)',
  measured: 'noise or v',
} as const;
const INPUTS: Readonly<Record<number, string>> = { 8: 'pix2pix', 9: 'inpainting' };

/**
 * Inspects a model file. Throws what openModelFile throws, and DR_MODEL_UNSUPPORTED, with a
 * description, for models that Darkroom cannot run.
 */
export async function inspectModel(file: string): Promise<ModelReport> {
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  const { found, described } = await recognise(file);
  const parts = found.open ? await partsOf(found.open) : [];
  const memory = parts.reduce((sum, part) => sum + part.memory, 0);
  return {
    file,
    size,
    format:
      described?.format ??
      (found.kind === 'detector' && file.endsWith('.onnx') ? 'onnx' : 'torch zip'),
    kind: found.kind,
    architecture: found.architecture,
    precisions: precisionsOf(described),
    parts,
    memory,
    loadPeak: Math.max(0, ...parts.map((part) => part.loadPeak)),
    metadata: described?.metadata ?? {},
  };
}

/** Returns kind and architecture only, from the file's header. Throws as inspectModel does. */
export const identifyModel = async (
  file: string,
): Promise<Pick<ModelReport, 'kind' | 'architecture'>> => {
  const { found } = await recognise(file);
  return { kind: found.kind, architecture: found.architecture };
};

async function recognise(file: string): Promise<{ found: Found; described?: ModelDescription }> {
  let described: ModelDescription;
  try {
    described = await describeModelFile(file);
  } catch (error) {
    const found = await wholeModel(file);
    if (found) return { found };
    throw error;
  }
  const found = await foundIn(file, described);
  return { found, described };
}

/**
 * Recognises detectors, which are not files of named tensors: ONNX files, and whole models saved by
 * Ultralytics.
 */
async function wholeModel(file: string): Promise<Found | undefined> {
  if (/\.onnx$/i.test(file)) {
    const { kind } = await loadDetector(file, recorder([]));
    return {
      kind: 'detector',
      architecture: `${kind} (ONNX)`,
      open: (runtime) => loadDetector(file, runtime),
    };
  }
  const yolo = await loadUltralytics(file, recorder([])).catch(() => undefined);
  if (!yolo) return undefined;
  return {
    kind: 'detector',
    architecture: `YOLO, ${yolo.hasMasks ? 'boxes and shapes' : 'boxes'}`,
    open: (runtime) => loadUltralytics(file, runtime),
  };
}

async function foundIn(file: string, described: ModelDescription): Promise<Found> {
  const { tensors } = described;
  const model = identify(tensors as Parameters<typeof identify>[0]);
  switch (model.kind) {
    case 'checkpoint':
    case 'unet':
      return {
        kind: model.kind === 'unet' ? 'diffusion model' : 'checkpoint',
        architecture: unetOf(model),
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
        architecture: `${visionWidth(described)} wide`,
        open: (runtime) => loadVision(file, runtime),
      };
    case 'vae':
      return {
        kind: 'VAE',
        architecture: model.vae.kind === 'kl' ? 'KL' : 'TAESD',
        open: (runtime) => loadVae(file, runtime),
      };
    case 'taesd':
      return {
        kind: 'VAE',
        architecture: model.part === 'both' ? 'TAESD' : `TAESD, the ${model.part}`,
      };
    case 'lora':
      return { kind: 'LoRA', architecture: describeLora(tensors) };
    case 'controlnet':
      return controlNet(file, model, tensors);
    case 'upscaler':
      return upscaler(file);
    case 'embedding':
      return { kind: 'textual inversion', architecture: embeddingOf(described) };
    case 'unknown':
      return other(file, model.reason);
  }
}

function controlNet(
  file: string,
  { layout }: Extract<ModelFile, { kind: 'controlnet' }>,
  tensors: Tensors,
): Found {
  const standsAlone = layout !== 'lora' && !tensors.has('difference');
  return {
    kind: 'ControlNet',
    architecture: [contextOf(tensors), CONTROL_LAYOUTS[layout]].filter(Boolean).join(', '),
    ...(standsAlone && { open: (runtime: ModelRuntime) => loadControlNet(file, runtime) }),
  };
}

async function upscaler(file: string): Promise<Found> {
  const { architecture, scale } = await loadUpscaler(file, recorder([]));
  return {
    kind: 'upscale model',
    architecture: `${architecture}, x${scale}`,
    open: (runtime) => loadUpscaler(file, runtime),
  };
}

/** Recognises kinds that only their own loaders can tell. */
async function other(file: string, reason: string): Promise<Found> {
  if (reason === 'a SAM model') {
    await loadSam(file, recorder([]));
    return {
      kind: 'SAM model',
      architecture: 'Segment Anything',
      open: (runtime) => loadSam(file, runtime),
    };
  }
  // a hypernetwork's tables are not named tensors
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
      'Darkroom runs models of SD1.x, SD2.x and SDXL (checkpoints and their parts, LoRAs, ' +
      'ControlNets, textual inversions), upscalers and detectors.',
    file,
  });
}

function unetOf({ family, unet }: Extract<ModelFile, { kind: 'checkpoint' | 'unet' }>): string {
  const made =
    INPUTS[unet.inChannels] ??
    (unet.inChannels === 4 ? undefined : `${unet.inChannels} input channels`);
  return [
    FAMILIES[family],
    made,
    `predicts ${PREDICTIONS[unet.prediction.kind]}`,
    unet.layout && `${unet.layout} layout`,
  ]
    .filter(Boolean)
    .join(', ');
}

type Tensors = ModelDescription['tensors'];

function contextOf(tensors: Tensors): string | undefined {
  for (const [name, { shape }] of tensors)
    if (/attn2\.to_k\.(weight|down)$/.test(name)) return BY_CONTEXT[shape.at(-1)!];
  return undefined;
}

const visionWidth = ({ tensors }: ModelDescription): number =>
  [...tensors].find(([name]) => /class_embedding$/.test(name))?.[1].shape.at(-1) ?? 0;

function embeddingOf({ tensors }: ModelDescription): string {
  const rows = [...tensors.values()].map(({ shape }) => ({
    count: shape.length > 1 ? shape[0] : 1,
    width: shape.at(-1)!,
  }));
  const widths = rows.map(({ width }) => width);
  const family = widths.length > 1 && widths.includes(1280) ? 'SDXL' : BY_CONTEXT[widths[0]];
  return [family, `${rows[0]?.count ?? 0} vectors`].filter(Boolean).join(', ');
}

function precisionsOf(described: ModelDescription | undefined): ModelReport['precisions'] {
  const numbers = new Map<DTypeName, number>();
  for (const { dtype, shape } of described?.tensors.values() ?? [])
    numbers.set(dtype, (numbers.get(dtype) ?? 0) + sizeOf(shape));
  return [...numbers]
    .map(([dtype, n]) => ({ dtype, numbers: n }))
    .sort((a, b) => b.numbers - a.numbers);
}

/** A runtime that records the networks created on it and opens none. */
const recorder = (specs: NetworkSpec[]): ModelRuntime => ({
  device: 'cpu',
  threads: 1,
  textEncoders: 'fp16',
  precision: 'fp32',
  network: (spec) => {
    specs.push(spec);
    return { run: () => Promise.reject(new Error('internal: a network that is only inspected')) };
  },
  openNetworks: () => [],
  close: async () => undefined,
});

/**
 * Returns the networks' sizes; of several variants of a network, those of the plain one, which
 * comes first.
 */
async function partsOf(open: NonNullable<Found['open']>): Promise<ModelReport['parts']> {
  const specs: NetworkSpec[] = [];
  await open(recorder(specs));
  const parts: { name: string; memory: number; loadPeak: number }[] = [];
  for (const { part, build } of specs.filter(
    (spec, i) => specs.findIndex((one) => one.part === spec.part) === i,
  )) {
    const graph = await build();
    const weights = graph.weightBytes();
    parts.push({
      name: part,
      memory: weights,
      loadPeak: loadPeak({ weightBytes: weights, relayoutBytes: graph.relayoutBytes?.() ?? 0 }),
    });
    graph.onOpened?.();
  }
  return parts;
}
