// Edges against kornia's canny, which ComfyUI's Canny node calls (test/golden/canny): every pixel.
import { describe, expect, it } from 'vitest';
import { noise } from '../../../test/support/files/rewrite.ts';
import { expectExact, golden } from '../../../test/support/golden.ts';
import { full, type Tensor, tensor } from '../../tensor/tensor.ts';
import { canny } from './canny.ts';

const g = golden('canny', 'edges');

describe('golden canny/edges', () => {
  it.each(g.cases)('$id', ({ id, params, inputs, outputs }) => {
    const { shape, low, high, seed } = params;
    const count = shape.reduce((n: number, d: number) => n * d, 1);
    const bytes = seed === undefined ? (g.tensor(inputs.image).data as Uint8Array) : undefined;
    const image: Tensor = tensor(
      shape,
      bytes ? Float32Array.from(bytes, (v) => v / 255) : noise(count, seed, 1).map((v) => v + 0.5),
    );
    expectExact(g, id, outputs.edges, canny(image, low, high).data);
  });
});

it.each([
  { what: 'thresholds in the wrong order', shape: [1, 8, 8, 3], low: 0.8, high: 0.4 },
  { what: 'transparency', shape: [1, 8, 8, 4], low: 0.1, high: 0.4 },
  { what: 'an image of two rows', shape: [1, 2, 8, 3], low: 0.1, high: 0.4 },
])('refuses $what', ({ shape, low, high }) => {
  expect(() => canny(full(shape, 0), low, high)).toThrow(
    expect.objectContaining({ code: 'DR_INPUT_INVALID' }),
  );
});
