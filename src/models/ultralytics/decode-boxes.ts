// Preprocessing and decoding for YOLO models. Source: Ultralytics' predictor: letterbox with
// OpenCV's resize, boxes from distances, non-maximum suppression per class, masks from prototypes.

import { toNCHW } from '../../image/channel-order.ts';
import type { Size } from '../../image/geometry.ts';
import { fromBytes } from '../../image/image-bytes.ts';
import { resizeBytes } from '../../image/resize/opencv-resize.ts';
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import { allocate, allocateBytes } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Box, suppressOverlaps } from '../detector/boxes.ts';
import type { YoloHead } from './graph.ts';

const GREY = 114;
const MAX_OVERLAP = 0.7;
const MAX_BOXES = 300;
const MAX_CANDIDATES = 30_000;
/** Boxes of different classes are moved apart by this distance, so that they never overlap. */
const CLASS_OFFSET = 7680;
const f = Math.fround;

export interface Letterbox {
  /** [1,3,H,W] in 0..1. */
  readonly input: Tensor;
  readonly inputSize: Size;
}

/**
 * Resizes an image of bytes [H,W,3] to fit into `side` and pads it with grey to the next multiples
 * of `stride`.
 */
export function letterbox(
  bytes: Uint8Array,
  imageSize: Size,
  side: number,
  stride: number,
): Letterbox {
  const scale = Math.min(side / imageSize.height, side / imageSize.width);
  const [width, height] = [imageSize.width, imageSize.height].map((v) =>
    Math.max(roundHalfEven(v * scale), 1),
  );
  const [padX, padY] = [width, height].map((v) => ((((side - v) % stride) + stride) % stride) / 2);
  const [left, right, top, bottom] = [padX - 0.1, padX + 0.1, padY - 0.1, padY + 0.1].map(
    roundHalfEven,
  );
  const inputSize = { width: width + left + right, height: height + top + bottom };
  const resized = resizeBytes(bytes, imageSize, { width, height }, 3);
  const padded = allocateBytes(inputSize.width * inputSize.height * 3).fill(GREY);
  for (let y = 0; y < height; y++)
    padded.set(
      resized.subarray(y * width * 3, (y + 1) * width * 3),
      ((top + y) * inputSize.width + left) * 3,
    );
  return {
    input: toNCHW(fromBytes(padded, [1, inputSize.height, inputSize.width, 3])),
    inputSize,
  };
}

export interface YoloDetection extends Box {
  /** 1 inside the object, at the size of the network's input; absent for models without masks. */
  readonly mask?: Tensor;
}

/** What decoding depends on beside the outputs. */
export interface Decoding {
  readonly head: YoloHead;
  /** Side of the cells of each level, in pixels of the input. */
  readonly strides: readonly number[];
  readonly inputSize: Size;
  readonly imageSize: Size;
}

/** A box before suppression, its `corners` moved by the offset of its class. */
interface Candidate extends Box {
  /** The corners in pixels of the network's input. */
  readonly inputCorners: Box['corners'];
  /** Index of its cell among those of all levels. */
  readonly cell: number;
}

/** Returns the objects with scores above `threshold`, in pixels of the image, by falling score. */
export function decode(
  outputs: Readonly<Record<string, Tensor>>,
  threshold: number,
  decoding: Decoding,
): YoloDetection[] {
  const boxes = suppressOverlaps(candidates(outputs, threshold, decoding), MAX_OVERLAP, MAX_BOXES);
  const { head, inputSize, imageSize } = decoding;
  const found = boxes.map(({ inputCorners, cell, score, label }) => ({
    corners: toImageCorners(inputCorners, inputSize, imageSize),
    score,
    label: head.labels.get(Number(label)) ?? label,
    mask: head.masks ? maskOf(outputs, cell, inputCorners, inputSize) : undefined,
  }));
  return found.filter(({ mask }) => mask === undefined || mask.data.includes(1));
}

