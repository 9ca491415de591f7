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

it('refuses thresholds in the wrong order, transparency and tiny pictures', () => {
  const expectRefused = (image: Tensor, low: number, high: number) =>
    expect(() => canny(image, low, high)).toThrow(
      expect.objectContaining({ code: 'DR_INPUT_INVALID' }),
    );
  expectRefused(full([1, 8, 8, 3], 0), 0.8, 0.4);
  expectRefused(full([1, 8, 8, 4], 0), 0.1, 0.4);
  expectRefused(full([1, 2, 8, 3], 0), 0.1, 0.4);
});
