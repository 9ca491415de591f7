// Pastes patches into NHWC images: the Impact Pack's tensor_paste, and a plain copy.
import { clone, reshape, type Tensor } from '../../tensor/tensor.ts';
import type { Offset } from '../geometry.ts';
import { interpolate } from '../resize/torch-interpolate.ts';

const f = Math.fround;

/**
 * tensor_paste: returns `image` with `patch` pasted at `offset` under a mask [N,H,W,1] of the
 * patch's size, or stretched to it.
 */
export function pasteMasked(image: Tensor, patch: Tensor, offset: Offset, mask: Tensor): Tensor {
  const result = clone(image);
  pasteMaskedInto(result, patch, offset, mask);
  return result;
}

/** As pasteMasked, but changes `image` itself. */
export function pasteMaskedInto(
  image: Tensor,
  patch: Tensor,
  { left, top }: Offset,
  mask: Tensor,
): void {
  const [n, height, width, channels] = image.shape;
  const [patches, h, w] = patch.shape;
  const [masks, maskH, maskW] = mask.shape;
  const planes = reshape(mask, [masks, 1, maskH, maskW]);
  const fits = maskH === h && maskW === w;
  const weights = fits ? planes : interpolate(planes, { height: h, width: w }, 'bilinear');
  const { data } = image;
  const rows = Math.min(h, height - top);
  const columns = Math.min(w, width - left);
  for (let item = 0; item < n; item++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const position = row * w + column;
        const m = weights.data[(item % masks) * h * w + position];
        const rest = f(1 - m);
        const from = ((item % patches) * h * w + position) * channels;
        const to = ((item * height + top + row) * width + left + column) * channels;
        for (let c = 0; c < channels; c++)
          data[to + c] = f(rest * data[to + c]) + f(m * patch.data[from + c]);
      }
}

/**
 * Copies `patch` over `canvas` at `offset`, where it must fit as a whole. Batch size and channels
 * of both are equal.
 */
export function pasteOpaque(canvas: Tensor, patch: Tensor, { left, top }: Offset): Tensor {
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
