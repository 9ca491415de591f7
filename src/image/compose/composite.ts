// Composites images and latents, with frames too: ComfyUI's masked composite and its feathered
// LatentComposite. Parts of the source that lie outside the destination are cut off.

import { DarkroomError } from '../../errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import { broadcastShape, expand } from '../../tensor/axes.ts';
import { clone, repeatToBatch, reshape, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { toNCHW, toNHWC } from '../channel-order.ts';
import type { Offset } from '../geometry.ts';
import { toN1HW } from '../mask/mask-shape.ts';
import { interpolate } from '../resize/torch-interpolate.ts';

const f = Math.fround;

function checkSameChannels(destination: Tensor, source: Tensor): void {
  if (destination.shape[1] !== source.shape[1])
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `cannot composite ${source.shape[1]} channels onto ${destination.shape[1]}`,
      hint: 'Use a source and a destination of the same kind.',
    });
}

/** Throws DR_SHAPE_MISMATCH. */
function checkSameRank(destination: Tensor, source: Tensor): void {
  if (destination.shape.length !== source.shape.length) throw framesDiffer(destination, source);
}

const framesDiffer = (destination: Tensor, source: Tensor): DarkroomError =>
  new DarkroomError('DR_SHAPE_MISMATCH', {
    message:
      `cannot composite latents of [${source.shape}] onto latents of [${destination.shape}] ` +
      'at this position; ComfyUI fails on them too',
    hint: 'Use latents of the same kind of model, with as many frames, and a mask.',
  });

export interface CompositeOptions {
  /** Position of the source in pixels, at least 0; 0 unless given. */
  readonly x?: number;
  readonly y?: number;
  /** Of any size, stretched to the source; without a mask the source is opaque. */
  readonly mask?: Tensor;
  /** Stretches the source over the whole destination first. */
  readonly resizeSource?: boolean;
}

export interface MaskedCompositeOptions extends CompositeOptions {
  /** Pixels per element: 8 for latents, 1 for images, which is the default. */
  readonly scale?: number;
}

/**
 * ComfyUI's masked composite of NCHW (or NCTHW) `source` onto `destination`. The batch size is the
 * destination's. Throws DR_SHAPE_MISMATCH for unequal channel counts, and for frames that ComfyUI
 * fails on.
 */
export function compositeMasked(
  destination: Tensor,
  source: Tensor,
  options: MaskedCompositeOptions,
): Tensor {
  checkSameRank(destination, source);
  checkSameChannels(destination, source);
  if (destination.shape.length === 4) return compositePlanes(destination, source, options);
  const [n, channels, frames, ...size] = destination.shape;
  if (options.resizeSource || !framesFit(destination, source, options))
    throw framesDiffer(destination, source);
  const planes = (x: Tensor): Tensor => {
    const all = expand(x, [x.shape[0], channels, frames, ...x.shape.slice(3)]);
    return reshape(all, [x.shape[0], channels * frames, ...x.shape.slice(3)]);
  };
  const result = compositePlanes(planes(destination), planes(source), options);
  return reshape(result, [n, channels, frames, ...size]);
}

/**
 * Whether ComfyUI can composite these latents with frames. Without a mask it uses one of ones, of
 * which it cuts the frames and rows where it means rows and columns.
 */
function framesFit(
  destination: Tensor,
  { shape: [, , ownFrames, rows, columns] }: Tensor,
  options: MaskedCompositeOptions,
): boolean {
  const [, , frames, height, width] = destination.shape;
  const { left, top } = offsetOf(destination, options);
  const [visibleHeight, visibleWidth] = [height - top, width - left];
  const [h, w] = [Math.min(rows, visibleHeight), Math.min(columns, visibleWidth)];
  const target = [frames, h, w];
  const ones = [Math.min(ownFrames, visibleHeight), Math.min(rows, visibleWidth), columns];
  const weights = options.mask ? [1, h, w] : ones;
  const changed = broadcastShape(weights, [ownFrames, h, w]);
  const kept = broadcastShape(weights, target);
  const sum = changed && kept && broadcastShape(changed, kept);
  return sum?.every((size, axis) => size === 1 || size === target[axis]) ?? false;
}

/** The position of the source, in elements of the destination. */
function offsetOf({ shape }: Tensor, { x = 0, y = 0, scale = 1 }: MaskedCompositeOptions): Offset {
  const [height, width] = shape.slice(-2);
  const [left, top] = [
    Math.floor(Math.min(x, width * scale) / scale),
    Math.floor(Math.min(y, height * scale) / scale),
  ];
  if (left < 0 || top < 0) throw new Error(`internal: composite at ${x},${y}`);
  return { left, top };
}

function compositePlanes(
  destination: Tensor,
  source: Tensor,
  options: MaskedCompositeOptions,
): Tensor {
  const { mask, resizeSource = false } = options;
  const [n, , height, width] = destination.shape;
  const stretched = resizeSource ? interpolate(source, { height, width }, 'bilinear') : source;
  const repeated = repeatToBatch(stretched, n);
  const [, , h, w] = repeated.shape;
  const weights =
    mask && repeatToBatch(interpolate(toN1HW(mask), { height: h, width: w }, 'bilinear'), n).data;
  return overlay(destination, repeated, offsetOf(destination, options), (item, position) =>
    weights ? weights[item * h * w + position] : 1,
  );
}

