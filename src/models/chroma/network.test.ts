// Chroma against ComfyUI: predictions, and values inside.
import { afterAll, describe, it } from 'vitest';
import { expectBlockStates } from '../../../test/support/dit.ts';
import { caseInputs, denoisedBy, fixtureWeights } from '../../../test/support/dit-cases.ts';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { fractionEmbedding } from '../unet/timestep.ts';
import { MODULATIONS } from './config.ts';
import { EMBEDDINGS } from './graph.ts';
import { CHROMA, createChroma } from './network.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

describe('golden dit/chroma', () => {
  const g = golden('dit', 'chroma');
  it.each(g.cases)('$id', async (goldenCase) => {
    const { id, params, outputs } = goldenCase;
    const denoiser = createChroma(runtime, await fixtureWeights(params.model));
    const inputs = caseInputs(g, goldenCase);
    const v = await denoiser.evaluate(inputs);
    expectGolden(g, id, outputs.v, v);
    expectGolden(g, id, outputs.denoised, denoisedBy(v, inputs));
  });

  it('computes the states of each block', () =>
    expectBlockStates(g, CHROMA, caseInputs(g, g.cases[0])));
});

describe('golden dit/parts', () => {
  const g = golden('dit', 'parts');
  it.each([
    ['temb_flux_256', 256],
    ['temb_flux_16', EMBEDDINGS.time],
  ])('%s', (id, width) => {
    const { inputs, outputs } = g.cases.find((one) => one.id === id)!;
    expectGolden(g, id, outputs.out, fractionEmbedding(g.float(inputs.t).data, width));
  });
  it('temb_chroma_index', () => {
    const numbers = Array.from({ length: MODULATIONS }, (_, i) => i);
    expectGolden(
      g,
      'temb_chroma_index',
      'temb_chroma_index/out',
      fractionEmbedding(numbers, EMBEDDINGS.index),
    );
  });
});
