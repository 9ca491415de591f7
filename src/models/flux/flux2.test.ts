// FLUX.2 against ComfyUI: predictions of klein with and without reference images, and values inside.
import { afterAll, describe, expect, it } from 'vitest';
import { ditStates } from '../../../test/support/dit.ts';
import {
  caseInputs,
  denoisedBy,
  fixtureWeights,
  stateName,
} from '../../../test/support/dit-cases.ts';
import { expectGolden, type GoldenCase, golden } from '../../../test/support/golden.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { full, type Tensor } from '../../tensor/tensor.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import { createFlux2, FLUX2 } from './network.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

describe('golden dit/klein', () => {
  const g = golden('dit', 'klein');
  // the latents of FLUX.2's autoencoder are those of the model
  const inputsOf = (goldenCase: GoldenCase): DenoiserInputs =>
    caseInputs(g, goldenCase, (latent: Tensor) => latent);

  it.each(g.cases)('$id', async (goldenCase) => {
    const { id, params, outputs } = goldenCase;
    const denoiser = createFlux2(runtime, await fixtureWeights(params.model));
    const inputs = inputsOf(goldenCase);
    const v = await denoiser.evaluate(inputs);
    expectGolden(g, id, outputs.v, v);
    expectGolden(g, id, outputs.denoised, denoisedBy(v, inputs));
  });

  it('computes the states of each block', async () => {
    const [goldenCase] = g.cases;
    const weights = await fixtureWeights(goldenCase.params.model);
    const none = { skipped: full([4], 0) };
    const states = await ditStates(FLUX2, weights, inputsOf(goldenCase), none);
    expect(Object.keys(states).filter((name) => !g.has(stateName(name)))).toEqual([]);
    for (const [name, state] of Object.entries(states))
      expectGolden(g, 'c0', stateName(name), state);
  });
});
