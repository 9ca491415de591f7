import { describe, expect, it } from 'vitest';
import { full, tensor } from '../../tensor/tensor.ts';
import { discreteSampling } from '../model/model-sampling.ts';
import { addPostCfg, addPreCfg, setCfgFunction } from '../patches/patch-model.ts';
import type { GuidanceStep, Model, SidesStep } from '../sampling-types.ts';
import { applyGuidance, guideSides, perpendicular } from './guidance-step.ts';

const SHAPE = [1, 1, 1, 1];
const value = (x: number) => full(SHAPE, x);
const unpatched = {} as Model;
const step: GuidanceStep & SidesStep = {
  x: value(0),
  sigma: 1,
  sampling: discreteSampling(),
  cfg: 3,
  cond: value(2),
  uncond: value(1),
  single: false,
  evaluate: () => Promise.reject(new Error('not evaluated')),
};

it('applyGuidance is uncond + (cond - uncond) * cfg', () => {
  expect(applyGuidance(value(1), value(2), 3).data[0]).toBe(4);
});

describe('perpendicular', () => {
  const vector = (...values: number[]) =>
    tensor([1, values.length, 1, 1], Float32Array.from(values));
  const empty = vector(0, 0);

  it('ignores the part of the negative that is parallel to the positive', () => {
    const guided = perpendicular(vector(1, 0), vector(5, 0), empty, 1, 2);
    expect([...guided.data]).toEqual([2, 0]);
  });

  it('guides away from the part that is perpendicular', () => {
    const guided = perpendicular(vector(1, 0), vector(5, 3), empty, 0.5, 2);
    expect([...guided.data]).toEqual([2, -3]);
  });
});

describe('guideSides', () => {
  const guided = async (model: Model) => {
    const { denoised, uncond } = await guideSides(model, step);
    return { denoised: denoised.data[0], uncond: uncond.data[0] };
  };

  it('guides without patches', async () => {
    expect(await guided(unpatched)).toEqual({ denoised: 4, uncond: 1 });
  });

  it('applies pre-cfg patches in turn, before guidance', async () => {
    const doubled = addPreCfg(unpatched, ({ cond, uncond }) => ({
      cond: value(cond.data[0] * 2),
      uncond,
    }));
    const shifted = addPreCfg(doubled, ({ cond, uncond }) => ({
      cond: value(cond.data[0] + 1),
      uncond: value(uncond.data[0] - 1),
    }));
    expect(await guided(shifted)).toEqual({ denoised: 15, uncond: 0 });
  });

  it('replaces guidance by the cfg function, then applies post-cfg patches in turn', async () => {
    const replaced = setCfgFunction(unpatched, ({ cond }) => cond);
    const doubled = addPostCfg(replaced, (denoised) => value(denoised.data[0] * 2));
    const shifted = addPostCfg(doubled, (denoised) => value(denoised.data[0] + 1));
    expect(await guided(shifted)).toEqual({ denoised: 5, uncond: 1 });
  });
});
