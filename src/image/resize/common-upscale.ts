// ComfyUI's resizes by name: common_upscale with its centre crop, and ImageScale.
import { allocate } from '../../tensor/allocate.ts';
import { framesOf, stackFrames } from '../../tensor/frames.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { toNCHW, toNHWC } from '../channel-order.ts';
import type { Region, Size } from '../geometry.ts';
import { bislerp } from './bislerp.ts';
import { lanczos } from './pil-resize.ts';
import { type InterpolateMode, interpolate } from './torch-interpolate.ts';

type Resize = (x: Tensor, size: Size) => Tensor;

const torch =
  (mode: InterpolateMode): Resize =>
  (x, size) =>
    interpolate(x, size, mode);

/** The resizes of NCHW tensors, by the names that workflows use. */
const UPSCALE_METHODS = {
  'nearest-exact': torch('nearest-exact'),
  bilinear: torch('bilinear'),
  area: torch('area'),
  bicubic: torch('bicubic'),
  lanczos,
  bislerp,
} satisfies Record<string, Resize>;

export type UpscaleMethod = keyof typeof UPSCALE_METHODS;

/** Whether the centre of the target's aspect is cut out before resizing. */
export type Crop = 'disabled' | 'center';

/**
 * The part of each plane of an NCHW tensor that lies in `region`, copied unless it is the whole
 * plane.
 */
export function cropPlanes(x: Tensor, { left, top, width, height }: Region): Tensor {
  const [n, c, h, w] = x.shape;
  if (left === 0 && top === 0 && width === w && height === h) return x;
  const data = allocate(n * c * height * width);
  let to = 0;
  for (let plane = 0; plane < n * c; plane++)
    for (let y = top; y < top + height; y++, to += width) {
      const from = (plane * h + y) * w + left;
      data.set(x.data.subarray(from, from + width), to);
    }
  return { shape: [n, c, height, width], data };
}

/** Cuts the centre of an NCHW tensor to the aspect of `width` x `height`. */
export function cropToAspect(x: Tensor, { width, height }: Size): Tensor {
  const [, , oldHeight, oldWidth] = x.shape;
  const oldAspect = oldWidth / oldHeight;
  const newAspect = width / height;
  let left = 0;
  let top = 0;
  if (oldAspect > newAspect)
    left = roundHalfEven((oldWidth - oldWidth * (newAspect / oldAspect)) / 2);
  else if (oldAspect < newAspect)
    top = roundHalfEven((oldHeight - oldHeight * (oldAspect / newAspect)) / 2);
  return cropPlanes(x, { left, top, width: oldWidth - 2 * left, height: oldHeight - 2 * top });
}

/** ComfyUI's common_upscale of an NCHW tensor, or of the frames of an NCTHW one. */
export function commonUpscale(x: Tensor, size: Size, method: UpscaleMethod, crop: Crop): Tensor {
  if (x.shape.length === 5)
    return stackFrames(framesOf(x).map((frame) => commonUpscale(frame, size, method, crop)));
  return UPSCALE_METHODS[method](crop === 'center' ? cropToAspect(x, size) : x, size);
}

/** common_upscale of NHWC images. */
export const upscaleImage = (
  image: Tensor,
  size: Size,
  method: UpscaleMethod,
  crop: Crop,
): Tensor => toNHWC(commonUpscale(toNCHW(image), size, method, crop));

/**
 * ImageScale: a side of 0 is computed from the other by the aspect; with both 0 the image is
 * returned unchanged.
 */
export function scaleImage(
  image: Tensor,
  { width, height }: Size,
  method: UpscaleMethod,
  crop: Crop,
): Tensor {
  if (width === 0 && height === 0) return image;
  const [, h, w] = image.shape;
  const size = {
    width: width || Math.max(1, roundHalfEven((w * height) / h)),
    height: height || Math.max(1, roundHalfEven((h * width) / w)),
  };
  return upscaleImage(image, size, method, crop);
}