/** Returns the best class of each cell whose score is above the threshold, by falling score. */
function candidates(
  { distances, scores }: Readonly<Record<string, Tensor>>,
  threshold: number,
  { head, strides, inputSize }: Decoding,
): Candidate[] {
  const count = distances.shape[2];
  const minScore = f(threshold);
  const found: Candidate[] = [];
  let cell = 0;
  for (const stride of strides) {
    const [columns, rows] = [inputSize.width / stride, inputSize.height / stride];
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++, cell++) {
        let [score, label] = [Number.NEGATIVE_INFINITY, 0];
        for (let k = 0; k < head.classes; k++) {
          const v = scores.data[k * count + cell];
          if (v > score) [score, label] = [v, k];
        }
        if (!(score > minScore)) continue;
        const [l, t, r, b] = [0, 1, 2, 3].map((k) => distances.data[k * count + cell]);
        const [x1, y1, x2, y2] = [f(x + 0.5 - l), f(y + 0.5 - t), f(x + 0.5 + r), f(y + 0.5 + b)];
        const centre = [f(f(f(x1 + x2) / 2) * stride), f(f(f(y1 + y2) / 2) * stride)];
        const halfSize = [f(f(f(x2 - x1) * stride) / 2), f(f(f(y2 - y1) * stride) / 2)];
        const inputCorners = [
          f(centre[0] - halfSize[0]),
          f(centre[1] - halfSize[1]),
          f(centre[0] + halfSize[0]),
          f(centre[1] + halfSize[1]),
        ] as const;
        const [left, top, right, bottom] = inputCorners.map((v) => f(v + label * CLASS_OFFSET));
        found.push({
          inputCorners,
          corners: [left, top, right, bottom],
          score,
          label: String(label),
          cell,
        });
      }
  }
  if (cell !== count) throw new Error(`internal: ${cell} cells for ${count} boxes`);
  return found.sort((a, b) => b.score - a.score).slice(0, MAX_CANDIDATES);
}

/** Converts corners in the network's input to corners in the image. */
function toImageCorners(corners: Box['corners'], inputSize: Size, imageSize: Size): Box['corners'] {
  const scale = Math.min(inputSize.height / imageSize.height, inputSize.width / imageSize.width);
  const [width, height] = [imageSize.width, imageSize.height].map((v) =>
    Math.max(roundHalfEven(v * scale), 1),
  );
  const axes = {
    x: {
      pad: roundHalfEven((inputSize.width - width) / 2 - 0.1),
      scale: width / imageSize.width,
      limit: imageSize.width,
    },
    y: {
      pad: roundHalfEven((inputSize.height - height) / 2 - 0.1),
      scale: height / imageSize.height,
      limit: imageSize.height,
    },
  };
  const [x1, y1, x2, y2] = corners.map((v, i) => {
    const axis = i % 2 ? axes.y : axes.x;
    return Math.min(Math.max(f(f(v - axis.pad) / f(axis.scale)), 0), axis.limit);
  });
  return [x1, y1, x2, y2];
}

/**
 * Returns the mask of a cell: prototypes mixed by its coefficients, resized, above zero and inside
 * the box.
 */
function maskOf(
  { coefficients, protos }: Readonly<Record<string, Tensor>>,
  cell: number,
  [x1, y1, x2, y2]: Box['corners'],
  size: Size,
): Tensor {
  const [, count, h, w] = protos.shape;
  const cells = coefficients.shape[2];
  const mixed = allocate(h * w);
  for (let k = 0; k < count; k++) {
    const c = coefficients.data[k * cells + cell];
    for (let i = 0; i < mixed.length; i++) mixed[i] += c * protos.data[k * h * w + i];
  }
  const large = interpolate(
    { shape: [1, 1, h, w], data: mixed },
    { height: size.height, width: size.width },
    'bilinear',
  );
  const data = allocate(size.height * size.width);
  for (let y = Math.max(0, Math.ceil(y1)); y < Math.min(size.height, y2); y++)
    for (let x = Math.max(0, Math.ceil(x1)); x < Math.min(size.width, x2); x++)
      data[y * size.width + x] = large.data[y * size.width + x] > 0 ? 1 : 0;
  return { shape: [size.height, size.width], data };
}
