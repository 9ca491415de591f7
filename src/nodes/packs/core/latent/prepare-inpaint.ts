// What VAEEncodeForInpaint does before the encoder: crop to whole latent cells, grey under the mask, the mask grown. Source: ComfyUI nodes.py.

import { toNCHW, toNHWC } from '../../../../image/channel-order.ts';
import { cropPlanes } from '../../../../image/resize/common-upscale.ts';
import { interpolate } from '../../../../image/resize/torch-interpolate.ts';
import { map, reshape, type Tensor } from '../../../../tensor/tensor.ts';

export interface Holes {
  /** [N,H,W,3], sides multiples of `factor`, 0.5 where the mask is set. */
  readonly pixels: Tensor;
  /** [M,H,W] of 0 and 1: the mask, grown. */
  readonly noiseMask: Tensor;
}

/** Pixels [N,H,W,3] and a mask [M,h,w] (M 1 or N) made ready for inpainting; the mask grows by a square of `grow` pixels. */
export function holesForInpaint(pixels: Tensor, mask: Tensor, factor: number, grow: number): Holes {
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
  const set = map(fitted, (v) => (v > 0.5 ? 1 : 0));
  const planes = crop(toNCHW(pixels));
  const [, channels] = planes.shape;
  const grey = map(planes, (v, i) => {
    const item = m === 1 ? 0 : Math.floor(i / (channels * h * w));
    return Math.fround(Math.fround(v - 0.5) * (1 - set.data[item * h * w + (i % (h * w))])) + 0.5;
  });
  return {
    pixels: toNHWC(grey),
    noiseMask: reshape(grow === 0 ? set : growSquare(set, grow), [m, h, w]),
  };
}

/** Binary planes [N,1,H,W] grown by `size` x `size` pixels; an even size reaches one further to the left and up. */
function growSquare(x: Tensor, size: number): Tensor {
  const [n, , h, w] = x.shape;
  const before = Math.ceil((size - 1) / 2);
  const rows = spread(x.data, n * h, w, 1, w, size, before);
  const data = new Float32Array(x.data.length);
  for (let item = 0; item < n; item++) {
    const plane = rows.subarray(item * h * w, (item + 1) * h * w);
    data.set(spread(plane, w, h, w, 1, size, before), item * h * w);
  }
  return { shape: x.shape, data };
}

/** Along lines of `length` values `step` apart, `lineStep` between lines: 1 where any of `size` values from `before` in front is set. */
function spread(
  x: Float32Array,
  lines: number,
  length: number,
  step: number,
  lineStep: number,
  size: number,
  before: number,
): Float32Array {
  const out = new Float32Array(x.length);
  for (let line = 0; line < lines; line++)
    for (let i = 0; i < length; i++) {
      if (x[line * lineStep + i * step] === 0) continue;
      const from = Math.max(0, i + before - size + 1);
      const to = Math.min(length - 1, i + before);
      for (let j = from; j <= to; j++) out[line * lineStep + j * step] = 1;
    }
  return out;
}
