// Pictures of what Marigold V2 estimates, from decoded predictions, in float32.
// Source: ComfyUI comfy_extras/nodes_marigold.py.
import { sqrt } from '../../tensor/float32/sqrt.ts';
import { map, type Tensor } from '../../tensor/tensor.ts';
import { linearToSrgb } from './linear-light.ts';

const f = Math.fround;
const CHANNELS = 3;

/** The vectors that pixels are as unit vectors, back in 0..1. */
function unitNormals(image: Tensor): Tensor {
  const vectors = map(image, (value) => f(f(value * 2) - 1));
  const lengths = pixelSums(map(vectors, (value) => f(value * value))).map((sum) =>
    Math.max(sqrt(sum), f(1e-12)),
  );
  return map(vectors, (value, i) => f(f(value / lengths[Math.floor(i / CHANNELS)]) + 1) * 0.5);
}

/** Depths of each picture from its nearest (1) to its farthest (0) pixel, in grey. */
function nearAsBright(image: Tensor): Tensor {
  const depths = pixelSums(image).map((sum) => f(sum / CHANNELS));
  const size = depths.length / image.shape[0];
  const spans = Array.from({ length: image.shape[0] }, (_, n) => {
    const own = depths.subarray(n * size, (n + 1) * size);
    const far = own.reduce((a, b) => Math.max(a, b));
    const near = own.reduce((a, b) => Math.min(a, b));
    return { far, span: Math.max(f(far - near), f(1e-6)) };
  });
  return map(image, (_, i) => {
    const pixel = Math.floor(i / CHANNELS);
    const { far, span } = spans[Math.floor(pixel / size)];
    return f(far - depths[pixel]) / span;
  });
}

/** The sum of each pixel's values. */
const pixelSums = ({ data }: Tensor): Float32Array =>
  Float32Array.from({ length: data.length / CHANNELS }, (_, i) =>
    f(f(data[CHANNELS * i] + data[CHANNELS * i + 1]) + data[CHANNELS * i + 2]),
  );

/** What a prediction [N,H,W,3] in 0..1 becomes, by what is predicted. */
export const MARIGOLD_PICTURES = {
  depth: nearAsBright,
  normals: unitNormals,
  albedo: (image: Tensor): Tensor => map(image, linearToSrgb),
} as const;
