// Loads Segment Anything, which returns masks of the objects at points and in boxes of an image.
// Source: segment_anything's SamPredictor, and the Impact Pack's choice among the masks
// (sam_predict).
import { DarkroomError } from '../../errors.ts';
import { withModelFile } from '../../formats/model-file.ts';
import { toBytes } from '../../image/image-bytes.ts';
import { pilResize } from '../../image/resize/pil-resize.ts';
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { streamedWhereLarge } from '../weights/streamed.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import { decoderGraph } from './decoder.ts';
import { encoderGraph, encoderShape } from './encoder.ts';
import {
  gridPositions,
  type PromptPoint,
  type PromptWeights,
  promptTokens,
} from './point-prompt.ts';

/** Points and a box of an image, in pixels. */
export interface Prompt {
  readonly points: readonly (readonly [number, number])[];
  /** 1 for points of the object, 0 for points outside it. */
  readonly labels: readonly (0 | 1)[];
  readonly box?: readonly [number, number, number, number];
}

export interface Sam {
  /** Returns the encoder's features of an image [1,H,W,3], cached for each image tensor. */
  features(image: Tensor): Promise<Tensor>;
  /**
   * Returns the logits of three masks, [3,h,w] over the whole square input, and the predicted
   * quality of each, 0..1. A mask is where its logits are above 0.
   */
  predictLogits(
    image: Tensor,
    prompt: Prompt,
  ): Promise<{ readonly masks: Tensor; readonly scores: readonly number[] }>;
  /**
   * Returns masks [H,W] of zeros and ones: those with a score of at least `threshold`, or the best
   * one.
   */
  predict(
    image: Tensor,
    points: Prompt['points'],
    labels: Prompt['labels'],
    box: Prompt['box'],
    threshold: number,
  ): Promise<Tensor[]>;
}

const MEAN = [123.675, 116.28, 103.53].map(Math.fround);
const DEVIATION = [58.395, 57.12, 57.375].map(Math.fround);
const POINT_FREQUENCIES = 'prompt_encoder.pe_layer.positional_encoding_gaussian_matrix';

/**
 * Loads a model file of Segment Anything (ViT-B, -L or -H). Throws DR_MODEL_UNSUPPORTED for others.
 */
export async function loadSam(file: string, runtime: Runtime): Promise<Sam> {
  return withModelFile(file, async (opened) => {
    const weights = weightsOf(file, opened.tensors, '');
    checkWeights(weights, file);
    const prompts: PromptWeights = {
      frequencies: await opened.read(POINT_FREQUENCIES),
      kinds: await Promise.all(
        [0, 1, 2, 3].map((i) => opened.read(`prompt_encoder.point_embeddings.${i}.weight`)),
      ),
      notAPoint: await opened.read('prompt_encoder.not_a_point_embed.weight'),
    };
    return createSam(file, weights, prompts, runtime);
  });
}

function checkWeights(weights: Weights, file: string): void {
  const supported =
    weights.has(POINT_FREQUENCIES) &&
    weights.has('image_encoder.pos_embed') &&
    weights.has('image_encoder.blocks.0.attn.rel_pos_h');
  const reason = weights.hasPrefix('mask_decoder.hf_token')
    ? 'is a SAM-HQ model, which is not supported'
    : 'is not a Segment Anything model';
  if (supported && !weights.hasPrefix('mask_decoder.hf_token')) return;
  const hint = 'Use sam_vit_b_01ec64.pth (or vit_l, vit_h) in the models folder sams.';
  throw new DarkroomError('DR_MODEL_UNSUPPORTED', { message: `${file} ${reason}`, hint, file });
}

