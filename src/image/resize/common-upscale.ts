// Resizes by name: ComfyUI's common_upscale with its centre crop, and the Impact Pack's tensor_resize and resize_mask.
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { reshape, type Tensor } from '../../tensor/tensor.ts';
import { toNCHW, toNHWC } from '../channel-order.ts';
import { bislerp } from './bislerp.ts';
import { lanczos, pilResizeImages, pilResizeImagesVia } from './pil-resize.ts';
import { type InterpolateMode, interpolate } from './torch-interpolate.ts';

type Resize = (x: Tensor, width: number, height: number) => Tensor;

const torch =
  (mode: InterpolateMode): Resize =>
  (x, width, height) =>
    interpolate(x, height, width, mode);

/** NCHW resizes by the names workflows use. */
export const UPSCALE_METHODS = {
  'nearest-exact': torch('nearest-exact'),
  bilinear: torch('bilinear'),
  area: torch('area'),
  bicubic: torch('bicubic'),
  lanczos,
  bislerp,
} satisfies Record<string, Resize>;

export type UpscaleMethod = keyof typeof UPSCALE_METHODS;

/** The part `top..top+height` x `left..left+width` of each plane of an NCHW tensor (copied). */
export function cropPlanes(
  x: Tensor,
  left: number,
  top: number,
  width: number,
  height: number,
): Tensor {
  const [n, c, h, w] = x.shape;
  if (left === 0 && top === 0 && width === w && height === h) return x;
  const data = new Float32Array(n * c * height * width);
  let to = 0;
  for (let plane = 0; plane < n * c; plane++)
    for (let y = top; y < top + height; y++, to += width) {
      const from = (plane * h + y) * w + left;
      data.set(x.data.subarray(from, from + width), to);
    }
  return { shape: [n, c, height, width], data };
}

/** Cuts an NCHW tensor around its centre to the aspect of `width` x `height`. */
export function cropToAspect(x: Tensor, width: number, height: number): Tensor {
  const [, , oldHeight, oldWidth] = x.shape;
  const oldAspect = oldWidth / oldHeight;
  const newAspect = width / height;
  let left = 0;
  let top = 0;
  if (oldAspect > newAspect)
    left = roundHalfEven((oldWidth - oldWidth * (newAspect / oldAspect)) / 2);
  else if (oldAspect < newAspect)
    top = roundHalfEven((oldHeight - oldHeight * (oldAspect / newAspect)) / 2);
  return cropPlanes(x, left, top, oldWidth - 2 * left, oldHeight - 2 * top);
}

/** ComfyUI's common_upscale of an NCHW tensor to `width` x `height`. */
export function commonUpscale(
  x: Tensor,
  width: number,
  height: number,
  method: UpscaleMethod,
  crop: 'disabled' | 'center',
): Tensor {
  return UPSCALE_METHODS[method](
    crop === 'center' ? cropToAspect(x, width, height) : x,
    width,
    height,
  );
}

/** common_upscale for NHWC images. */
export const upscaleImage = (
  image: Tensor,
  width: number,
  height: number,
  method: UpscaleMethod,
  crop: 'disabled' | 'center',
): Tensor => toNHWC(commonUpscale(toNCHW(image), width, height, method, crop));

/** ImageScale: a side of 0 follows from the other by the aspect; with both 0 the image stays as it is. */
export function scaleImage(
  image: Tensor,
  width: number,
  height: number,
  method: UpscaleMethod,
  crop: 'disabled' | 'center',
): Tensor {
  if (width === 0 && height === 0) return image;
  const [, h, w] = image.shape;
  const wide = width || Math.max(1, roundHalfEven((w * height) / h));
  const tall = height || Math.max(1, roundHalfEven((h * width) / w));
  return upscaleImage(image, wide, tall, method, crop);
}

/** Impact's tensor_resize of an NHWC tensor: 8-bit PIL lanczos from three channels on, torch's bilinear below. */
export function tensorResize(image: Tensor, width: number, height: number): Tensor {
  if (image.shape[3] >= 3) return pilResizeImages(image, width, height, 'lanczos');
  return toNHWC(interpolate(toNCHW(image), height, width, 'bilinear'));
}

/** Impact's resize_mask: an NHW (or HW) mask to `width` x `height`, bilinear, as NHW. */
export function resizeMask(mask: Tensor, width: number, height: number): Tensor {
  const [h, w] = mask.shape.slice(-2);
  const n = mask.data.length / (h * w);
  return reshape(interpolate(reshape(mask, [n, 1, h, w]), height, width, 'bilinear'), [
    n,
    height,
    width,
  ]);
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Size of Impact's "rescale" mode: each side times `factor`, cut to whole pixels. */
export const rescaledSize = ({ width, height }: Size, factor: number): Size => ({
  width: Math.trunc(width * factor),
  height: Math.trunc(height * factor),
});

/** Size of Impact's "resize" mode: the given width and the height of the same aspect, both raised to a multiple of `modulus`. */
export function steppedSize(original: Size, width: number, modulus: number): Size {
  const raise = (v: number): number => Math.ceil(v / modulus) * modulus;
  return {
    width: raise(width),
    height: raise(Math.trunc(width * (original.height / original.width))),
  };
}

/** Impact's apply_resize_image of an NHWC tensor: 8-bit PIL bicubic, with `supersample` by way of eight times the size (row by row). */
export const resizeSupersampled = (
  image: Tensor,
  { width, height }: Size,
  supersample: boolean,
): Tensor =>
  supersample
    ? pilResizeImagesVia(
        image,
        { width: width * 8, height: height * 8 },
        { width, height },
        'bicubic',
      )
    : pilResizeImages(image, width, height, 'bicubic');
