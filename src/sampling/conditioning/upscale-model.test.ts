// Stable Diffusion's x4 upscaler, a small one, against the original
// (test/golden/upscale_model/make.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { noiseTensor, seededTensors, writeRenamed } from '../../../test/support/files/rewrite.ts';
import { expectGolden, golden, type Params } from '../../../test/support/golden.ts';
import { RULES } from '../../../test/support/rules.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { zeros } from '../../tensor/tensor.ts';
import { commonKSampler } from '../runs/ksampler.ts';
import type { Conditioning, Latent, Model } from '../sampling-types.ts';

const g = golden('upscale_model', 'samples');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-x4-'));
const diffusion_models = { x4: join(folder, 'x4.safetensors') };
const context = testContext({ diffusion_models });
beforeAll(async () => {
  await writeRenamed(diffusion_models.x4, seededTensors(g.cases[0].params.weights), (name) => name);
});
afterAll(async () => {
  await context.runtime.close();
  rmSync(folder, { recursive: true });
});

const prompt = (seed: number): Conditioning => [{ cond: noiseTensor([1, 77, 128], seed, 3) }];

type Conditioned = [Conditioning, Conditioning, Latent];

function conditioned(params: Params): Promise<Conditioned> | Conditioned {
  const { size, count = 1, scale_ratio = 4, augmentation = 0 } = params;
  const [positive, negative] = [prompt(1), prompt(2)];
  if (!size) return [positive, negative, { samples: zeros(params.latent) }];
  return runNode<Conditioned>('SD_4XUpscale_Conditioning', {
    images: noiseTensor([count, ...size, 3], 5, 1, 0.5),
    positive,
    negative,
    scale_ratio,
    noise_augmentation: augmentation,
  });
}

const cases = (node: boolean) =>
  g.cases
    .filter(({ params }) => (params.node === true) === node)
    .map((one) => [one.id, one] as const);

it.each(cases(true))('prepares an %s', async (id, { params, outputs }) => {
  const [[positive], [negative], latent] = await conditioned(params);
  expectGolden(g, id, outputs.image, positive.concat_image!);
  expect(negative.concat_image).toEqual(positive.concat_image);
  expect(latent.samples.shape).toEqual(params.latent);
});

it.each(cases(false))('samples: %s', async (id, { params, outputs }) => {
  const [loaded] = await runNode<[Model]>(
    'UNETLoader',
    { unet_name: 'x4', weight_dtype: 'default' },
    context,
  );
  let model = loaded;
  for (const [, node, inputs] of params.patches ?? [])
    [model] = await runNode<[Model]>(node, { model, ...inputs }, context);
  const [positive, negative, latent] = await conditioned(params);
  const { samples } = await commonKSampler({
    rules: RULES,
    model,
    seed: BigInt(params.seed),
    steps: 3,
    cfg: params.cfg ?? 4,
    samplerName: 'euler',
    scheduler: 'normal',
    positive,
    negative,
    latent: params.latent ? { samples: zeros(params.latent) } : latent,
  });
  expectGolden(g, id, outputs.samples, samples);
});

it('refuses what the original fails at', async () => {
  const images = noiseTensor([1, 4, 4, 4], 1, 1, 0.5);
  const inputs = { images, positive: prompt(1), negative: prompt(2), noise_augmentation: 0 };
  await expect(runNode('SD_4XUpscale_Conditioning', { ...inputs, scale_ratio: 0 })).rejects.toThrow(
    'images of 4x4 scaled by 0 have no latent cell',
  );
  const [model] = await runNode<[Model]>(
    'UNETLoader',
    { unet_name: 'x4', weight_dtype: 'default' },
    context,
  );
  const [positive, negative, latent] = await runNode<Conditioned>('SD_4XUpscale_Conditioning', {
    ...inputs,
    scale_ratio: 16,
  });
  const run = {
    steps: 1,
    cfg: 1,
    samplerName: 'euler',
    scheduler: 'normal',
    seed: 1n,
    rules: RULES,
  };
  await expect(commonKSampler({ ...run, model, positive, negative, latent })).rejects.toThrow(
    'takes images of 3 channels, this one has 4',
  );
});
