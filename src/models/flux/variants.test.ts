// Skipped blocks, guidance by row and the input channels of the Canny and Depth variants, against
// ComfyUI (test/golden/dit/make_flux.py); int8 and changed weights.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  caseInputs,
  denoisedBy,
  fixtureWeights,
  fluxWeights,
} from '../../../test/support/dit-cases.ts';
import { tensorsOf } from '../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
  maxDifference,
} from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { map, type Tensor } from '../../tensor/tensor.ts';
import { createChroma } from '../chroma/network.ts';
import type { Denoiser } from '../denoiser.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { createPrepackedStore } from '../weights/prepacked-store.ts';
import { fluxFromDiffusers } from './layout.ts';
import { createFlux } from './network.ts';

const g = golden('dit', 'flux_variants');
const runtime = createRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-flux-'));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

async function denoiserOf({ params }: GoldenCase): Promise<Denoiser> {
  if (params.model === 'tiny_chroma')
    return createChroma(runtime, await fixtureWeights(params.model));
  if (!params.img_in) return createFlux(runtime, await fixtureWeights(params.model));
  const file = join(folder, 'wide.safetensors');
  await writeSafetensors(file, {
    ...(await tensorsOf(fixtureModel(params.model))),
    'img_in.weight': { dtype: 'F32', ...g.float(params.img_in) },
  });
  return createFlux(runtime, await fluxWeights(file));
}

it.each(g.cases)('golden dit/flux_variants $id', async (goldenCase) => {
  const { id, params, outputs } = goldenCase;
  const plain = await denoiserOf(goldenCase);
  const { double = [], single = [] } = params.skipped ?? {};
  const denoiser = params.skipped ? plain.variant({ skippedBlocks: { double, single } }) : plain;
  const inputs = caseInputs(g, goldenCase);
  expectGolden(g, id, outputs.v, await denoiser.evaluate(inputs));
  if (double.length + single.length > 0 && Math.max(...double, ...single) < 2)
    expect((await plain.evaluate(inputs)).data).not.toEqual((await denoiser.evaluate(inputs)).data);
});

const dev = golden('dit', 'flux_dev');
const [c0] = dev.cases;

it.each(['original', 'diffusers'])(
  'computes nearly the same in int8, in the %s layout',
  async (layout) => {
    const models = golden('weights', 'models');
    const goldenCase = models.cases.find(({ id }) => id === 'tiny_flux_schnell_0')!;
    const weights =
      layout === 'original'
        ? await fixtureWeights('tiny_flux_schnell')
        : await fixtureWeights('tiny_flux_schnell_diffusers', fluxFromDiffusers);
    const int8Runtime = createModelRuntime({
      threads: 1,
      precision: 'int8',
      int8Weights: createPrepackedStore({ folder: join(folder, layout) }),
    });
    const inputs = caseInputs(models, goldenCase);
    const v = await createFlux(int8Runtime, weights).evaluate(inputs);
    await int8Runtime.close();
    const exact = models.float(goldenCase.outputs.denoised);
    const error = map(denoisedBy(v, inputs), (value, i) => value - exact.data[i]);
    const relative = Math.sqrt(squares(error) / squares(exact));
    expect(relative).toBeGreaterThan(1e-4);
    expect(relative).toBeLessThan(3e-2);
  },
);

const squares = ({ data }: Tensor): number => data.reduce((sum, value) => sum + value * value, 0);

it('changes with its weights, whose parts are read one by one', async () => {
  const plain = createFlux(runtime, await fixtureWeights('tiny_flux_dev'));
  const inputs = caseInputs(dev, c0);
  const v = await plain.evaluate(inputs);
  const scaled = (factor: (name: string) => number | undefined): Promise<Tensor> =>
    plain.variant({ changes: [{ factor }] }).evaluate(inputs);
  const last = await scaled((name) => (name.startsWith('final_layer.linear.') ? 2 : undefined));
  expect(last).toEqual(map(v, (value) => 2 * value));
  const halved = (name: string): number | undefined =>
    /attn\.proj\.weight$/.test(name) ? 0.5 : undefined;
  // queries and keys are normalised, so that only the values grow
  const both = await scaled((name) => (/attn\.qkv\./.test(name) ? 2 : halved(name)));
  expectGolden(dev, c0.id, c0.outputs.v, both);
  expect(maxDifference(await scaled(halved), v)).toBeGreaterThan(0.01);
});
