// Conditioning with images, ControlNet nodes and model patches, run by their declarations.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { expectGolden, fixtureModel, golden } from '../../../../../test/support/golden.ts';
import { fixtureFolders, runNode, testContext } from '../../../../../test/support/run-node.ts';
import { conditioningOf } from '../../../../../test/support/sampling.ts';
import type { ControlNet } from '../../../../models/controlnet/controlnet.ts';
import type { Autoencoder } from '../../../../models/vae/autoencoder.ts';
import type { Conditioning, Latent, Model } from '../../../../sampling/sampling-types.ts';
import { full, reshape } from '../../../../tensor/tensor.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-nodes-'));
const models = fixtureFolders({
  checkpoints: ['tiny_sdxl_base'],
  controlnet: ['tiny_controlnet_sdxl', 'tiny_lora_sdxl'],
});
const context = testContext(models);
afterAll(async () => {
  await context.runtime.close();
  rmSync(folder, { recursive: true });
});

const run = (type: string, inputs: Record<string, unknown>): Promise<readonly unknown[]> =>
  runNode(type, inputs, context);
const g = golden('nodes_core', 'conditioning');
const [bp, bn] = ['bp', 'bn'].map((name) => conditioningOf(g, name));
const load = async () =>
  (await run('CheckpointLoaderSimple', { ckpt_name: 'tiny_sdxl_base.safetensors' })) as [
    Model,
    unknown,
    Autoencoder,
  ];

it('InpaintModelConditioning outputs the latents and the mask of the original', async () => {
  const { id, inputs, outputs } = g.cases.find(
    (c) => c.params.node === 'InpaintModelConditioning',
  )!;
  const [, , vae] = await load();
  const common = {
    positive: bp,
    negative: bn,
    vae,
    pixels: g.float(inputs.pixels),
    mask: g.float(inputs.mask),
  };
  const [positive, negative, latent] = (await run('InpaintModelConditioning', {
    ...common,
    noise_mask: true,
  })) as [Conditioning, Conditioning, Latent];
  expectGolden(g, id, outputs.samples, latent.samples);
  expectGolden(g, id, outputs.noise_mask, reshape(latent.noise_mask!, [1, 1, 64, 80]));
  for (const [{ concat_latent_image, concat_mask }] of [positive, negative]) {
    expectGolden(g, id, outputs.concat_latent_image, concat_latent_image!);
    expectGolden(g, id, outputs.concat_mask, concat_mask!.data);
  }
  const [, , whole] = await run('InpaintModelConditioning', { ...common, noise_mask: false });
  expect((whole as Latent).noise_mask).toBeUndefined();
});

it('InstructPixToPixConditioning adds the image to both sides', async () => {
  const [, , vae] = await load();
  const pixels = g.float('img/inpaint');
  const [positive, negative, latent] = (await run('InstructPixToPixConditioning', {
    positive: bp,
    negative: bn,
    vae,
    pixels,
  })) as [Conditioning, Conditioning, Latent];
  const encoded = await vae.encode(pixels);
  expect(positive[0].concat_latent_image).toEqual(encoded);
  expect(negative[0].concat_latent_image).toEqual(encoded);
  expect(latent.samples).toEqual(full([1, 4, 8, 10], 0));
});

