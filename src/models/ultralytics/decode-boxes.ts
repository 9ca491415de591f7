// Decodes the outputs of YOLO models. Source: Ultralytics' predictor: boxes from distances,
// non-maximum suppression per class, masks from prototypes.

import type { Size } from '../../image/geometry.ts';
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import { allocate } from '../../tensor/allocate.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Box, cornersAround, suppressOverlaps } from '../detector/boxes.ts';
import { toImageCorners } from '../detector/letterbox.ts';
import type { YoloHead } from './graph.ts';

const MAX_OVERLAP = 0.7;
const MAX_BOXES = 300;
const MAX_CANDIDATES = 30_000;
/** Boxes of different classes are moved apart by this distance, so that they never overlap. */
const CLASS_OFFSET = 7680;
const f = Math.fround;

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
        const inputCorners = cornersAround(
          f(f(f(x1 + x2) / 2) * stride),
          f(f(f(y1 + y2) / 2) * stride),
          f(f(x2 - x1) * stride),
          f(f(y2 - y1) * stride),
        );
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
