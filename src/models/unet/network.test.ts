// UNets of the fixture checkpoints against the originals: plain evaluations, denoising at sigmas,
// timestep embeddings.
import { afterAll, describe, expect, it } from 'vitest';
import { expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { map } from '../../tensor/tensor.ts';
import { loadCheckpoint } from '../checkpoint/load.ts';
import type { Denoiser } from '../denoiser.ts';
import { applyLora } from '../lora/apply.ts';
import { openLora } from '../lora/file.ts';
import { timestepEmbedding } from './timestep.ts';

const LORAS: Readonly<Record<string, string>> = { base: 'tiny_lora_sdxl', sd1: 'tiny_lora_sd1' };
const MODELS: Readonly<Record<string, string>> = {
  base: 'tiny_sdxl_base',
  refiner: 'tiny_sdxl_refiner',
  sd1: 'tiny_sd1',
};
const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());
const unetOf = async (model: string) =>
  (await loadCheckpoint(fixtureModel(MODELS[model]), runtime)).denoiser!;

/** Rounds sigma to a timestep as the original does: the nearest log sigma of the table. */
function timestepOf(sigma: number): number {
  let alpha = 1;
  let best = 0;
  let nearest = Number.POSITIVE_INFINITY;
  for (let t = 0; t < 1000; t++) {
    const root = Math.sqrt(0.00085) + ((Math.sqrt(0.012) - Math.sqrt(0.00085)) * t) / 999;
    alpha *= 1 - root * root;
    const distance = Math.abs(Math.log(sigma) - Math.log(Math.sqrt((1 - alpha) / alpha)));
    if (distance >= nearest) continue;
    nearest = distance;
    best = t;
  }
  return best;
}

describe('UNet', () => {
  const unet = golden('networks', 'unet');
  it.each(Object.keys(MODELS))('%s returns the predictions of the original', async (model) => {
    const network = await unetOf(model);
    const cases = unet.cases.filter((c) => c.params.model === model);
    expect(cases.length).toBe(model in LORAS ? 6 : 3);
    for (const { id, params, inputs, outputs } of cases) {
      const [x, context] = [unet.float(inputs.x), unet.float(inputs.context)];
      const y = inputs.y ? unet.float(inputs.y) : undefined;
      let changed: Denoiser = network;
      for (const strength of [params.lora_strength ?? []].flat())
        changed = applyLora({ unet: changed }, await openLora(fixtureModel(LORAS[model])), {
          unet: strength,
          clip: 0,
        }).unet!;
      const out = await changed.evaluate({ x, timesteps: unet.float(inputs.t).data, context, y });
      expectGolden(unet, id, outputs.out, out);
    }
  });

  const applyModel = golden('networks', 'apply_model');
  it.each(Object.keys(MODELS))('%s returns the denoised latents of the original', async (model) => {
    const network = await unetOf(model);
    for (const { id, params, inputs, outputs } of applyModel.cases.filter(
      (c) => c.params.model === model,
    )) {
      const x = applyModel.float(inputs.x);
      const sigma = Math.fround(params.sigma);
      const scale = Math.fround(Math.sqrt(Math.fround(Math.fround(sigma * sigma) + 1)));
      const scaled = map(x, (v) => v / scale);
      const timesteps = new Float32Array(x.shape[0]).fill(timestepOf(sigma));
      const y = inputs.y ? applyModel.float(inputs.y) : undefined;
      const eps = await network.evaluate({
        x: scaled,
        timesteps,
        context: applyModel.float(inputs.context),
        y,
      });
      expectGolden(
        applyModel,
        id,
        outputs.denoised,
        map(x, (v, i) => v - Math.fround(eps.data[i] * sigma)),
      );
    }
  });

  it('returns the timestep embeddings of the original', () => {
    for (const { id, params, inputs, outputs } of applyModel.cases.filter(
      (c) => c.params.fn === 'timestep_embedding',
    ))
      expectGolden(
        applyModel,
        id,
        outputs.out,
        timestepEmbedding(applyModel.float(inputs.t).data, params.dim),
      );
  });
});
