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

/**
 * Blends one pixel of a patch, at `from`, into one of an image, at `to`, with the weight `m`. The
 * alpha of a patch is laid over that of the image; a patch without alpha is opaque.
 */
function blendPixel(image: Tensor, to: number, patch: Tensor, from: number, m: number): void {
  const [channels, patchChannels] = [image.shape[3], patch.shape[3]];
  const { data } = image;
  const hasAlpha = channels === 4;
  const weight = !hasAlpha && patchChannels === 4 ? f(m * patch.data[from + 3]) : m;
  const rest = f(1 - weight);
  for (let c = 0; c < (hasAlpha ? 3 : channels); c++)
    data[to + c] = f(rest * data[to + c]) + f(weight * patch.data[from + c]);
  if (!hasAlpha) return;
  const alpha = data[to + 3];
  data[to + 3] =
    patchChannels === 4
      ? alpha + f(f(patch.data[from + 3] * m) * f(1 - alpha))
      : f(alpha * rest) + m;
}

/** As pasteMasked, but changes `image` itself. */
export function pasteMaskedInto(
  image: Tensor,
  patch: Tensor,
  { left, top }: Offset,
  mask: Tensor,
): void {
  const [n, height, width, channels] = image.shape;
  const [patches, h, w, patchChannels] = patch.shape;
  const [masks, maskH, maskW] = mask.shape;
  const planes = reshape(mask, [masks, 1, maskH, maskW]);
  const fits = maskH === h && maskW === w;
  const weights = fits ? planes : interpolate(planes, { height: h, width: w }, 'bilinear');
  const rows = Math.min(h, height - top);
  const columns = Math.min(w, width - left);
  for (let item = 0; item < n; item++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const position = row * w + column;
        const m = weights.data[(item % masks) * h * w + position];
        const from = ((item % patches) * h * w + position) * patchChannels;
        const to = ((item * height + top + row) * width + left + column) * channels;
        blendPixel(image, to, patch, from, m);
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
