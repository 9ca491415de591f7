// ImageQuantize against the original with Pillow (test/golden/core_nodes/make_quantize.py).
import { expect, it } from 'vitest';
import { noise } from '../../../test/support/files/rewrite.ts';
import { golden, type Params } from '../../../test/support/golden.ts';
import { sizeOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { quantize } from './quantize.ts';

const f = Math.fround;

function picture({ kind, shape, seed }: Params): Tensor {
  const [, height, width] = shape;
  if (kind === 'slopes')
    return tensor(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
        const c = i % 3;
        const x = Math.floor(i / 3) % width;
        const y = Math.floor(i / (3 * width)) % height;
        const n = Math.floor(i / (3 * width * height));
        return ((x * (c + 1) + y * (3 - c) + 40 * n + seed) % 256) / 255;
      }),
    );
  const values = noise(sizeOf(shape), seed, 1).map((value) => f(value + 0.5));
  // No value is halfway between two levels.
  return tensor(
    shape,
    kind === 'noise' ? values : values.map((value) => Math.round(f(value * 3)) / 3),
  );
}

const g = golden('core_nodes', 'quantize');

it.each(g.cases.map((one) => [one.id, one] as const))('%s', (_, { params, outputs }) => {
  const { data } = quantize(picture(params), params.colors, params.dither);
  const sampled = data.filter((_value, i) => i % params.every === 0);
  const expected = g.tensor(outputs.bytes).data as Uint8Array;
  expect(sampled).toEqual(Float32Array.from(expected, (value) => value / 255));
});