it('ControlNet nodes chain networks and share them between both sides', async () => {
  const control_net_name = 'tiny_controlnet_sdxl.safetensors';
  const [net] = (await run('ControlNetLoader', { control_net_name })) as [ControlNet];
  const [model] = await load();
  const [diff] = (await run('DiffControlNetLoader', { model, control_net_name })) as [ControlNet];
  expect({ file: diff.file, factor: diff.factor }).toEqual({ file: net.file, factor: net.factor });
  const image = g.float('img/hint');
  const common = { control_net: net, image, start_percent: 0.1, end_percent: 0.9 };
  const [old] = (await run('ControlNetApply', {
    conditioning: bp,
    control_net: net,
    image,
    strength: 0.5,
  })) as [Conditioning];
  expect(old[0]).toMatchObject({
    control: { strength: 0.5, startPercent: 0, endPercent: 1 },
    control_apply_to_uncond: true,
  });
  const sides = { positive: [...old, ...bp], negative: bn };
  const [positive, negative] = (await run('ControlNetApplyAdvanced', {
    ...sides,
    ...common,
    strength: 2,
  })) as Conditioning[];
  expect(positive[0].control?.previous).toBe(old[0].control);
  expect(positive[1].control).toBe(negative[0].control);
  expect(positive[1].control).toMatchObject({ strength: 2, startPercent: 0.1, endPercent: 0.9 });
  expect(positive.map((entry) => entry.control_apply_to_uncond)).toEqual([false, false]);
  const vae = { factor: 8 };
  for (const type of ['ControlNetApplyAdvanced', 'ControlNetApplySD3']) {
    const [withVae] = (await run(type, {
      ...sides,
      ...common,
      strength: 1,
      vae,
    })) as Conditioning[];
    expect(withVae[0].control?.vae).toBe(vae);
  }
  const inpainting = async (hasMask: boolean) => {
    const control_net = { ...net, latentHint: { scale: 1, shift: 0, hasMask } };
    const mask = full([1, 4, 4], 1);
    const given = { ...sides, ...common, control_net, strength: 1, vae, mask };
    const [side] = (await run('ControlNetInpaintingAliMamaApply', given)) as Conditioning[];
    return side[0].control!;
  };
  expect(await inpainting(true)).toMatchObject({ vae, keptMask: full([1, 1, 4, 4], 0) });
  expect(new Set((await inpainting(true)).hint.data)).toEqual(new Set([0]));
  expect(await inpainting(false)).toMatchObject({ hint: image, keptMask: undefined });
  expect(await run('ControlNetApplyAdvanced', { ...sides, ...common, strength: 0 })).toEqual([
    sides.positive,
    bn,
  ]);
});

it('refuses a file that is not a ControlNet and names its kind', async () => {
  const run = runNode(
    'ControlNetLoader',
    { control_net_name: 'tiny_lora_sdxl.safetensors' },
    context,
  );
  await expect(run).rejects.toMatchObject({
    code: 'DR_MODEL_UNSUPPORTED',
    message: expect.stringContaining('not a ControlNet but a LoRA'),
  });
});

it('refuses a ControlNet of another model family before sampling', async () => {
  const sd1 = testContext({ ...models, checkpoints: { 'sd1.safetensors': copy('tiny_sd1') } });
  const [model] = await runNode<[Model]>(
    'CheckpointLoaderSimple',
    { ckpt_name: 'sd1.safetensors' },
    sd1,
  );
  const [net] = (await run('ControlNetLoader', {
    control_net_name: 'tiny_controlnet_sdxl.safetensors',
  })) as [ControlNet];
  const [positive] = await run('ControlNetApply', {
    conditioning: conditioningOf(g, 'sp'),
    control_net: net,
    image: g.float('img/hint'),
    strength: 1,
  });
  const sample = runNode(
    'KSampler',
    {
      model,
      seed: 1n,
      steps: 1,
      cfg: 1,
      sampler_name: 'euler',
      scheduler: 'normal',
      positive,
      negative: conditioningOf(g, 'sn'),
      latent_image: { samples: g.float('lat/zero') },
      denoise: 1,
    },
    sd1,
  );
  await expect(sample).rejects.toMatchObject({ code: 'DR_INPUT_INVALID', input: 'control_net' });
  await sd1.runtime.close();
});

const copy = (name: string): string => {
  const path = join(folder, `${name}.safetensors`);
  copyFileSync(fixtureModel(name), path);
  return path;
};

it('model patches do not change the model they receive', async () => {
  const [model] = await load();
  const scales = { b1: 1.3, b2: 1.4, s1: 0.9, s2: 0.2 };
  for (const type of ['FreeU', 'FreeU_V2']) {
    const [patched] = (await run(type, { model, ...scales })) as [Model];
    expect(patched.denoiser).not.toBe(model.denoiser);
  }
  const [guided] = (await run('PerturbedAttentionGuidance', { model, scale: 3 })) as [Model];
  expect({
    before: model.patches?.postCfg?.length ?? 0,
    after: guided.patches?.postCfg?.length,
  }).toEqual({ before: 0, after: 1 });
  expect(await run('PerturbedAttentionGuidance', { model, scale: 0 })).toEqual([model]);
});
