import { describe, expect, it } from 'vitest';
import { tensor } from '../../tensor/tensor.ts';
import { gridPositions, type PromptWeights, promptTokens } from './point-prompt.ts';

/** One frequency per axis: features are sin(2 pi v), cos(2 pi v) of v = x in -1..1. */
const weights: PromptWeights = {
  frequencies: tensor([2, 1], Float32Array.of(1, 0)),
  kinds: [10, 20, 30, 40].map((value) => tensor([1, 2], Float32Array.of(value, value))),
  notAPoint: tensor([1, 2], Float32Array.of(-1, -2)),
};

describe('promptTokens', () => {
  it('adds the features of the position and the embedding of the kind', () => {
    // the centre of pixel 2 of 10 is at 0.25, that is -0.5 in -1..1: sin(-pi) = 0, cos(-pi) = -1
    const { shape, data } = promptTokens([{ x: 2, y: 7, kind: 1 }], weights, 10);
    expect(shape).toEqual([1, 2]);
    expect(data[0]).toBeCloseTo(20, 5);
    expect(data[1]).toBeCloseTo(19, 5);
  });

  it('has no position for padding', () => {
    const { data } = promptTokens([{ x: 0, y: 0, kind: -1 }], weights, 10);
    expect([...data]).toEqual([-1, -2]);
  });
});

describe('gridPositions', () => {
  it('has the features of the centre of each cell, by channel', () => {
    // cells at 0.25 and 0.75: -0.5 and 0.5 in -1..1
    const { shape, data } = gridPositions(weights, 2);
    expect(shape).toEqual([1, 2, 2, 2]);
    const [sines, cosines] = [[...data.slice(0, 4)], [...data.slice(4)]];
    for (const sine of sines) expect(sine).toBeCloseTo(0, 5);
    for (const cosine of cosines) expect(cosine).toBeCloseTo(-1, 5);
  });
});
