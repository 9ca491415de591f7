// The Impact Pack's resizes: tensor_resize, resize_mask and apply_resize_image, with their sizes.
import { reshape, type Tensor } from '../../tensor/tensor.ts';
import { toNCHW, toNHWC } from '../channel-order.ts';
import type { Size } from '../geometry.ts';
import { toN1HW } from '../mask/mask-shape.ts';
import { pilResizeImages, pilResizeImagesVia } from './pil-resize.ts';
import { interpolate } from './torch-interpolate.ts';

/**
 * tensor_resize of an NHWC tensor: 8-bit PIL lanczos for three channels or more, torch's bilinear
 * for fewer.
 */
export function tensorResize(image: Tensor, size: Size): Tensor {
  if (image.shape[3] >= 3) return pilResizeImages(image, size, 'lanczos');
  return toNHWC(interpolate(toNCHW(image), size, 'bilinear'));
}

/** resize_mask: resizes an NHW or HW mask bilinearly; returns NHW. */
export function resizeMask(mask: Tensor, { width, height }: Size): Tensor {
  const resized = interpolate(toN1HW(mask), { width, height }, 'bilinear');
  return reshape(resized, [resized.shape[0], height, width]);
}

/** Size in Impact's "rescale" mode: each side times `factor`, truncated to whole pixels. */
export const rescaledSize = ({ width, height }: Size, factor: number): Size => ({
  width: Math.trunc(width * factor),
  height: Math.trunc(height * factor),
});

/**
 * Size in Impact's "resize" mode: the given width and the height of the same aspect, both raised
 * to a multiple of `modulus`.
 */
export function steppedSize(original: Size, width: number, modulus: number): Size {
  const raise = (v: number): number => Math.ceil(v / modulus) * modulus;
  return {
    width: raise(width),
    height: raise(Math.trunc(width * (original.height / original.width))),
  };
}

/** How much larger the intermediate image of supersampling is. */
const SUPERSAMPLING = 8;

/**
 * apply_resize_image of an NHWC tensor: 8-bit PIL bicubic, with `supersample` by way of an image of
 * eight times the size, of which only a few rows are in memory at a time.
 */
export function resizeSupersampled(image: Tensor, size: Size, supersample: boolean): Tensor {
  if (!supersample) return pilResizeImages(image, size, 'bicubic');
  const between = { width: size.width * SUPERSAMPLING, height: size.height * SUPERSAMPLING };
  return pilResizeImagesVia(image, between, size, 'bicubic');
}
