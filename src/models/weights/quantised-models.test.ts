// Whole denoisers in the weight formats that people have, against ComfyUI (UNETLoader).
import { afterAll, describe, expect, it } from 'vitest';
import { caseInputs, denoisedBy } from '../../../test/support/dit-cases.ts';
import {
  difference,
  expectGolden,
  fixtureModel,
  type Golden,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { withModelFile } from '../../formats/model-file.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { fluxTensors } from '../flux/layout.ts';
import { createFlux } from '../flux/network.ts';
import { createNextDit } from '../nextdit/nextdit.ts';
import { weightsOf } from './tensors.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

const g = golden('weights', 'models');
const UNET = 'model.diffusion_model.';

/** The denoised latent of a case, by the loaders' own steps. */
async function denoised({ params, inputs }: GoldenCase, of: Golden = g): Promise<Tensor> {
  const file = fixtureModel(params.model.replace('.gguf', ''), formatOf(params.model));
  const tensors = await withModelFile(file, (opened) => opened.tensors);
  const prefix = [...tensors.keys()].some((name) => name.startsWith(UNET)) ? UNET : '';
  const denoiser = params.model.includes('z_image')
    ? createNextDit(runtime, weightsOf(file, tensors, prefix))
    : createFlux(runtime, weightsOf(file, fluxTensors(tensors), prefix));
  const given = caseInputs(of, { params, inputs } as GoldenCase);
  return denoisedBy(await denoiser.evaluate(given), given);
}

const formatOf = (model: string): string => (model.endsWith('.gguf') ? 'gguf' : 'safetensors');

const ofModel = (pattern: RegExp): readonly GoldenCase[] =>
  g.cases.filter(({ params }) => pattern.test(params.model));

describe('denoisers of quantised files', () => {
  it.each(ofModel(/_fp8_/))('$id', async (one) => {
    expectGolden(g, one.id, one.outputs.denoised, await denoised(one));
  });

  const blocks = golden('weights', 'gguf');
  it.each(blocks.cases.filter(({ params }) => params.model))('$id', async (one) => {
    expectGolden(blocks, one.id, one.outputs.denoised, await denoised(one, blocks));
  });

  // where an input is near the middle of two 8-bit steps, the last bits of float32 decide; how
  // often the original differs from itself for this reason: test/golden/weights/int8_spread.py
  const neighbours = golden('weights', 'int8_neighbours');
  it.each(ofModel(/_int8_/))('$id, or a result of ComfyUI with inputs 1e-7 away', async (one) => {
    const { data } = await denoised(one);
    const others = neighbours.cases.find(({ id }) => id === one.id)!.outputs;
    const candidates = [
      difference(g, one.outputs.denoised, data),
      ...Object.values(others).map((name) => difference(neighbours, name, data)),
    ];
    const nearest = candidates.reduce((a, b) => (b.worst < a.worst ? b : a));
    expect(nearest.worst).toBeLessThanOrEqual(nearest.bound);
  });
});

describe('rounding of a quantised file (UNETLoader weight_dtype)', () => {
  // comfy.sd.load_diffusion_model_state_dict(sd, model_options={'dtype': torch.float8_e4m3fn}):
  // {k: p.dtype for k, p in model.diffusion_model.named_parameters()}, torch.float32 or quantised
  // but for the norms
  it.each<[string, boolean]>([
    ['img_in.weight', true],
    ['double_blocks.0.img_attn.qkv.weight', true],
    ['double_blocks.0.img_attn.qkv.bias', true],
    ['double_blocks.0.img_attn.norm.query_norm.weight', false],
  ])('of %s: exact is %s', async (name, isExact) => {
    const file = fixtureModel('tiny_flux_dev_fp8_mixed');
    const tensors = fluxTensors(await withModelFile(file, (opened) => opened.tensors));
    const weights = weightsOf(file, tensors, '', { rounding: 'f8e4m3' });
    expect(weights.isExact?.(name)).toBe(isExact);
  });
});
