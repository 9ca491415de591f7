// Images [N,H,W,C] and masks [N,H,W] in 0..1, as tensors of float32.

export { openCvGaussianBlur } from '../../image/blur/opencv-gaussian-blur.ts';
export { gaussianBlurMask } from '../../image/blur/torchvision-mask-blur.ts';
export { toNCHW, toNHWC } from '../../image/channel-order.ts';
export { type DecodedImage, decodeImage } from '../../image/codec/decode-image.ts';
export { encodePng } from '../../image/codec/png.ts';
export { blendImages } from '../../image/compose/image-blend.ts';
export { cropImage } from '../../image/crop-image.ts';
export type { Region, Size } from '../../image/geometry.ts';
export { type ByteImage, fromBytes, toByteImage } from '../../image/image-bytes.ts';
export { compositeMasks, growMask, invert, thresholdMask } from '../../image/mask/core-masks.ts';
export { imageToMask, maskToImage } from '../../image/mask/mask-conversions.ts';
export { upscaleImage } from '../../image/resize/common-upscale.ts';
export { type PilFilter, pilResizeImages } from '../../image/resize/pil-resize.ts';
export {
  batchItems,
  concatBatch,
  full,
  map,
  reshape,
  sizeOf,
  sliceBatch,
  type Tensor,
  tensor,
  zeros,
} from '../../tensor/tensor.ts';
export { loadImage } from '../shared/load-image.ts';
export { saveImages } from '../shared/save-images.ts';
