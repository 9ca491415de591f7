// Krea 2 against ComfyUI: predictions with and without reference images, and values inside.
import { afterAll, describe, expect, it } from 'vitest';
import { expectBlockStates } from '../../../test/support/dit.ts';
import { caseInputs, denoisedBy, fixtureWeights } from '../../../test/support/dit-cases.ts';
import { expectGolden, type GoldenCase, golden } from '../../../test/support/golden.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { toModelLatent, WAN21 } from '../../sampling/model/latent-format.ts';
import { zeros } from '../../tensor/tensor.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import { createKrea2, krea2 } from './krea2.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

const MODEL = 'tiny_krea2';
const g = golden('dit', 'krea2');
const inputsOf = (goldenCase: GoldenCase): DenoiserInputs =>
  caseInputs(g, goldenCase, (latent) => toModelLatent(WAN21, latent));

describe('golden dit/krea2', () => {
  it.each(g.cases)('$id', async (goldenCase) => {
    const { id, outputs } = goldenCase;
    const denoiser = createKrea2(runtime, await fixtureWeights(MODEL));
    const inputs = inputsOf(goldenCase);
    const v = await denoiser.evaluate(inputs);
    expectGolden(g, id, outputs.v, v);
    expectGolden(g, id, outputs.denoised, denoisedBy(v, inputs));
  });

  it('computes the states of each block', () => expectBlockStates(g, krea2, inputsOf(g.cases[0])));
});

it('refuses latents of several frames', async () => {
  const denoiser = createKrea2(runtime, await fixtureWeights(MODEL));
  const inputs = { ...inputsOf(g.cases[0]), x: zeros([1, 16, 3, 4, 4]) };
  await expect(denoiser.evaluate(inputs)).rejects.toMatchObject({
    code: 'DR_SHAPE_MISMATCH',
    message: 'the latent has 3 frames, and Krea 2 makes pictures of one',
  });
});
