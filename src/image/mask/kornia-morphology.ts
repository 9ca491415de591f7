// Grey morphology of NHWC images by a square of `size` pixels, as kornia does it: the centre of the
// square is at size >> 1.
import { map, type Tensor } from '../../tensor/tensor.ts';
import { type Extremum, MAXIMUM, MINIMUM, slidingExtrema } from './sliding-extrema.ts';

function underSquare(image: Tensor, size: number, extremum: Extremum): Tensor {
  const [, height, width, channels] = image.shape;
  const rows = slidingExtrema(image.data, { length: width, step: channels }, size, extremum);
  const data = slidingExtrema(rows, { length: height, step: width * channels }, size, extremum);
  return { shape: image.shape, data };
}

/** The maximum under the square. */
export const dilateImage = (image: Tensor, size: number): Tensor =>
  underSquare(image, size, MAXIMUM);

/** The minimum under the square. */
export const erodeImage = (image: Tensor, size: number): Tensor =>
  underSquare(image, size, MINIMUM);

const difference = (a: Tensor, b: Tensor): Tensor => map(a, (value, i) => value - b.data[i]);
const open = (image: Tensor, size: number): Tensor => dilateImage(erodeImage(image, size), size);
const close = (image: Tensor, size: number): Tensor => erodeImage(dilateImage(image, size), size);

/** The operations of the Morphology node, in its order. */
export const MORPHOLOGY = {
  erode: erodeImage,
  dilate: dilateImage,
  open,
  close,
  gradient: (image, size) => difference(dilateImage(image, size), erodeImage(image, size)),
  bottom_hat: (image, size) => difference(close(image, size), image),
  top_hat: (image, size) => difference(image, open(image, size)),
} as const satisfies Record<string, (image: Tensor, size: number) => Tensor>;
