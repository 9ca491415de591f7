// Conversions between masks and NHWC images, as ComfyUI's core nodes do them.

import { DarkroomError } from '../../errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { toNHW } from './mask-shape.ts';

const f = Math.fround;

/** A grey image of three equal channels. */
export function maskToImage(mask: Tensor): Tensor {
  const { shape, data } = toNHW(mask);
  const result = allocate(3 * data.length);
  for (let i = 0; i < data.length; i++) result.fill(data[i], 3 * i, 3 * i + 3);
  return { shape: [...shape, 3], data: result };
}

export const CHANNELS = ['red', 'green', 'blue', 'alpha'] as const;

export type Channel = (typeof CHANNELS)[number];

/** One channel of an image as a mask. Throws DR_INPUT_INVALID where there is no such channel. */
export function imageToMask(image: Tensor, channel: Channel): Tensor {
  const [n, h, w, channels] = image.shape;
  const c = CHANNELS.indexOf(channel);
  if (c >= channels)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the image has no ${channel} channel`,
      hint: 'Choose red, green or blue.',
      input: 'channel',
    });
  const data = allocate(n * h * w);
  for (let i = 0; i < data.length; i++) data[i] = image.data[i * channels + c];
  return { shape: [n, h, w], data };
}

/** ImageColorToMask: 1 where the pixel, rounded to 8 bits, has the colour 0xRRGGBB, else 0. */
export function colorToMask(image: Tensor, color: number): Tensor {
  const [n, h, w, channels] = image.shape;
  const level = (v: number): number => roundHalfEven(f(Math.min(Math.max(v, 0), 1) * 255));
  const data = allocate(n * h * w);
  for (let i = 0; i < data.length; i++) {
    const [r, g, b] = image.data.subarray(i * channels, i * channels + 3);
    data[i] = Number(((level(r) << 16) | (level(g) << 8) | level(b)) === color);
  }
  return { shape: [n, h, w], data };
}
