// The architecture of a NextDiT (Lumina-Image 2.0, arXiv 2503.21758; Z-Image, arXiv 2511.22699),
// read from tensor names and shapes. What they do not show is in a table by the model's width, as
// in comfy.model_detection.
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import type { RopeAxes } from '../dit/rope.ts';
import { countLayers, type Weights } from '../weights/tensors.ts';

export interface NextDitConfig {
  readonly dim: number;
  readonly contextDim: number;
  /** The values of a patch of 2 x 2 cells. */
  readonly patchSize: number;
  readonly channels: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly hidden: number;
  /** Joint layers, and layers of each of the two refiners. */
  readonly layers: number;
  readonly refiners: number;
  readonly rope: RopeAxes;
  /** The factor on 1 - t before its embedding. */
  readonly timeScale: number;
  /** Streams of tokens are padded to a multiple of this by learnt tokens; 1: they are not. */
  readonly padMultiple: number;
  /** Whether it has layers for the features of a vision encoder. */
  readonly hasVision: boolean;
}

export const PATCH = 2;

interface Constants extends Pick<NextDitConfig, 'rope' | 'timeScale'> {
  readonly dim: number;
}

const CONSTANTS: readonly Constants[] = [
  // Lumina 2
  { dim: 2304, rope: { axes: [32, 32, 32], theta: 10000 }, timeScale: 1 },
  // Z-Image
  { dim: 3840, rope: { axes: [32, 48, 48], theta: 256 }, timeScale: 1000 },
  // small models for tests of both
  { dim: 48, rope: { axes: [4, 4, 4], theta: 10000 }, timeScale: 1 },
  { dim: 64, rope: { axes: [8, 4, 4], theta: 256 }, timeScale: 1000 },
];

/** Tensors of variants that are computed in another way. */
const OTHER_VARIANTS: Readonly<Record<string, string>> = {
  'dec_net.cond_embed.weight': 'a Z-Image of pixels instead of latents',
  'clip_text_pooled_proj.0.weight': 'NewBie, which has a second text encoder',
};

const PAD_MULTIPLE = 32;

/** Reads the architecture. Throws DR_MODEL_UNSUPPORTED for variants and unknown sizes. */
export function nextDitConfig(weights: Weights): NextDitConfig {
  for (const [name, variant] of Object.entries(OTHER_VARIANTS))
    if (weights.has(name)) throw unsupported(weights, `is ${variant}`);
  const [dim, contextDim] = weights.shape('cap_embedder.1.weight');
  const [headDim] = weights.shape('noise_refiner.0.attention.q_norm.weight');
  const constants = CONSTANTS.find((one) => one.dim === dim);
  const rotated = constants?.rope.axes.reduce((sum, width) => sum + width, 0);
  if (!constants || rotated !== headDim)
    throw unsupported(weights, `has ${dim} features in heads of ${headDim}`);
  const [qkvRows] = weights.shape('layers.0.attention.qkv.weight');
  const heads = weights.shape('layers.0.attention.out.weight')[1] / headDim;
  const patchSize = weights.shape('x_embedder.weight')[1];
  return {
    dim,
    contextDim,
    patchSize,
    channels: patchSize / PATCH ** 2,
    heads,
    kvHeads: (qkvRows / headDim - heads) / 2,
    headDim,
    hidden: weights.shape('layers.0.feed_forward.w1.weight')[0],
    layers: countLayers(weights, 'layers'),
    refiners: countLayers(weights, 'noise_refiner'),
    rope: constants.rope,
    timeScale: constants.timeScale,
    padMultiple: weights.has('cap_pad_token') ? PAD_MULTIPLE : 1,
    hasVision: weights.has('siglip_embedder.0.weight'),
  };
}

const unsupported = ({ file }: Weights, what: string): DarkroomError =>
  new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `${basename(file)} ${what}`,
    hint: 'Of this architecture, Z-Image (3840 features) and Lumina 2 (2304) are supported.',
    file,
  });
