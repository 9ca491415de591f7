import { describe, expect, it } from 'vitest';
import {
  alphaOf,
  exponentialStep,
  hPhi1,
  hPhi2,
  hPhi2OfDifference,
  lambdaOf,
  phi1,
  phi2,
  sigmaOf,
} from './exponential-integrator.ts';

const STEPS = [-2, -0.5, 0.25, 1, 3];

/** phi_k(h) as its series, the sum of h^j / (j + k)!, in double precision. */
function series(k: number, h: number): number {
  let term = 1;
  for (let i = 2; i <= k; i++) term /= i;
  let sum = 0;
  for (let j = 0; j < 60; j++) {
    sum += term;
    term *= h / (j + k + 1);
  }
  return sum;
}

describe('phi functions equal their series to float32 precision', () => {
  it.each(STEPS)('at %d', (h) => {
    expect(phi1(h), 'phi1').toBeCloseTo(series(1, h), 5);
    expect(phi2(h), 'phi2').toBeCloseTo(series(2, h), 5);
    expect(hPhi1(h), 'hPhi1').toBeCloseTo(h * series(1, h), 5);
    expect(hPhi2(h), 'hPhi2').toBeCloseTo(h * series(2, h), 5);
    expect(hPhi2OfDifference(h), 'hPhi2OfDifference').toBeCloseTo(h * series(2, h), 5);
  });
});

describe('lambda', () => {
  it.each([0.03, 1, 14.6])('is the inverse of sigma at %d', (sigma) => {
    expect(sigmaOf(lambdaOf(sigma))).toBeCloseTo(sigma, 5);
  });

  it.each([0.03, 1, 14.6])('has an alpha of 1 at %d', (sigma) => {
    expect(alphaOf(sigma, lambdaOf(sigma))).toBeCloseTo(1, 6);
  });
});

it('exponentialStep does not change a latent that equals its prediction', () => {
  const x = Float32Array.of(-1, 0.5, 2);
  const [from, to] = [lambdaOf(10), lambdaOf(2)];
  const stepped = exponentialStep(x, x, from, to, from - to);
  x.forEach((value, i) => {
    expect(stepped[i]).toBeCloseTo(value, 5);
  });
});
