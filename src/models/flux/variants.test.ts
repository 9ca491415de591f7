// Skipped blocks, guidance by row and the input channels of the Canny and Depth variants, against
// ComfyUI (test/golden/dit/make_flux.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { caseInputs, fixtureWeights, fluxWeights } from '../../../test/support/dit-cases.ts';
import { tensorsOf } from '../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { createChroma } from '../chroma/network.ts';
import type { Denoiser } from '../denoiser.ts';
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
