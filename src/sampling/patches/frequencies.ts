// Scales the frequencies of planes (FreSca; comfy_extras/nodes_fresca.py): the low ones, -cutoff <=
// k < cutoff in both directions, by one factor, all others by another. The low pass is a projection
// along rows and one along columns, so no Fourier transform is needed.
import { allocate } from '../../tensor/allocate.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';

interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/**
 * First column of the projection's circulant: the band's sum of exp(2 pi i k n / length) / length.
 */
function projection(length: number, cutoff: number): Complex {
  const reach = Math.min(cutoff, length >> 1);
  const [re, im] = [new Float64Array(length), new Float64Array(length)];
  for (let n = 0; n < length; n++)
    for (let k = -reach; k < reach; k++) {
      const angle = (2 * Math.PI * ((k * n) % length)) / length;
      re[n] += Math.cos(angle) / length;
      im[n] += Math.sin(angle) / length;
    }
  return { re, im };
}

/** Multiplies the low frequencies of planes [B,C,H,W] by `low`, the others by `high`. */
export function scaleFrequencies(x: Tensor, low: number, high: number, cutoff: number): Tensor {
  const [height, width] = x.shape.slice(-2);
  const [across, down] = [projection(width, cutoff), projection(height, cutoff)];
  const out = allocate(x.data.length);
  const [re, im] = [new Float64Array(height * width), new Float64Array(height * width)];
  for (let start = 0; start < out.length; start += height * width) {
    for (let y = 0; y < height; y++)
      for (let to = 0; to < width; to++) {
        let [a, b] = [0, 0];
        for (let from = 0; from < width; from++) {
          const value = x.data[start + y * width + from];
          const shift = to >= from ? to - from : to - from + width;
          a += across.re[shift] * value;
          b += across.im[shift] * value;
        }
        re[y * width + to] = a;
        im[y * width + to] = b;
      }
    for (let to = 0; to < height; to++) {
      const row = new Float64Array(width);
      for (let from = 0; from < height; from++) {
        const shift = to >= from ? to - from : to - from + height;
        const [c, s] = [down.re[shift], down.im[shift]];
        for (let i = 0; i < width; i++)
          row[i] += c * re[from * width + i] - s * im[from * width + i];
      }
      for (let i = 0; i < width; i++) {
        const at = start + to * width + i;
        out[at] = high * x.data[at] + (low - high) * row[i];
      }
    }
  }
  return tensor(x.shape, out);
}