function createSam(
  file: string,
  weights: Weights,
  promptWeights: PromptWeights,
  runtime: Runtime,
): Sam {
  const { side, cells } = encoderShape(weights);
  const features = createFeatures(file, weights, runtime, side);
  const decoder = runtime.network({
    file,
    part: 'sam decoder',
    outputs: ['masks', 'scores'],
    build: () => decoderGraph(weights),
  });
  const position = gridPositions(promptWeights, cells);
  const predictLogits: Sam['predictLogits'] = async (image, prompt) => {
    const points = promptPoints(image, prompt, side);
    const decoded = await decoder.run({
      features: await features(image),
      position,
      prompt: promptTokens(points, promptWeights, side),
    });
    const [, h, w] = decoded.masks.shape;
    return {
      masks: { shape: [3, h, w], data: decoded.masks.data.slice(h * w) },
      scores: [...decoded.scores.data.slice(1)],
    };
  };
  return {
    features,
    predictLogits,
    async predict(image, points, labels, box, threshold) {
      const [, height, width] = image.shape;
      const { masks, scores } = await predictLogits(image, { points, labels, box });
      const best = scores.indexOf(Math.max(...scores));
      const accepted = scores.flatMap((score, i) => (score >= Math.fround(threshold) ? [i] : []));
      const selected = accepted.length > 0 || !(scores[best] > 0) ? accepted : [best];
      return selected.map((i) => resizeMask(masks, i, { side, width, height }));
    },
  };
}

/** Returns the encoder's evaluation, which caches its result for each image tensor. */
function createFeatures(
  file: string,
  weights: Weights,
  runtime: Runtime,
  side: number,
): Sam['features'] {
  const encoder = runtime.network({
    file,
    part: 'sam encoder',
    outputs: ['out'],
    ...streamedWhereLarge(weights, encoderGraph),
  });
  const cache = new WeakMap<Tensor, Promise<Tensor>>();
  return (image) => {
    const cached = cache.get(image);
    if (cached) return cached;
    const result = encoder.run({ x: preprocess(image, side) }).then(({ out }) => out);
    cache.set(image, result);
    result.catch(() => cache.delete(image));
    return result;
  };
}

/**
 * Converts a prompt to points in the network's input. A box becomes its two corners; without a box,
 * a padding point follows the points.
 */
function promptPoints(
  { shape: [, height, width] }: Tensor,
  { points, labels, box }: Prompt,
  side: number,
): PromptPoint[] {
  const size = resizedSize(width, height, side);
  const [scaleX, scaleY] = [size.width / width, size.height / height];
  const point = (x: number, y: number, kind: number): PromptPoint => ({
    x: Math.fround(x * scaleX),
    y: Math.fround(y * scaleY),
    kind,
  });
  const result = points.map(([x, y], i) => point(x, y, labels[i]));
  if (box) result.push(point(box[0], box[1], 2), point(box[2], box[3], 3));
  else if (points.length > 0) result.push({ x: 0, y: 0, kind: -1 });
  return result;
}

/** The size of an image in the network's input. */
const resizedSize = (width: number, height: number, side: number) => {
  const scale = side / Math.max(width, height);
  return { width: Math.floor(width * scale + 0.5), height: Math.floor(height * scale + 0.5) };
};

/**
 * Resizes the image to the network's size, normalises it and pads it with zeros at the right and
 * below.
 */
function preprocess(image: Tensor, side: number): Tensor {
  const [, height, width] = image.shape;
  const size = resizedSize(width, height, side);
  const { bytes } = pilResize(
    { width, height, channels: 3, bytes: toBytes(image) },
    { width: size.width, height: size.height },
    'bilinear',
  );
  const x = zeros([1, 3, side, side]);
  for (let c = 0; c < 3; c++)
    for (let row = 0; row < size.height; row++)
      for (let column = 0; column < size.width; column++) {
        const v = bytes[(row * size.width + column) * 3 + c];
        x.data[(c * side + row) * side + column] = Math.fround(
          Math.fround(v - MEAN[c]) / DEVIATION[c],
        );
      }
  return x;
}

/** Resizes one mask to the image's size, as zeros and ones. */
function resizeMask(
  { shape: [, h, w], data }: Tensor,
  index: number,
  { side, width, height }: { side: number; width: number; height: number },
): Tensor {
  const low = { shape: [1, 1, h, w], data: data.slice(index * h * w, (index + 1) * h * w) };
  const full = interpolate(low, { height: side, width: side }, 'bilinear');
  const size = resizedSize(width, height, side);
  const inner = zeros([1, 1, size.height, size.width]);
  for (let y = 0; y < size.height; y++)
    inner.data.set(full.data.subarray(y * side, y * side + size.width), y * size.width);
  const mask = interpolate(inner, { height, width }, 'bilinear');
  return { shape: [height, width], data: mask.data.map((v) => (v > 0 ? 1 : 0)) };
}
