// FLUX.1 and SD3 merged block by block against ComfyUI (test/golden/merge/make_dit.py).
import { afterAll, expect, it } from 'vitest';
import { fixtureWeights } from '../../../../../test/support/dit-cases.ts';
import { expectGolden, fixtureModel, golden } from '../../../../../test/support/golden.ts';
import { runNode } from '../../../../../test/support/run-node.ts';
import { openSafetensors } from '../../../../formats/safetensors/safetensors.ts';
import type { Denoiser } from '../../../../models/denoiser.ts';
import { createDit } from '../../../../models/dit/network.ts';
import { createFlux } from '../../../../models/flux/network.ts';
import { mmdit } from '../../../../models/mmdit/mmdit.ts';
import { weightsOf } from '../../../../models/weights/tensors.ts';
import { createRuntime } from '../../../../runtime/runtime.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';

const g = golden('merge', 'dit');
const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

async function denoiserOf(name: string): Promise<Denoiser> {
  if (name === 'tiny_flux_dev') return createFlux(runtime, await fixtureWeights(name));
  const file = fixtureModel(name);
  const { tensors, close } = await openSafetensors(file);
  await close();
  return createDit(runtime, weightsOf(file, tensors, ''), mmdit);
}

it.each(g.cases)('golden merge/dit $id', async ({ id, params, inputs, outputs }) => {
  const denoiser = await denoiserOf(params.model);
  const family = params.model === 'tiny_flux_dev' ? 'flux' : 'sd3';
  const larger = denoiser.variant({ changes: [{ factor: () => params.factor }] });
  const [merged] = await runNode<[Model]>(id, {
    model1: { family, denoiser },
    model2: { family, denoiser: larger },
    ...params.ratios,
  });
  const [x, context, y] = ['x', 'context', 'y'].map((name) => g.float(inputs[name]));
  const v = await merged.denoiser.evaluate({
    x,
    context,
    y,
    timesteps: Float32Array.of(params.timestep),
    guidance: Float32Array.of(3.5),
  });
  expectGolden(g, id, outputs.v, v);
  expect(merged.denoiser.base?.changes).toHaveLength(1);
});
