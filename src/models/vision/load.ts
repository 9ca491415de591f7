// Loads CLIP vision models and encodes images with them, preprocessed as in ComfyUI's clip_vision.

import { identify, locateClipVision } from '../../formats/identify/identify.ts';
import { withModelFile } from '../../formats/model-file.ts';
import type { TensorInfo } from '../../formats/tensor-file.ts';
import { toNCHW } from '../../image/channel-order.ts';
import { bicubicAntialias } from '../../image/resize/torch-bicubic-antialias.ts';
import { allocate } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { rejectScaledFp8, wrongFile } from '../checkpoint/wrong-file.ts';
import { type ModelRuntime, textEncoderRounding } from '../model-runtime.ts';
import { streamedWhereLarge } from '../weights/streamed.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import {
  EARLIER_STATES,
  VISION_LAYOUTS,
  type VisionLayout,
  visionConfig,
  visionGraph,
} from './graph.ts';

export interface VisionOutput {
  /** States of all tokens after the last block and after the one before it, [N, T, width]. */
  readonly last: Tensor;
  readonly penultimate: Tensor;
  /** Of SigLIP: states of all tokens after the 20th and the 11th block from the last. */
  readonly earlier?: readonly [Tensor, Tensor];
  /** Projected features of the whole image, [N, projected]; of SigLIP those of all tokens. */
  readonly embeds: Tensor;
}

export interface VisionModel {
  /** Width of the embeds. */
  readonly projected: number;
  /**
   * Encodes images [N,H,W,C] in 0..1. `crop`: crop a square from the centre; otherwise the image is
   * resized to a square.
   */
  encode(images: Tensor, crop: boolean): Promise<VisionOutput>;
}

/**
 * Loads a CLIP vision model from its own file or that of a whole CLIP. Throws DR_MODEL_UNSUPPORTED,
 * and what openModelFile throws.
 */
export async function loadVision(file: string, runtime: ModelRuntime): Promise<VisionModel> {
  const tensors = await withModelFile(file, (opened) => opened.tensors);
  const model = findVision(file, tensors, runtime, ['', 'visual.']);
  if (model) return model;
  throw wrongFile(
    file,
    'a CLIP vision model',
    identify(tensors),
    'CLIP vision models of the sizes ViT-L, ViT-H and ViT-bigG and SigLIP-So400m are supported.',
  );
}

/** Loads the vision model of an unCLIP checkpoint; returns undefined for other checkpoints. */
export async function loadCheckpointVision(
  file: string,
  runtime: ModelRuntime,
): Promise<VisionModel | undefined> {
  const tensors = await withModelFile(file, (opened) => opened.tensors);
  return findVision(file, tensors, runtime, ['embedder.model.visual.']);
}

/** Returns the vision model below one of the prefixes, if there is one. */
function findVision(
  file: string,
  tensors: ReadonlyMap<string, TensorInfo>,
  runtime: ModelRuntime,
  prefixes: readonly string[],
): VisionModel | undefined {
  const part = locateClipVision(tensors, prefixes);
  if (!part) return undefined;
  rejectScaledFp8(file, new Map([...tensors].filter(([name]) => name.startsWith(part.prefix))));
  const layout = VISION_LAYOUTS[part.layout];
  return createVision(runtime, visionWeights(file, tensors, part.prefix, layout, runtime), layout);
}

/**
 * Returns the weights of a vision model, rounded as in ComfyUI; `more`: further tensors that are
 * not rounded.
 */
export function visionWeights(
  file: string,
  tensors: ReadonlyMap<string, TensorInfo>,
  prefix: string,
  layout: VisionLayout,
  runtime: ModelRuntime,
  more: readonly string[] = [],
): Weights {
  const exact = weightsOf(file, tensors, prefix);
  // ComfyUI stores all weights in float16 except the norms around the blocks and the projection
  const unrounded = new Set([
    ...[layout.before, layout.after].flatMap((norm) => [`${norm}.weight`, `${norm}.bias`]),
    layout.projection,
    ...more,
  ]);
  const float16 = weightsOf(file, tensors, prefix, { rounding: 'f16' });
  const value: Weights['value'] = (g, name, view) =>
    (unrounded.has(name) ? exact : float16).value(g, name, view);
  return textEncoderRounding(runtime) ? { ...float16, value } : exact;
}

function createVision(runtime: ModelRuntime, weights: Weights, layout: VisionLayout): VisionModel {
  const config = visionConfig(weights, layout);
  const earlier = layout.classToken ? [] : Object.keys(EARLIER_STATES);
  const network = runtime.network({
    file: weights.file,
    part: 'clip vision',
    outputs: ['last', 'penultimate', 'embeds', ...earlier],
    ...streamedWhereLarge(weights, (over) => visionGraph(over, config)),
  });
  return {
    projected: config.projected,
    async encode(images, crop) {
      const { last, penultimate, embeds, ...states } = await network.run({
        pixels: preprocess(
          toNCHW(images),
          config.size,
          crop,
          NORMS[layout.classToken ? 'clip' : 'siglip'],
        ),
      });
      const [first, second] = earlier.map((name) => states[name]);
      return { last, penultimate, embeds, ...(first && { earlier: [first, second] }) };
    },
  };
}

/** How colours are normalised: (value - mean) / deviation. */
export interface ColourNorm {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** By the networks that images were normalised for. */
export const NORMS = {
  clip: {
    mean: [0.48145466, 0.4578275, 0.40821073],
    deviation: [0.26862954, 0.26130258, 0.27577711],
  },
  siglip: { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] },
} as const satisfies Record<string, ColourNorm>;

/**
 * Resizes images [N,C,H,W] (channels after the third are dropped) to the network's size, rounds
 * them to 8 bits and normalises them.
 */
export function preprocess(
  images: Tensor,
  size: number,
  crop: boolean,
  { mean, deviation }: ColourNorm = NORMS.clip,
): Tensor {
  const image = resizeSquare(firstThreeChannels(images), size, crop);
  const plane = size * size;
  const data = Float32Array.from(image.data, (value, i) => {
    const c = Math.floor(i / plane) % 3;
    const level = roundHalfEven(Math.min(Math.max(Math.fround(255 * value), 0), 255));
    return Math.fround(Math.fround(level / 255) - Math.fround(mean[c])) / Math.fround(deviation[c]);
  });
  return tensor(image.shape, data);
}

function firstThreeChannels(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape;
  if (c <= 3) return x;
  const data = allocate(n * 3 * h * w);
  for (let i = 0; i < n; i++)
    data.set(x.data.subarray(i * c * h * w, (i * c + 3) * h * w), i * 3 * h * w);
  return tensor([n, 3, h, w], data);
}

function resizeSquare(x: Tensor, size: number, crop: boolean): Tensor {
  const [n, c, h, w] = x.shape;
  if (h === size && w === size) return x;
  const scale = size / Math.min(h, w);
  const [height, width] = crop
    ? [roundHalfEven(scale * h), roundHalfEven(scale * w)]
    : [size, size];
  const resized = bicubicAntialias(x, { height, width });
  const [top, left] = [Math.floor((height - size) / 2), Math.floor((width - size) / 2)];
  const data = allocate(n * c * size * size);
  for (let plane = 0; plane < n * c; plane++)
    for (let y = 0; y < size; y++) {
      const from = (plane * height + top + y) * width + left;
      data.set(resized.data.subarray(from, from + size), (plane * size + y) * size);
    }
  return tensor([n, c, size, size], data);
}
