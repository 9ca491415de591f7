// One picture or latent laid over another: ComfyUI's masked composite, its feathered LatentComposite, and the
// Impact Pack's tensor_paste. Parts outside the destination are cut off.
import { DarkroomError } from '../../errors.ts';
import { clone, repeatToBatch, reshape, type Tensor } from '../../tensor/tensor.ts';
import { toNCHW, toNHWC } from '../channel-order.ts';
import { interpolate } from '../resize/torch-interpolate.ts';

const f = Math.fround;

/** Any mask ([H,W], [N,H,W], [N,1,H,W]) as [N,1,H,W], not copied. */
export function toN1HW(mask: Tensor): Tensor {
  const [h, w] = mask.shape.slice(-2);
  return reshape(mask, [mask.data.length / (h * w), 1, h, w]);
}

function sameChannels(a: Tensor, b: Tensor): void {
  if (a.shape[1] !== b.shape[1])
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `cannot composite ${b.shape[1]} channels onto ${a.shape[1]}`,
      hint: 'use a source and a destination of the same kind',
    });
}

/**
 * ComfyUI's masked composite of NCHW `source` onto `destination` at `x`, `y` >= 0, counted in pixels of which `multiplier`
 * make one element (8 for latents, 1 for images). A mask of any size is stretched to the source; with `resizeSource` the
 * source is first stretched over the whole destination. The batch is the destination's.
 */
export function compositeMasked(
  destination: Tensor,
  source: Tensor,
  x: number,
  y: number,
  mask?: Tensor,
  multiplier = 8,
  resizeSource = false,
): Tensor {
  const [n, channels, height, width] = destination.shape;
  sameChannels(destination, source);
  const placed = repeatToBatch(
    resizeSource ? interpolate(source, height, width, 'bilinear') : source,
    n,
  );
  const [, , h, w] = placed.shape;
  const left = Math.floor(Math.min(x, width * multiplier) / multiplier);
  const top = Math.floor(Math.min(y, height * multiplier) / multiplier);
  if (left < 0 || top < 0) throw new Error(`internal: composite at ${x},${y}`);
  const cover = mask && repeatToBatch(interpolate(toN1HW(mask), h, w, 'bilinear'), n).data;
  return overlay(
    destination,
    placed,
    left,
    top,
    (item, at) => (cover ? cover[item * h * w + at] : 1),
    [n, channels],
  );
}

/** source·m + destination·(1−m) where they overlap; `weight` gives m by batch item and position in the source. */
function overlay(
  destination: Tensor,
  source: Tensor,
  left: number,
  top: number,
  weight: (item: number, at: number) => number,
  [n, channels]: readonly [number, number],
): Tensor {
  const [, , height, width] = destination.shape;
  const [, , h, w] = source.shape;
  const result = clone(destination);
  const rows = Math.min(h, height - top);
  const columns = Math.min(w, width - left);
  for (let item = 0; item < n; item++)
    for (let c = 0; c < channels; c++) {
      const plane = item * channels + c;
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          const at = row * w + column;
          const to = (plane * height + top + row) * width + left + column;
          const m = weight(item, at);
          result.data[to] = f(m * source.data[plane * h * w + at]) + f(f(1 - m) * result.data[to]);
        }
    }
  return result;
}

/** Gives NHWC images the destination's channel count: surplus source channels are dropped, a missing alpha is 1. */
export function matchChannels(destination: Tensor, source: Tensor): Tensor {
  const [n, h, w, from] = source.shape;
  const to = destination.shape[3];
  if (from === to) return source;
  const data = new Float32Array(n * h * w * to).fill(1);
  for (let i = 0; i < n * h * w; i++)
    for (let c = 0; c < Math.min(from, to); c++) data[i * to + c] = source.data[i * from + c];
  return { shape: [n, h, w, to], data };
}

/** ImageCompositeMasked: NHWC `source` onto `destination` at pixel `x`, `y`. */
export function compositeImages(
  destination: Tensor,
  source: Tensor,
  x: number,
  y: number,
  mask?: Tensor,
  resizeSource = false,
): Tensor {
  const planes = toNCHW(matchChannels(destination, source));
  return toNHWC(compositeMasked(toNCHW(destination), planes, x, y, mask, 1, resizeSource));
}

