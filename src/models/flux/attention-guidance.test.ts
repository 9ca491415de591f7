// NAGuidance on FLUX.1 and Chroma against ComfyUI (test/golden/dit/make_nag.py).
import { afterAll, expect, it } from 'vitest';
import { caseInputs, fixtureWeights } from '../../../test/support/dit-cases.ts';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { createChroma } from '../chroma/network.ts';
import { createFlux } from './network.ts';

const g = golden('dit', 'flux_guided');
const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

it.each(g.cases)('golden dit/flux_guided $id', async (goldenCase) => {
  const { id, params, outputs } = goldenCase;
  const create = params.model === 'tiny_chroma' ? createChroma : createFlux;
  const plain = create(runtime, await fixtureWeights(params.model));
  const guided = params.guidances.reduce(
    (denoiser: typeof plain, [scale, alpha, tau]: [number, number, number]) =>
      denoiser.variant({ patches: [{ kind: 'attentionGuidance', scale, alpha, tau }] }),
    plain,
  );
  const inputs = { ...caseInputs(g, goldenCase), sides: params.sides };
  const v = await guided.evaluate(inputs);
  expectGolden(g, id, outputs.v, v);
  if (params.sides.length === 1)
    expect(v.data[0]).toBeCloseTo((await plain.evaluate(inputs)).data[0], 5);
  expect(guided.withPatchesOf!(plain).graphChange?.patches ?? []).toEqual([]);
  expect(plain.withPatchesOf!(guided).graphChange?.patches).toHaveLength(params.guidances.length);
});
