// The mask of TwoSamplersForMaskUpscaler at the latent's size (torch's bilinear interpolate with
// align_corners).
import { reshape, type Tensor, zeros } from '../../tensor/tensor.ts';

const f = Math.fround;

/** A position between two neighbouring samples: `weight` is that of the second one. */
interface SamplePosition {
  readonly first: number;
  readonly second: number;
  readonly weight: number;
}

/** `count` positions among `size` samples; the first and the last position are on samples. */
function samplePositions(size: number, count: number): SamplePosition[] {
  const step = count > 1 ? f((size - 1) / (count - 1)) : 0;
  return Array.from({ length: count }, (_, i) => {
    const position = f(step * i);
    const first = Math.min(Math.trunc(position), size - 1);
    return { first, second: Math.min(first + 1, size - 1), weight: f(position - first) };
  });
}

/** Resizes planes [N,C,H,W] bilinearly, so that the values at the corners do not change. */
export function resizeAlignCorners(x: Tensor, height: number, width: number): Tensor {
  const [n, channels, h, w] = x.shape;
  const rows = samplePositions(h, height);
  const columns = samplePositions(w, width);
  const out = zeros([n, channels, height, width]);
  let index = 0;
  for (let plane = 0; plane < n * channels; plane++)
    for (const row of rows) {
      const [upper, lower] = [(plane * h + row.first) * w, (plane * h + row.second) * w];
      const interpolateRow = (start: number, { first, second, weight }: SamplePosition): number =>
        f(f(f(1 - weight) * x.data[start + first]) + f(weight * x.data[start + second]));
      for (const column of columns)
        out.data[index++] = f(
          f(f(1 - row.weight) * interpolateRow(upper, column)) +
            f(row.weight * interpolateRow(lower, column)),
        );
    }
  return out;
}

/**
 * The noise mask for latents of `shape` [B,C,h,w]. As in the original, a single mask [H,W] is
 * treated as H images of W x 1, of which the first B are used: the mask's first row fills all rows
 * of the first latent. A batch [N,H,W] is resized as it is.
 */
export function maskAtLatentSize(
  mask: Tensor,
  [batch, , height, width]: readonly number[],
): Tensor {
  const [h, w] = mask.shape.slice(-2);
  if (mask.shape.length > 2)
    return resizeAlignCorners(reshape(mask, [mask.data.length / (h * w), 1, h, w]), height, width);
  const count = Math.min(batch, h);
  const rows = { shape: [1, count, w, 1], data: mask.data.subarray(0, count * w) };
  return reshape(resizeAlignCorners(rows, height, width), [count, 1, height, width]);
}