/** LatentComposite: NCHW `source` onto `destination` at latent `x`, `y`, its inner edges faded over `feather` latent pixels. */
export function featherComposite(
  destination: Tensor,
  source: Tensor,
  x: number,
  y: number,
  feather: number,
): Tensor {
  const [n, channels, height, width] = destination.shape;
  sameChannels(destination, source);
  if (source.shape[0] !== n && source.shape[0] !== 1)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `cannot composite a batch of ${source.shape[0]} latents onto ${n}`,
      hint: 'use batches of the same size, or a single latent as the source',
    });
  const [, , h, w] = source.shape;
  const rows = Math.min(h, height - y);
  const columns = Math.min(w, width - x);
  if (rows <= 0 || columns <= 0) return clone(destination);
  const down = edgeRamp(rows, feather, y !== 0, y + rows < height);
  const across = edgeRamp(columns, feather, x !== 0, x + columns < width);
  const weights = fade(down, across, feather);
  const weight = (_: number, at: number) => weights[Math.floor(at / w) * columns + (at % w)];
  return overlay(destination, repeatToBatch(source, n), x, y, weight, [n, channels]);
}

/** For each position the factors (in feather steps, first to last) that fade it; the far edge wraps as Python's slices do. */
function edgeRamp(length: number, feather: number, near: boolean, far: boolean): number[][] {
  const steps: number[][] = Array.from({ length }, () => []);
  for (let t = 0; t < feather; t++) {
    if (near && t < length) steps[t].push(t);
    const wrapped = t < length ? length - 1 - t : 2 * length - 1 - t;
    if (far && t !== length && wrapped >= 0) steps[wrapped].push(t);
  }
  return steps;
}

/** The product of a row's and a column's factors, multiplied in float32 in the order of the steps, rows first in each. */
function fade(
  down: readonly number[][],
  across: readonly number[][],
  feather: number,
): Float32Array {
  const weights = new Float32Array(down.length * across.length);
  down.forEach((rowSteps, row) => {
    across.forEach((columnSteps, column) => {
      const steps = [...rowSteps, ...columnSteps].sort((a, b) => a - b);
      let product = 1;
      for (const t of steps) product = f(product * f((1 / feather) * (t + 1)));
      weights[row * across.length + column] = product;
    });
  });
  return weights;
}

/** Impact's tensor_paste: `patch` over NHWC `image` at `left`, `top` under a mask of the patch's size (or stretched to it). */
export function pasteMasked(
  image: Tensor,
  patch: Tensor,
  left: number,
  top: number,
  mask: Tensor,
): Tensor {
  const result = clone(image);
  pasteMaskedInto(result, patch, left, top, mask);
  return result;
}

/** As pasteMasked, in `image` itself. */
export function pasteMaskedInto(
  image: Tensor,
  patch: Tensor,
  left: number,
  top: number,
  mask: Tensor,
): void {
  const [n, height, width, channels] = image.shape;
  const [patches, h, w] = patch.shape;
  const [masks, maskH, maskW] = mask.shape;
  const planes = reshape(mask, [masks, 1, maskH, maskW]);
  const cover = maskH === h && maskW === w ? planes : interpolate(planes, h, w, 'bilinear');
  const { data } = image;
  const rows = Math.min(h, height - top);
  const columns = Math.min(w, width - left);
  for (let item = 0; item < n; item++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const at = row * w + column;
        const m = cover.data[(item % masks) * h * w + at];
        const rest = f(1 - m);
        const from = ((item % patches) * h * w + at) * channels;
        const to = ((item * height + top + row) * width + left + column) * channels;
        for (let c = 0; c < channels; c++)
          data[to + c] = f(rest * data[to + c]) + f(m * patch.data[from + c]);
      }
}

/** `patch` over NHWC `canvas` at `left`, `top`, where it lies whole; batch and channels are equal. */
export function pasteOpaque(canvas: Tensor, patch: Tensor, left: number, top: number): Tensor {
  const result = clone(canvas);
  const [n, height, width, channels] = canvas.shape;
  const [, h, w] = patch.shape;
  for (let item = 0; item < n; item++)
    for (let row = 0; row < h; row++) {
      const from = (item * h + row) * w * channels;
      result.data.set(
        patch.data.subarray(from, from + w * channels),
        ((item * height + top + row) * width + left) * channels,
      );
    }
  return result;
}
