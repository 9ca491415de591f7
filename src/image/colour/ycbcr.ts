// RGB to YCbCr and back, as kornia computes it (ITU-R BT.601, full range). NHWC, three channels.
import { allocate } from '../../tensor/allocate.ts';
import { map, type Tensor } from '../../tensor/tensor.ts';

const f = Math.fround;
const [R, G, B, BLUE, RED] = [0.299, 0.587, 0.114, 0.564, 0.713].map(f);
const [FROM_RED, GREEN_RED, GREEN_BLUE, FROM_BLUE] = [1.403, 0.714, 0.344, 1.773].map(f);

const convert = (
  image: Tensor,
  pixel: (a: number, b: number, c: number) => readonly [number, number, number],
): Tensor => {
  const data = allocate(image.data.length);
  for (let i = 0; i < data.length; i += 3)
    data.set(pixel(image.data[i], image.data[i + 1], image.data[i + 2]), i);
  return { shape: [...image.shape], data };
};

/** Luma and the blue and red differences, which are centred on 0.5. */
export const rgbToYcbcr = (image: Tensor): Tensor =>
  convert(image, (r, g, b) => {
    const y = f(f(f(R * r) + f(G * g)) + f(B * b));
    return [y, f(f(b - y) * BLUE) + 0.5, f(f(r - y) * RED) + 0.5];
  });

const unit = (value: number): number => Math.min(Math.max(value, 0), 1);

/** RGB, clamped to 0..1. */
export const ycbcrToRgb = (image: Tensor): Tensor =>
  convert(image, (y, cb, cr) => {
    const [blue, red] = [f(cb - 0.5), f(cr - 0.5)];
    return [
      unit(y + f(FROM_RED * red)),
      unit(f(y - f(GREEN_RED * red)) - f(GREEN_BLUE * blue)),
      unit(y + f(FROM_BLUE * blue)),
    ];
  });

/** Copies one channel of `image` to all of them. */
export const spreadChannel = (image: Tensor, channel: number): Tensor => {
  const channels = image.shape[3];
  return map(image, (_, i) => image.data[i - (i % channels) + channel]);
};
