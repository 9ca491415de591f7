// Cuts the masked subject out of an image, on a plain background.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_images.py (_crop_image_with_mask).
import { allocate } from '../../tensor/allocate.ts';
import { map, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Region, Size } from '../geometry.ts';
import { toBytes } from '../image-bytes.ts';
import { lanczos } from '../resize/pil-resize.ts';
import { MAXIMUM, slidingExtrema } from './sliding-extrema.ts';

const f32 = Math.fround;
const clamp = (value: number): number => Math.min(Math.max(value, 0), 1);
const inverted = (mask: Tensor): Tensor => map(mask, (value) => f32(1 - value));

/** Mask values below this are 0. */
const MASK_THRESHOLD = 0.05;
/** Levels of 255 above which a pixel belongs to the subject. */
const SUBJECT_LEVEL = 204;

export interface CropToMaskOptions {
  /** Width over height of the crop. */
  readonly aspect: number;
  /** Larger images are made smaller first. */
  readonly maxSide: number;
  /** Margin around the subject, as a factor of its size. */
  readonly padFactor: number;
  /** Pixels by which the mask grows; negative: shrinks. */
  readonly grow: number;
  /** Red, green and blue of the background, 0 to 1. */
  readonly background: readonly [number, number, number];
}

/** The crop [1,3,h,w] of an image [1,3,H,W] by its mask [1,1,H,W]; `isEmpty`: nothing is masked. */
export function cropToMask(
  image: Tensor,
  mask: Tensor,
  options: CropToMaskOptions,
): { readonly crop: Tensor; readonly isEmpty: boolean } {
  let x = map(image, clamp);
  let m = grown(uprightMask(map(mask, clamp)), options.grow);
  m = map(m, (value) => (value < f32(MASK_THRESHOLD) ? 0 : value));
  const [height, width] = x.shape.slice(-2);
  const longer = Math.max(height, width);
  if (longer > options.maxSide) {
    const scale = options.maxSide / longer;
    const size = { width: Math.trunc(width * scale), height: Math.trunc(height * scale) };
    [x, m] = [lanczos(x, size), lanczos(m, size)];
  }
  const [h, w] = m.shape.slice(-2);
  const levels = toBytes(m);
  let subject = subjectBounds(levels, w);
  if (!subject) {
    subject = subjectBounds(
      levels.map((level) => 255 - level),
      w,
    );
    if (subject) m = inverted(m);
  }
  const region = subject ? cropRegion(subject, options) : { left: 0, top: 0, width: w, height: h };
  return { crop: composed(x, m, region, options.background), isEmpty: !subject };
}

/** The mask, inverted where its border is masked and its centre is not. */
function uprightMask(mask: Tensor): Tensor {
  const [height, width] = mask.shape.slice(-2);
  const at = (y: number, x: number): number => mask.data[y * width + x];
  let [border, centre, centreCount] = [0, 0, 0];
  for (let x = 0; x < width; x++) border += at(0, x) + at(height - 1, x);
  for (let y = 0; y < height; y++) border += at(y, 0) + at(y, width - 1);
  const [top, left] = [Math.floor(height / 4), Math.floor(width / 4)];
  for (let y = top; y < height - top; y++)
    for (let x = left; x < width - left; x++) {
      centre += at(y, x);
      centreCount++;
    }
  const isInverted = border / (2 * (width + height)) > 0.5 && centre / centreCount < 0.5;
  return isInverted ? inverted(mask) : mask;
}

/** A mask shrinks as its inverse grows. */
function grown(mask: Tensor, pixels: number): Tensor {
  if (pixels < 0) return inverted(grown(inverted(mask), -pixels));
  if (pixels === 0) return mask;
  const [height, width] = mask.shape.slice(-2);
  const size = 2 * pixels + 1;
  const rows = slidingExtrema(mask.data, { length: width, step: 1 }, size, MAXIMUM);
  return tensor(mask.shape, slidingExtrema(rows, { length: height, step: width }, size, MAXIMUM));
}

interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The bounds of the subject's pixels; undefined without any. */
function subjectBounds(levels: Uint8Array, width: number): Bounds | undefined {
  let bounds: Bounds | undefined;
  for (const [i, level] of levels.entries()) {
    if (level <= SUBJECT_LEVEL) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    bounds = {
      left: Math.min(bounds?.left ?? x, x),
      top: Math.min(bounds?.top ?? y, y),
      right: Math.max(bounds?.right ?? x, x),
      bottom: Math.max(bounds?.bottom ?? y, y),
    };
  }
  return bounds;
}

/** The region around the subject of the wanted aspect, which may exceed the image. */
function cropRegion(bounds: Bounds, { aspect, padFactor }: CropToMaskOptions): Region {
  const { left, top, right, bottom } = bounds;
  const [width, height] = [right - left + 1, bottom - top + 1];
  const isWide = width / Math.max(height, 1) >= aspect;
  const size: Size = isWide
    ? { width: width * padFactor, height: (width / aspect) * padFactor }
    : { width: height * aspect * padFactor, height: height * padFactor };
  const [halfWidth, halfHeight] = [size.width, size.height].map((side) =>
    Math.ceil(Math.trunc(side) / 2),
  );
  return {
    left: Math.trunc((left + right) / 2 - halfWidth),
    top: Math.trunc((top + bottom) / 2 - halfHeight),
    width: 2 * halfWidth,
    height: 2 * halfHeight,
  };
}

/** The region of the image on the background; outside the image is background. */
function composed(
  image: Tensor,
  mask: Tensor,
  { left, top, width, height }: Region,
  background: CropToMaskOptions['background'],
): Tensor {
  const [imageHeight, imageWidth] = image.shape.slice(-2);
  const data = allocate(3 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [row, column] = [top + y, left + x];
      const isInside = row >= 0 && row < imageHeight && column >= 0 && column < imageWidth;
      const cell = row * imageWidth + column;
      const m = isInside ? mask.data[cell] : 0;
      for (let c = 0; c < 3; c++) {
        const value = isInside ? image.data[c * imageHeight * imageWidth + cell] : 0;
        data[(c * height + y) * width + x] = clamp(
          f32(f32(value * m) + f32(f32(background[c]) * f32(1 - m))),
        );
      }
    }
  return tensor([1, 3, height, width], data);
}
