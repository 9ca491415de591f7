// The hint of an inpainting ControlNet: an image without what is to be painted, and a mask of what is
// kept (comfy_extras/nodes_controlnet.py, ControlNetInpaintingAliMamaApply).
import { DarkroomError } from '../../errors.ts';
import { commonUpscale } from '../../image/resize/common-upscale.ts';
import { allocate } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { map, reshape, type Tensor, tensor } from '../../tensor/tensor.ts';

/**
 * Returns an image [N,H,W,C] that is 0 where the mask [M,h,w] is 1, and the rest of the mask
 * [M,1,h,w]. Throws DR_SHAPE_MISMATCH for batches of different sizes, neither of which is 1.
 */
export function maskedHint(
  image: Tensor,
  mask: Tensor,
): { readonly image: Tensor; readonly keptMask: Tensor } {
  const [count, height, width, channels] = image.shape;
  const [h, w] = mask.shape.slice(-2);
  const keptMask = reshape(
    map(mask, (value) => 1 - value),
    [mask.data.length / (h * w), 1, h, w],
  );
  const [masks] = keptMask.shape;
  const rows = Math.max(count, masks);
  if (Math.min(count, masks) !== rows && Math.min(count, masks) !== 1)
    throw new DarkroomError('DR_SHAPE_MISMATCH', {
      message: `there are ${count} images and ${masks} masks`,
      hint: 'Connect one mask, or one for each image.',
      input: 'mask',
    });
  const kept = map(commonUpscale(keptMask, { width, height }, 'bilinear', 'center'), roundHalfEven);
  const plane = height * width;
  const data = allocate(rows * plane * channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels) % plane;
    const row = Math.floor(i / (plane * channels));
    data[i] = image.data[i % image.data.length] * kept.data[(row % masks) * plane + pixel];
  }
  return { image: tensor([rows, height, width, channels], data), keptMask };
}
