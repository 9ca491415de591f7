// Edge detection (Canny 1986, "A Computational Approach to Edge Detection") as in kornia's canny:
// grey, a Gaussian blur of 5 pixels, Sobel gradients, thinning along eight directions, two
// thresholds, hysteresis. Sums are float32 in torch's order, because equal neighbours decide about
// edges.

import { DarkroomError } from '../../errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { sliceBatch, type Tensor, zeros } from '../../tensor/tensor.ts';
import { mirrorIndex } from '../mirror-index.ts';

const f = Math.fround;

/** The Gaussian of standard deviation 1 as kornia computes it. */
const KERNEL = Float32Array.of(
  0.054488688707351685,
  0.24420136213302612,
  0.40261995792388916,
  0.24420136213302612,
  0.054488688707351685,
);
const EPSILON = f(1e-6);
const GREY = [0.299, 0.587, 0.114].map(f);
/** Above this many values, or for several images, torch's convolution uses fused multiply-adds. */
const FUSED_ABOVE = 20480;

/**
 * The step [x, y] to the neighbour in each of eight directions, from the angle 0 in steps of 45
 * degrees.
 */
const DIRECTIONS = [
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
  [-1, -1],
  [0, -1],
  [1, -1],
] as const;

interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/**
 * The edges of images [N,H,W,C] with 1 or 3 channels, as [N,H,W,1] of 0 and 1. Throws
 * DR_INPUT_INVALID for other channel counts, images below 3 x 3 pixels and thresholds in the wrong
 * order.
 */
export function canny(images: Tensor, low: number, high: number): Tensor {
  checkThresholds(low, high);
  checkImage(images.shape);
  const [n, height, width] = images.shape;
  const out = zeros([n, height, width, 1]);
  for (let i = 0; i < n; i++) {
    const grey = greyOf(sliceBatch(images, i, i + 1));
    const blurred = blur(blur(grey, 'x', n), 'y', n);
    out.data.set(hysteresis(thinned(blurred), f(low), f(high)), i * height * width);
  }
  return out;
}

function checkThresholds(low: number, high: number): void {
  if (low > high)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `low_threshold ${low} is above high_threshold ${high}`,
      hint: 'Use a low threshold that is not above the high one.',
      input: 'low_threshold',
    });
}

function checkImage([, height, width, channels]: readonly number[]): void {
  if (channels !== 1 && channels !== 3)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the image has ${channels} channels`,
      hint: 'Use a colour image without transparency.',
      input: 'image',
    });
  if (width < 3 || height < 3)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `an image of ${width}x${height} pixels is too small for edge detection`,
      hint: 'Both sides must be at least 3 pixels.',
      input: 'image',
    });
}

function greyOf({ shape: [, height, width, channels], data }: Tensor): Plane {
  if (channels === 1) return { width, height, data };
  const grey = allocate(width * height);
  for (let i = 0; i < grey.length; i++) {
    const [r, g, b] = GREY.map((weight, c) => f(weight * data[i * 3 + c]));
    grey[i] = f(r + g) + b;
  }
  return { width, height, data: grey };
}

/**
 * Blurs along an axis with mirrored edges. `images` is the size of the batch, which decides the
 * rounding.
 */
function blur({ width, height, data }: Plane, axis: 'x' | 'y', images: number): Plane {
  const radius = KERNEL.length >> 1;
  const alongX = axis === 'x';
  const paddedSize = alongX ? height * (width + 2 * radius) : (height + 2 * radius) * width;
  const fused = images > 1 || paddedSize > FUSED_ABOVE;
  const out = allocate(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < KERNEL.length; k++) {
        const at = alongX
          ? y * width + mirrorIndex(x + k - radius, width)
          : mirrorIndex(y + k - radius, height) * width + x;
        const product = KERNEL[k] * data[at];
        sum = f(sum + (fused ? product : f(product)));
      }
      out[y * width + x] = sum;
    }
  return { width, height, data: out };
}

const SOBEL = [-1, 0, 1, -2, 0, 2, -1, 0, 1];

/**
 * The magnitude of the gradient where it exceeds that of both neighbours in its direction, else 0.
 */
function thinned({ width, height, data }: Plane): Plane {
  const magnitude = allocate(data.length);
  const direction = new Uint8Array(data.length);
  const clamp = (i: number, length: number): number => Math.min(Math.max(i, 0), length - 1);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let [gx, gy] = [0, 0];
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++) {
          const value = data[clamp(y + i - 1, height) * width + clamp(x + j - 1, width)];
          gx = f(gx + SOBEL[3 * i + j] * value);
          gy = f(gy + SOBEL[3 * j + i] * value);
        }
      const at = y * width + x;
      magnitude[at] = Math.sqrt(f(f(f(gx * gx) + f(gy * gy)) + EPSILON));
      direction[at] = (roundHalfEven(f(f(Math.atan2(gy, gx)) * f(4 / Math.PI))) + 8) % 8;
    }
  const value = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : magnitude[y * width + x];
  const maxima = magnitude.map((own, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    const [dx, dy] = DIRECTIONS[direction[at]];
    return own > value(x + dx, y + dy) && own > value(x - dx, y - dy) ? own : 0;
  });
  return { width, height, data: maxima };
}

/** Strong edges, and weak ones that are connected to them through their eight neighbours. */
function hysteresis({ width, height, data }: Plane, low: number, high: number): Float32Array {
  const edges = allocate(data.length);
  const open: number[] = [];
  for (const [at, value] of data.entries())
    if (value > high) {
      edges[at] = 1;
      open.push(at);
    }
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const [x, y] = [at % width, Math.floor(at / width)];
    for (const [dx, dy] of DIRECTIONS) {
      const next = (y + dy) * width + x + dx;
      if (
        x + dx < 0 ||
        x + dx >= width ||
        y + dy < 0 ||
        y + dy >= height ||
        edges[next] === 1 ||
        !(data[next] > low)
      )
        continue;
      edges[next] = 1;
      open.push(next);
    }
  }
  return edges;
}
