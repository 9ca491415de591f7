// The mask of TwoSamplersForMaskUpscaler at the size of the latent (torch's bilinear interpolate with align_corners).
import { reshape, type Tensor, zeros } from '../../tensor/tensor.ts';

const f = Math.fround;

/** Where each of `count` places lies among `size`, first on first and last on last. */
function samplePositions(
  size: number,
  count: number,
): { from: number; to: number; share: number }[] {
  const step = count > 1 ? f((size - 1) / (count - 1)) : 0;
  return Array.from({ length: count }, (_, i) => {
    const at = f(step * i);
    const from = Math.min(Math.trunc(at), size - 1);
    return { from, to: Math.min(from + 1, size - 1), share: f(at - from) };
  });
}

/** Planes [N,C,H,W] stretched so that the corners stay corners. */
export function resizeAlignCorners(x: Tensor, height: number, width: number): Tensor {
  const [n, channels, h, w] = x.shape;
  const rows = samplePositions(h, height);
  const columns = samplePositions(w, width);
  const out = zeros([n, channels, height, width]);
  let at = 0;
  for (let plane = 0; plane < n * channels; plane++)
    for (const row of rows) {
      const [upper, lower] = [(plane * h + row.from) * w, (plane * h + row.to) * w];
      const across = (start: number, { from, to, share }: (typeof columns)[number]): number =>
        f(f(f(1 - share) * x.data[start + from]) + f(share * x.data[start + to]));
      for (const column of columns)
        out.data[at++] = f(
          f(f(1 - row.share) * across(upper, column)) + f(row.share * across(lower, column)),
        );
    }
  return out;
}

/**
 * The noise mask for latents of `shape` [B,C,h,w]. As in the original a single mask [H,W] is taken for H pictures of W x 1, of which the
 * first B count: the mask's first row runs down the whole latent. A batch [N,H,W] is stretched as it is.
 */
export function maskAtLatentSize(
  mask: Tensor,
  [batch, , height, width]: readonly number[],
): Tensor {
  const [h, w] = mask.shape.slice(-2);
  if (mask.shape.length > 2)
    return resizeAlignCorners(reshape(mask, [mask.data.length / (h * w), 1, h, w]), height, width);
  const kept = Math.min(batch, h);
  const stretched = resizeAlignCorners(
    { shape: [1, kept, w, 1], data: mask.data.subarray(0, kept * w) },
    height,
    width,
  );
  return reshape(stretched, [kept, 1, height, width]);
}
