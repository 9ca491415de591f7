// Preprocessing and decoding for YOLO models. Source: Ultralytics' predictor: letterbox with
// OpenCV's resize, boxes from distances, non-maximum suppression per class, masks from prototypes.

import { toNCHW } from '../../image/channel-order.ts';
import { fromBytes } from '../../image/image-bytes.ts';
import { resizeBytes } from '../../image/resize/opencv-resize.ts';
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Box, suppress } from '../detector/boxes.ts';
import type { YoloHead } from './graph.ts';

const GREY = 114;
const OVERLAP = 0.7;
const MOST = 300;
const MOST_CANDIDATES = 30_000;
/** Boxes of different classes are moved apart by this distance, so that they never overlap. */
const APART = 7680;
const f = Math.fround;

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Letterbox {
  /** [1,3,H,W] in 0..1. */
  readonly input: Tensor;
  readonly size: Size;
}

/**
 * Resizes an image of bytes [H,W,3] to fit into `side` and pads it with grey to the next multiples
 * of `stride`.
 */
export function letterbox(
  bytes: Uint8Array,
  picture: Size,
  side: number,
  stride: number,
): Letterbox {
  const scale = Math.min(side / picture.height, side / picture.width);
  const [width, height] = [picture.width, picture.height].map((v) =>
    Math.max(roundHalfEven(v * scale), 1),
  );
  const [across, down] = [width, height].map(
    (v) => ((((side - v) % stride) + stride) % stride) / 2,
  );
  const [left, right, top, bottom] = [across - 0.1, across + 0.1, down - 0.1, down + 0.1].map(
    roundHalfEven,
  );
  const size = { width: width + left + right, height: height + top + bottom };
  const small = resizeBytes(bytes, picture, { width, height }, 3);
  const all = new Uint8Array(size.width * size.height * 3).fill(GREY);
  for (let y = 0; y < height; y++)
    all.set(
      small.subarray(y * width * 3, (y + 1) * width * 3),
      ((top + y) * size.width + left) * 3,
    );
  return { input: toNCHW(fromBytes(all, [1, size.height, size.width, 3])), size };
}

export interface YoloDetection extends Box {
  /** 1 inside the object, at the network's size; absent for models that find boxes only. */
  readonly mask?: Tensor;
}

export interface Decoding {
  readonly shape: YoloHead;
  /** Side of the cells of each level, in pixels. */
  readonly strides: readonly number[];
  readonly size: Size;
  readonly picture: Size;
}

interface Candidate extends Box {
  /** In pixels of the network's input. */
  readonly inside: Box['corners'];
  /** Index of its cell among those of all levels. */
  readonly cell: number;
}

/** Returns the objects with scores above `threshold`, in pixels of the image, by falling score. */
export function decode(
  outputs: Readonly<Record<string, Tensor>>,
  threshold: number,
  decoding: Decoding,
): YoloDetection[] {
  const boxes = suppress(candidates(outputs, threshold, decoding), OVERLAP, MOST);
  const { shape, size, picture } = decoding;
  const found = boxes.map(({ inside, cell, score, label }) => ({
    corners: scaled(inside, size, picture),
    score,
    label: shape.labels.get(Number(label)) ?? label,
    mask: shape.masks ? maskOf(outputs, cell, inside, size) : undefined,
  }));
  return found.filter(({ mask }) => mask === undefined || mask.data.includes(1));
}

function candidates(
  { distances, scores }: Readonly<Record<string, Tensor>>,
  threshold: number,
  { shape, strides, size }: Decoding,
): Candidate[] {
  const count = distances.shape[2];
  const limit = f(threshold);
  const found: Candidate[] = [];
  let cell = 0;
  for (const stride of strides) {
    const [columns, rows] = [size.width / stride, size.height / stride];
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++, cell++) {
        let [score, label] = [Number.NEGATIVE_INFINITY, 0];
        for (let k = 0; k < shape.classes; k++) {
          const v = scores.data[k * count + cell];
          if (v > score) [score, label] = [v, k];
        }
        if (!(score > limit)) continue;
        const [l, t, r, b] = [0, 1, 2, 3].map((k) => distances.data[k * count + cell]);
        const [x1, y1, x2, y2] = [f(x + 0.5 - l), f(y + 0.5 - t), f(x + 0.5 + r), f(y + 0.5 + b)];
        const middle = [f(f(f(x1 + x2) / 2) * stride), f(f(f(y1 + y2) / 2) * stride)];
        const half = [f(f(f(x2 - x1) * stride) / 2), f(f(f(y2 - y1) * stride) / 2)];
        const inside = [
          f(middle[0] - half[0]),
          f(middle[1] - half[1]),
          f(middle[0] + half[0]),
          f(middle[1] + half[1]),
        ] as const;
        const [a, c, d, e] = inside.map((v) => f(v + label * APART));
        found.push({ inside, corners: [a, c, d, e], score, label: String(label), cell });
      }
  }
  if (cell !== count) throw new Error(`internal: ${cell} cells for ${count} boxes`);
  return found.sort((a, b) => b.score - a.score).slice(0, MOST_CANDIDATES);
}

/** Converts corners in the network's input to corners in the image. */
function scaled(corners: Box['corners'], size: Size, picture: Size): Box['corners'] {
  const gain = Math.min(size.height / picture.height, size.width / picture.width);
  const [width, height] = [picture.width, picture.height].map((v) =>
    Math.max(roundHalfEven(v * gain), 1),
  );
  const across = {
    pad: roundHalfEven((size.width - width) / 2 - 0.1),
    gain: width / picture.width,
    limit: picture.width,
  };
  const down = {
    pad: roundHalfEven((size.height - height) / 2 - 0.1),
    gain: height / picture.height,
    limit: picture.height,
  };
  const [x1, y1, x2, y2] = corners.map((v, i) => {
    const { pad, gain: by, limit } = i % 2 ? down : across;
    return Math.min(Math.max(f(f(v - pad) / f(by)), 0), limit);
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
  const mixed = new Float32Array(h * w);
  for (let k = 0; k < count; k++) {
    const c = coefficients.data[k * cells + cell];
    for (let i = 0; i < mixed.length; i++) mixed[i] += c * protos.data[k * h * w + i];
  }
  const large = interpolate(
    { shape: [1, 1, h, w], data: mixed },
    { height: size.height, width: size.width },
    'bilinear',
  );
  const data = new Float32Array(size.height * size.width);
  for (let y = Math.max(0, Math.ceil(y1)); y < Math.min(size.height, y2); y++)
    for (let x = Math.max(0, Math.ceil(x1)); x < Math.min(size.width, x2); x++)
      data[y * size.width + x] = large.data[y * size.width + x] > 0 ? 1 : 0;
  return { shape: [size.height, size.width], data };
}
