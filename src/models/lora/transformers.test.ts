// LoRAs of diffusion transformers against ComfyUI (test/golden/weights/lora).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { caseInputs, denoisedBy, fixtureWeights } from '../../../test/support/dit-cases.ts';
import { expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { map, type Tensor } from '../../tensor/tensor.ts';
import { auraFlow } from '../auraflow/auraflow.ts';
import { createChroma } from '../chroma/network.ts';
import type { Denoiser, DenoiserInputs } from '../denoiser.ts';
import { createDit } from '../dit/network.ts';
import { createFlux, createFlux2 } from '../flux/network.ts';
import { createKrea2 } from '../krea2/krea2.ts';
import { mmdit } from '../mmdit/mmdit.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { fromDiffusersNextDit } from '../nextdit/diffusers-nextdit.ts';
import { createNextDit } from '../nextdit/nextdit.ts';
import { createQwenImage } from '../qwenimage/qwen-image.ts';
import { createPrepackedStore } from '../weights/prepacked-store.ts';
import type { Weights } from '../weights/tensors.ts';
import { applyLora } from './apply.ts';
import { openLora } from './file.ts';

const runtime = createRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-loras-'));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const MODELS: Readonly<Record<string, (weights: Weights) => Denoiser>> = {
  tiny_flux_dev: (weights) => createFlux(runtime, weights),
  tiny_flux2_klein: (weights) => createFlux2(runtime, weights),
  tiny_chroma: (weights) => createChroma(runtime, weights),
  tiny_z_image: (weights) => createNextDit(runtime, weights),
  tiny_lumina2: (weights) => createNextDit(runtime, weights),
  tiny_sd35_medium: (weights) => createDit(runtime, weights, mmdit),
  tiny_qwen_image: (weights) => createQwenImage(runtime, weights),
  tiny_auraflow: (weights) => createDit(runtime, weights, auraFlow),
  tiny_krea2: (weights) => createKrea2(runtime, weights),
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

  it('change a file in diffusers’ layout in the same way', async () => {
    const { id, params, inputs, outputs } = CASES.find((one) => one.id === 'z_image_peft_1.0')!;
    const weights = await fixtureWeights('tiny_z_image_diffusers', fromDiffusersNextDit);
    const lora = await openLora(fixtureModel(params.lora));
    const strengths = { unet: params.strength, clip: 0 };
    const { unet } = applyLora({ unet: createNextDit(runtime, weights) }, lora, strengths);
    const own = caseInputs(g, { id, params, inputs, outputs });
    expectGolden(g, id, outputs.denoised, denoisedBy(await unet!.evaluate(own), own));
  });

  it('leave int8 layers in integers', async () => {
    const { id, params, inputs, outputs } = CASES.find((one) => one.id === 'flux_dev_peft_1.0')!;
    const int8Weights = createPrepackedStore({ folder });
    const int8Runtime = createModelRuntime({ threads: 1, precision: 'int8', int8Weights });
    const plain = createFlux(int8Runtime, await fixtureWeights(params.model));
    const lora = await openLora(fixtureModel(params.lora));
    const { unet } = applyLora({ unet: plain }, lora, { unet: params.strength, clip: 0 });
    const own = caseInputs(g, { id, params, inputs, outputs });
    const got = denoisedBy(await unet!.evaluate(asModelInputs(params.model, own)), own);
    await int8Runtime.close();
    const exact = g.float(outputs.denoised);
    const error = map(got, (value, i) => value - exact.data[i]);
    const relative = Math.sqrt(squares(error) / squares(exact));
    expect(relative).toBeGreaterThan(1e-4);
    expect(relative).toBeLessThan(3e-2);
  });
});

const squares = ({ data }: Tensor): number => data.reduce((sum, value) => sum + value * value, 0);
