import { describe, expect, it } from 'vitest';
import { tensor } from '../../tensor/tensor.ts';
import { decode } from './decode-boxes.ts';

describe('decode', () => {
  const size = { width: 16, height: 16 };
  const decoding = {
    head: { classes: 2, bins: 1, labels: new Map([[1, 'cat']]) },
    strides: [8],
    inputSize: size,
    imageSize: size,
  };
  /** Four cells of 8 pixels; only the first has an object, half a cell in each direction. */
  const outputs = {
    distances: tensor([1, 4, 4], new Float32Array(16).fill(0.5)),
    scores: tensor([1, 2, 4], Float32Array.of(0.1, 0, 0, 0, 0.9, 0.2, 0, 0)),
  };

  it('returns boxes above the threshold with their labels', () => {
    const boxes = decode(outputs, 0.5, decoding);
    expect(boxes).toMatchObject([{ corners: [0, 0, 8, 8], label: 'cat' }]);
    expect(boxes[0].score).toBeCloseTo(0.9, 6);
  });

  it('uses the index of a class without a name', () => {
    const boxes = decode(outputs, 0.5, {
      ...decoding,
      head: { ...decoding.head, labels: new Map() },
    });
    expect(boxes.map(({ label }) => label)).toEqual(['1']);
  });

  it('returns boxes by falling score', () => {
    const labels = decode(outputs, 0.15, decoding).map(({ score }) => Number(score.toFixed(1)));
    expect(labels).toEqual([0.9, 0.2]);
  });
});
