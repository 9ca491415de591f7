// Sampling with a small Redux, whose tokens are weighed by either strength_type, against ComfyUI
// (test/golden/dit/make_redux.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fixtureWeights } from '../../../test/support/dit-cases.ts';
import { noiseTensor, seededTensors } from '../../../test/support/files/rewrite.ts';
import {
  expectExact,
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { sampleFlow } from '../../../test/support/sampling.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import type { Conditioning, Model } from '../../sampling/sampling-types.ts';
import { zeros } from '../../tensor/tensor.ts';
import type { StyleModel } from '../style/load.ts';
import { createFlux } from './network.ts';

const g = golden('dit', 'flux_redux');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-redux-'));
const redux = join(folder, 'redux.safetensors');
const models = ['tiny_flux_dev', 'tiny_chroma'];
const context = testContext({
  diffusion_models: Object.fromEntries(models.map((name) => [name, fixtureModel(name)])),
  style_models: { 'redux.safetensors': redux },
});
beforeAll(() => writeSafetensors(redux, seededTensors(g.cases[0].params.redux)));
afterAll(async () => {
  await context.runtime.close();
  rmSync(folder, { recursive: true });
});

type Application = readonly [images: number, seed: number, strength: number, strengthType: string];

async function apply(
  conditioning: Conditioning,
  [images, seed, strength, strength_type]: Application,
): Promise<Conditioning> {
  const file = { style_model_name: 'redux.safetensors' };
  const [style_model] = await runNode<[StyleModel]>('StyleModelLoader', file, context);
  const clip_vision_output = { last: noiseTensor([images, 3, 8], seed, 3) };
  const inputs = { conditioning, style_model, clip_vision_output, strength, strength_type };
  return (await runNode<[Conditioning]>('StyleModelApply', inputs, context))[0];
}

async function styled({ params }: GoldenCase, side: number): Promise<Conditioning> {
  const [length, applied] = params.sides[side];
  let conditioning: Conditioning = [
    {
      cond: noiseTensor([1, length, 80], 2 + side, 3),
      ...(params.model === 'tiny_flux_dev' && {
        pooled_output: noiseTensor([1, 32], 12 + side, 3),
      }),
    },
  ];
  for (const one of applied) conditioning = await apply(conditioning, one);
  return conditioning;
}

it.each(g.cases)('golden dit/flux_redux $id', async (goldenCase) => {
  const { id, params, outputs } = goldenCase;
  const file = { unet_name: params.model, weight_dtype: 'default' };
  const [model] = await runNode<[Model]>('UNETLoader', file, context);
  const [positive, negative] = [await styled(goldenCase, 0), await styled(goldenCase, 1)];
  for (const [name, [{ attention_bias: bias }]] of Object.entries({ positive, negative })) {
    expect(bias === undefined).toBe(outputs[name] === undefined);
    if (bias) expectExact(g, id, outputs[name], bias.data);
  }
  const samples = await sampleFlow({ model, steps: 3, positive, negative, size: params.size });
  expectGolden(g, id, outputs.samples, samples);
});

const prompt = { cond: noiseTensor([1, 5, 80], 2, 3) };
const half: Application = [1, 20, 0.5, 'attn_bias'];

it('refuses a strength of 0, of which ComfyUI makes NaN, and hidden padding', async () => {
  const none = apply([prompt], [1, 20, 0, 'attn_bias']);
  await expect(none).rejects.toMatchObject({ input: 'strength' });
  const padded = apply([{ ...prompt, attention_mask: zeros([1, 5]) }], half);
  await expect(padded).rejects.toMatchObject({ input: 'conditioning' });
});

it('refuses tokens that the bias does not have, as ComfyUI does', async () => {
  const [{ cond, attention_bias: attentionBias }] = await apply([prompt], half);
  const denoiser = createFlux(context.runtime, await fixtureWeights('tiny_flux_dev'));
  const inputs = {
    x: noiseTensor([1, 16, 4, 4], 1, 3),
    timesteps: Float32Array.of(0.5),
    context: cond,
    attentionBias,
  };
  await expect(denoiser.evaluate(inputs)).resolves.toBeDefined();
  const message = /a style model biases the attention of a prompt of 8 tokens/;
  await expect(denoiser.evaluate({ ...inputs, context: prompt.cond })).rejects.toThrow(message);
  const references = { latents: [noiseTensor([1, 16, 4, 4], 1, 3)] };
  await expect(denoiser.evaluate({ ...inputs, references })).rejects.toThrow(message);
});