/** The weight of the source, by batch item and position in the source plane. */
type SourceWeight = (item: number, position: number) => number;

/** source·m + destination·(1−m) where the two overlap. */
function overlay(
  destination: Tensor,
  source: Tensor,
  { left, top }: Offset,
  weight: SourceWeight,
): Tensor {
  const [n, channels, height, width] = destination.shape;
  const [, , h, w] = source.shape;
  const result = clone(destination);
  const rows = Math.min(h, height - top);
  const columns = Math.min(w, width - left);
  for (let item = 0; item < n; item++)
    for (let c = 0; c < channels; c++) {
      const plane = item * channels + c;
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          const position = row * w + column;
          const to = (plane * height + top + row) * width + left + column;
          const m = weight(item, position);
          result.data[to] =
            f(m * source.data[plane * h * w + position]) + f(f(1 - m) * result.data[to]);
        }
    }
  return result;
}

/**
 * Gives an NHWC `source` the destination's channel count: surplus channels are dropped, a missing
 * alpha becomes 1.
 */
export function matchChannels(destination: Tensor, source: Tensor): Tensor {
  const [n, h, w, from] = source.shape;
  const to = destination.shape[3];
  if (from === to) return source;
  const data = allocate(n * h * w * to).fill(1);
  for (let i = 0; i < n * h * w; i++)
    for (let c = 0; c < Math.min(from, to); c++) data[i * to + c] = source.data[i * from + c];
  return { shape: [n, h, w, to], data };
}

/** ImageCompositeMasked: composites NHWC `source` onto `destination`. */
export function compositeImages(
  destination: Tensor,
  source: Tensor,
  options: CompositeOptions,
): Tensor {
  const planes = toNCHW(matchChannels(destination, source));
  return toNHWC(compositeMasked(toNCHW(destination), planes, options));
}

export interface FeatherOptions {
  /** Position of the source, in latent elements. */
  readonly x: number;
  readonly y: number;
  /** Width of the fade at the source's inner edges, in latent elements. */
  readonly feather: number;
}

/**
 * LatentComposite: NCHW `source` onto `destination`, faded at those edges that do not touch the
 * destination's. As in ComfyUI, the third and fourth axis are taken for rows and columns where
 * there are five. Throws DR_SHAPE_MISMATCH.
 */
export function featherComposite(
  destination: Tensor,
  source: Tensor,
  { x, y, feather }: FeatherOptions,
): Tensor {
  const [n, , height, width, ...last] = destination.shape;
  checkSameRank(destination, source);
  checkSameChannels(destination, source);
  if (last.length > 0 && ![1, last[0]].includes(source.shape[4]))
    throw framesDiffer(destination, source);
  if (source.shape[0] !== n && source.shape[0] !== 1)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `cannot composite a batch of ${source.shape[0]} latents onto ${n}`,
      hint: 'Use batches of the same size, or a single latent as the source.',
    });
  const [, , h, w] = source.shape;
  const rows = Math.min(h, height - y);
  const columns = Math.min(w, width - x);
  if (rows <= 0 || columns <= 0) return clone(destination);
  const vertical = edgeRamp(rows, feather, y !== 0, y + rows < height);
  const horizontal = edgeRamp(columns, feather, x !== 0, x + columns < width);
  const weights = fade(vertical, horizontal, feather);
  // the values of a fifth axis lie beside each other in a row
  const inner = sizeOf(last);
  const flat = (image: Tensor): Tensor =>
    reshape(image, [...image.shape.slice(0, 3), image.shape[3] * inner]);
  const result = overlay(
    flat(destination),
    flat(repeatToBatch(expand(source, [...source.shape.slice(0, 4), ...last]), n)),
    { left: x * inner, top: y },
    (_, position) => {
      const cell = Math.floor(position / inner);
      return weights[Math.floor(cell / w) * columns + (cell % w)];
    },
  );
  return reshape(result, destination.shape);
}

/**
 * For each position, the steps of the fade that apply to it, ascending. The far edge wraps around
 * as Python's negative slices do.
 */
function edgeRamp(length: number, feather: number, near: boolean, far: boolean): number[][] {
  const steps: number[][] = Array.from({ length }, () => []);
  for (let t = 0; t < feather; t++) {
    if (near && t < length) steps[t].push(t);
    const wrapped = t < length ? length - 1 - t : 2 * length - 1 - t;
    if (far && t !== length && wrapped >= 0) steps[wrapped].push(t);
  }
  return steps;
}

/** Multiplies the factors of each row and column in float32, by step, a row's before a column's. */
function fade(
  rows: readonly number[][],
  columns: readonly number[][],
  feather: number,
): Float32Array {
  const weights = allocate(rows.length * columns.length);
  rows.forEach((rowSteps, row) => {
    columns.forEach((columnSteps, column) => {
      const steps = [...rowSteps, ...columnSteps].sort((a, b) => a - b);
      let product = 1;
      for (const t of steps) product = f(product * f((1 / feather) * (t + 1)));
      weights[row * columns.length + column] = product;
    });
  });
  return weights;
}
