import { describe, expect, it } from 'vitest';
import { RULES } from '../../../test/support/rules.ts';
import { discreteSampling } from '../model/model-sampling.ts';
import type { SampleArguments } from './sampler.ts';
import { ancestralStep, churn, derivative } from './steps.ts';

it('derivative is (x - denoised) / sigma', () => {
  const d = derivative(Float32Array.of(3, 5), 2, Float32Array.of(1, 1));
  expect([...d]).toEqual([1, 2]);
});

describe('ancestralStep', () => {
  it('splits the variance of the next sigma', () => {
    const { sigmaDown, sigmaUp } = ancestralStep(10, 5);
    expect(sigmaDown ** 2 + sigmaUp ** 2).toBeCloseTo(25, 4);
    expect(sigmaUp).toBeGreaterThan(0);
  });

  it('adds no noise for an eta of 0', () => {
    expect(ancestralStep(10, 5, 0)).toEqual({ sigmaDown: 5, sigmaUp: 0 });
  });

  it('adds no noise in the step to 0', () => {
    expect(ancestralStep(10, 0)).toEqual({ sigmaDown: 0, sigmaUp: 0 });
  });
});

describe('churn', () => {
  const x = Float32Array.of(1);
  const sigmas = Float32Array.of(10, 5, 0);
  const withOptions = (options: Partial<SampleArguments>) => {
    let draws = 0;
    const noise = () => {
      draws++;
      return Float32Array.of(1);
    };
    const base = {
      rules: RULES,
      noise,
      sampling: discreteSampling(),
      guided: () => Promise.reject(),
    };
    const result = (alwaysDraws?: boolean) => ({
      ...churn(x, sigmas, 0, { ...base, ...options }, alwaysDraws),
      draws,
    });
    return result;
  };

  it('is off by default', () => {
    expect(withOptions({})()).toEqual({ xHat: x, sigmaHat: 10, draws: 0 });
  });

  it('raises the latent to a higher sigma', () => {
    const { sigmaHat, xHat } = withOptions({ s_churn: 0.5 })();
    expect(sigmaHat).toBeCloseTo(12.5, 4);
    expect(xHat[0]).toBeCloseTo(1 + Math.sqrt(12.5 ** 2 - 100), 4);
  });

  it('leaves sigmas outside its range', () => {
    const { sigmaHat, xHat } = withOptions({ s_churn: 0.5, s_tmax: 9 })();
    expect(sigmaHat).toBe(10);
    expect(xHat).toBe(x);
  });
});
