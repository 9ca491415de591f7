// The node against ComfyUI's sampling_function on fixed predictions (golden: make_tonemap.py of
// test/golden/core_nodes).
import { expect, it } from 'vitest';
import { expectGolden, golden } from '../../../../test/support/golden.ts';
import { runNode } from '../../../../test/support/run-node.ts';
import { guideSides } from '../../../sampling/guiders/guidance-step.ts';
import { discreteSampling } from '../../../sampling/model/model-sampling.ts';
import type { Model } from '../../../sampling/sampling-types.ts';

const g = golden('core_nodes', 'tonemap');

it('compresses strong guidance as the original does', async () => {
  expect(g.cases.length).toBe(3);
  for (const { id, params, inputs, outputs } of g.cases) {
    const [model] = await runNode<[Model]>('ModelSamplerTonemapNoiseTest', {
      model: {},
      multiplier: params.multiplier,
    });
    const [x, cond, uncond] = ['x', 'cond', 'uncond'].map((name) => g.float(inputs[name]));
    const evaluate = () => Promise.reject(new Error('no network here'));
    const { denoised } = await guideSides(model, {
      x,
      sigma: 3,
      sampling: discreteSampling(),
      cfg: params.cfg,
      cond,
      uncond,
      single: false,
      evaluate,
    });
    expectGolden(g, id, outputs.out, denoised);
  }
});
