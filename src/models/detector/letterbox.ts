// The input of YOLO networks: an image scaled to fit and padded with grey. Source: Ultralytics'
// LetterBox, which resizes bytes with OpenCV, and scale_boxes.
import { toNCHW } from '../../image/channel-order.ts';
import type { Size } from '../../image/geometry.ts';
import { fromBytes } from '../../image/image-bytes.ts';
import { resizeBytes } from '../../image/resize/opencv-resize.ts';
import { allocateBytes } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Box } from './boxes.ts';

const GREY = 114;
const f = Math.fround;

export interface Letterbox {
  /** [1,3,H,W] in 0..1. */
  readonly input: Tensor;
  readonly inputSize: Size;
}

export interface LetterboxTarget {
  /** The size into which the image is scaled. */
  readonly side: Size;
  /** The scaled image is padded to multiples of this; `side` itself pads to the whole size. */
  readonly multiple: Size;
}

/** The size of an image of this size when it is scaled to fit into `side`. */
function scaledSize({ width, height }: Size, side: Size): Size {
  const scale = Math.min(side.height / height, side.width / width);
  const scaled = (v: number): number => Math.max(roundHalfEven(v * scale), 1);
  return { width: scaled(width), height: scaled(height) };
}

/** Resizes an image of bytes [H,W,3] to fit into the target and pads it with grey. */
export function letterbox(
  bytes: Uint8Array,
  imageSize: Size,
  { side, multiple }: LetterboxTarget,
): Letterbox {
  const scaled = scaledSize(imageSize, side);
  const { width, height } = scaled;
  const padding = (total: number, unit: number): number => (((total % unit) + unit) % unit) / 2;
  const padX = padding(side.width - width, multiple.width);
  const padY = padding(side.height - height, multiple.height);
  const [left, right, top, bottom] = [padX - 0.1, padX + 0.1, padY - 0.1, padY + 0.1].map(
    roundHalfEven,
  );
  const inputSize = { width: width + left + right, height: height + top + bottom };
  const resized = resizeBytes(bytes, imageSize, scaled, 3);
  const padded = allocateBytes(inputSize.width * inputSize.height * 3).fill(GREY);
  for (let y = 0; y < height; y++)
    padded.set(
      resized.subarray(y * width * 3, (y + 1) * width * 3),
      ((top + y) * inputSize.width + left) * 3,
    );
  return {
    input: toNCHW(fromBytes(padded, [1, inputSize.height, inputSize.width, 3])),
    inputSize,
  };
}

/** Converts corners in the network's input to corners in the image. */
export function toImageCorners(
  corners: Box['corners'],
  inputSize: Size,
  imageSize: Size,
): Box['corners'] {
  const { width, height } = scaledSize(imageSize, inputSize);
  const axes = {
    x: {
      pad: roundHalfEven((inputSize.width - width) / 2 - 0.1),
      scale: width / imageSize.width,
      limit: imageSize.width,
    },
    y: {
      pad: roundHalfEven((inputSize.height - height) / 2 - 0.1),
      scale: height / imageSize.height,
      limit: imageSize.height,
    },
  };
  const [x1, y1, x2, y2] = corners.map((v, i) => {
    const axis = i % 2 ? axes.y : axes.x;
    return Math.min(Math.max(f(f(v - axis.pad) / f(axis.scale)), 0), axis.limit);
  });
  return [x1, y1, x2, y2];
}
