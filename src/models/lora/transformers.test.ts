// LoRAs of diffusion transformers against ComfyUI (test/golden/weights/lora).
import { afterAll, describe, expect, it } from 'vitest';
import { caseInputs, denoisedBy, fixtureWeights } from '../../../test/support/dit-cases.ts';
import { expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { createChroma } from '../chroma/network.ts';
import type { Denoiser, DenoiserInputs } from '../denoiser.ts';
import { createDit } from '../dit/network.ts';
import { createFlux } from '../flux/network.ts';
import { mmdit } from '../mmdit/mmdit.ts';
import { createNextDit } from '../nextdit/nextdit.ts';
import type { Weights } from '../weights/tensors.ts';
import { applyLora } from './apply.ts';
import { openLora } from './file.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

const MODELS: Readonly<Record<string, (weights: Weights) => Denoiser>> = {
  tiny_flux_dev: (weights) => createFlux(runtime, weights),
  tiny_chroma: (weights) => createChroma(runtime, weights),
  tiny_z_image: (weights) => createNextDit(runtime, weights),
  tiny_lumina2: (weights) => createNextDit(runtime, weights),
  tiny_sd35_medium: (weights) => createDit(runtime, weights, mmdit),
};
const plainModel = async (model: string): Promise<Denoiser> =>
  MODELS[model](await fixtureWeights(model));

/** The inputs that sampling gives a model at a sigma, with ComfyUI's default guidance. */
const asModelInputs = (model: string, inputs: DenoiserInputs): DenoiserInputs => ({
  ...inputs,
  timesteps: inputs.timesteps.map((sigma) => (model.startsWith('tiny_sd3') ? 1000 : 1) * sigma),
  ...(model === 'tiny_flux_dev' && { guidance: Float32Array.of(3.5) }),
});

const g = golden('weights', 'lora');
const CASES = g.cases.filter(({ params }) => params.model in MODELS);

describe('LoRAs of transformers', () => {
  it.each(CASES)('$id', async ({ id, params, inputs, outputs }) => {
    const lora = await openLora(fixtureModel(params.lora));
    const strengths = { unet: params.strength, clip: 0 };
    const { unet, unmatched, shapeMismatches } = applyLora(
      { unet: await plainModel(params.model) },
      lora,
      strengths,
    );
    expect({ unmatched, shapeMismatches }).toEqual({ unmatched: [], shapeMismatches: [] });
    const own = caseInputs(g, { id, params, inputs, outputs });
    const v = await unet!.evaluate(asModelInputs(params.model, own));
    expectGolden(g, id, outputs.denoised, denoisedBy(v, own));
  });

  it.each([...new Set(CASES.map(({ params }) => params.lora))])(
    'of low rank are computed beside the weights, with their strength as an input: %s',
    async (name) => {
      const { params } = CASES.find((one) => one.params.lora === name)!;
      const model = await plainModel(params.model);
      const lora = await openLora(fixtureModel(name));
      const planAt = (strength: number) =>
        applyLora({ unet: model }, lora, { unet: strength, clip: 0 }).unet!.base!.plan!;
      const isLowRank = !/lokr|diff$/.test(name);
      expect(planAt(1).merged.shapes.size === 0).toBe(isLowRank);
      expect(planAt(1).key === planAt(0.5).key).toBe(isLowRank);
    },
  );
});
