// The guidance nodes, one after another, against ComfyUI's sampling_function on fixed predictions.
import { expect, it } from 'vitest';
import { expectGolden, golden } from '../../../../../test/support/golden.ts';
import { runNode } from '../../../../../test/support/run-node.ts';
import { guideSides } from '../../../../sampling/guiders/guidance-step.ts';
import { discreteSampling } from '../../../../sampling/model/model-sampling.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';

const g = golden('core_nodes', 'guidance');
const evaluate = (): never => {
  throw new Error('no network here');
};

it('computes the same guidance as the originals', async () => {
  expect(g.cases.length).toBe(47);
  for (const { id, params, inputs, outputs } of g.cases) {
    let model = {} as Model;
    for (const [type, { operation, ...options }] of params.nodes) {
      const latentOperation = operation && (await runNode(operation[0], operation[1]))[0];
      [model] = await runNode(type, { model, ...options, operation: latentOperation });
    }
    for (const [i, sigma] of params.sigmas.entries()) {
      const [x, cond, uncond] = ['x', 'cond', 'uncond'].map((name) =>
        g.float(inputs[`${name}.${i}`]),
      );
      const { denoised } = await guideSides(model, {
        x,
        sigma,
        sampling: discreteSampling(),
        cfg: params.cfg,
        cond,
        uncond,
        single: !params.both,
        evaluate,
      });
      expectGolden(g, id, outputs[i], denoised);
    }
  }
});
