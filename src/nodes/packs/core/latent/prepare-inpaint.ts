// Prepares image and mask for VAEEncodeForInpaint: crops to multiples of the VAE's factor, makes
// the masked pixels grey, grows the mask. Source: ComfyUI nodes.py.

import { toNCHW, toNHWC } from '../../../../image/channel-order.ts';
import { cropPlanes } from '../../../../image/resize/common-upscale.ts';
import { interpolate } from '../../../../image/resize/torch-interpolate.ts';
import { allocate } from '../../../../tensor/allocate.ts';
import { map, reshape, type Tensor } from '../../../../tensor/tensor.ts';

export interface InpaintInputs {
  /** [N,H,W,3], sides multiples of `factor`, 0.5 where the mask is set. */
  readonly pixels: Tensor;
  /** [M,H,W] of 0 and 1: the mask, grown. */
  readonly noiseMask: Tensor;
}

/**
 * Pixels [N,H,W,3] and a mask [M,h,w] (M is 1 or N), prepared for inpainting. The mask is grown by
 * a square of `grow` pixels.
 */
export function prepareInpaint(
  pixels: Tensor,
  mask: Tensor,
  factor: number,
  grow: number,
): InpaintInputs {
  const [, height, width] = pixels.shape;
  const h = Math.floor(height / factor) * factor;
  const w = Math.floor(width / factor) * factor;
  const crop = (x: Tensor): Tensor =>
    cropPlanes(x, {
      left: Math.floor((width % factor) / 2),
      top: Math.floor((height % factor) / 2),
      width: w,
      height: h,
    });
  const [m, mh, mw] = mask.shape;
  const fitted = crop(interpolate(reshape(mask, [m, 1, mh, mw]), { height, width }, 'bilinear'));
  const selected = map(fitted, (v) => (v > 0.5 ? 1 : 0));
  const planes = crop(toNCHW(pixels));
  const [, channels] = planes.shape;
  const grey = map(planes, (v, i) => {
    const item = m === 1 ? 0 : Math.floor(i / (channels * h * w));
    return (
      Math.fround(Math.fround(v - 0.5) * (1 - selected.data[item * h * w + (i % (h * w))])) + 0.5
    );
  });
  return {
    pixels: toNHWC(grey),
    noiseMask: reshape(grow === 0 ? selected : growSquare(selected, grow), [m, h, w]),
  };
}

/** Binary planes [N,1,H,W] grown by `size` x `size`, an even size one more to the left and up. */
function growSquare(x: Tensor, size: number): Tensor {
  const [n, , h, w] = x.shape;
  const before = Math.ceil((size - 1) / 2);
  const rowLines = { count: n * h, length: w, step: 1, lineStep: w };
  const columnLines = { count: w, length: h, step: w, lineStep: 1 };
  const rows = dilateLines(x.data, rowLines, size, before);
  const data = allocate(x.data.length);
  for (let item = 0; item < n; item++) {
    const plane = rows.subarray(item * h * w, (item + 1) * h * w);
    data.set(dilateLines(plane, columnLines, size, before), item * h * w);
  }
  return { shape: x.shape, data };
}

/** Lines of values in an array, and the distances between values and between lines. */
interface Lines {
  readonly count: number;
  readonly length: number;
  readonly step: number;
  readonly lineStep: number;
}

/** Dilates each line: 1 where one of `size` values, beginning `before` values earlier, is not 0. */
function dilateLines(
  x: Float32Array,
  { count, length, step, lineStep }: Lines,
  size: number,
  before: number,
): Float32Array {
  const out = allocate(x.length);
  for (let line = 0; line < count; line++)
    for (let i = 0; i < length; i++) {
      if (x[line * lineStep + i * step] === 0) continue;
      const from = Math.max(0, i + before - size + 1);
      const to = Math.min(length - 1, i + before);
      for (let j = from; j <= to; j++) out[line * lineStep + j * step] = 1;
    }
  return out;
}
