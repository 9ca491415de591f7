// The nodes of Qwen-Image 2.1 on small random weights against ComfyUI
// (test/golden/dit/make_qwen_image21.py): conditionings with reference pictures, whole pictures.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededTensors } from '../../../../../test/support/files/rewrite.ts';
import { givenTensor } from '../../../../../test/support/given.ts';
import { expectGolden, type GoldenCase, golden } from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { writeSafetensors } from '../../../../formats/safetensors/safetensors-write.ts';
import type { Conditioning, Latent, Model } from '../../../../sampling/sampling-types.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';

const g = golden('dit', 'qwen_image21');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-qwen-image-21-nodes-'));
const file = (name: string): string => join(folder, `${name}.safetensors`);
const context = testContext({
  text_encoders: { te: file('te') },
  diffusion_models: { dit: file('dit') },
  vae: { vae: file('vae') },
});
afterAll(async () => {
  await context.runtime.close();
  rmSync(folder, { recursive: true });
});
beforeAll(async () => {
  for (const part of ['te', 'dit', 'vae'])
    await writeSafetensors(file(part), seededTensors(g.weights[part]));
});

const run = async <T>(type: string, inputs: Record<string, unknown>): Promise<T> =>
  (await runNode<readonly [T]>(type, inputs, context))[0];
const casesOf = (kind: string): GoldenCase[] => g.cases.filter(({ id }) => id.startsWith(kind));

/** What TextEncodeQwenImage21 returns for the parameters of a case. */
async function encoded({
  text,
  negative = '',
  images,
  resolution,
  vae = true,
}: GoldenCase['params']) {
  const numbered = images.map((name: string, i: number) => [
    `image_${i + 1}`,
    givenTensor(g, name),
  ]);
  return runNode<readonly [Conditioning, Conditioning, Latent]>(
    'TextEncodeQwenImage21',
    {
      clip: await run('CLIPLoader', { clip_name: 'te', type: 'qwen_image' }),
      prompt: text,
      negative_prompt: negative,
      ...(vae && { vae: await run('VAELoader', { vae_name: 'vae' }) }),
      resolution,
      images: Object.fromEntries(numbered),
    },
    context,
  );
}

describe('TextEncodeQwenImage21', () => {
  it.each(casesOf('node_'))('encodes as ComfyUI: $id', async ({ id, params, outputs }) => {
    const [positive, negative, latent] = await encoded(params);
    for (const [name, [entry], slots] of [
      ['positive', positive, params.slots[0]],
      ['negative', negative, params.slots[1]],
    ] as const) {
      expectGolden(g, id, outputs[name], entry.cond);
      expect(entry.image_slots ?? null).toEqual(slots);
      const references = entry.reference_latents ?? [];
      const expected = Object.keys(outputs).filter((one) => one.startsWith('reference'));
      expect(references).toHaveLength(expected.length);
      for (const [i, one] of references.entries())
        expectGolden(g, id, outputs[`reference${i}`], one);
    }
    expect(latent.samples.shape).toEqual(params.latent);
  });
});

describe('Qwen-Image 2.1 draws the pictures of ComfyUI', () => {
  it.each(casesOf('picture_'))('$id', async ({ id, params, outputs }) => {
    const [positive, negative, own] = await encoded(params);
    const [width, height] = params.size ?? [];
    const model = await run<Model>('UNETLoader', { unet_name: 'dit', weight_dtype: 'default' });
    const { samples } = await run<Latent>('KSampler', {
      model: await run('QwenImage21Cache', { model, device: 'auto', dtype: 'default' }),
      ...{ seed: BigInt(params.seed), steps: params.steps, cfg: params.cfg, denoise: 1 },
      ...{ sampler_name: 'euler', scheduler: 'simple', positive, negative },
      latent_image: params.size
        ? await run('EmptyLatentImage', { width, height, batch_size: 1 })
        : own,
    });
    expectGolden(g, id, outputs.samples, samples);
    if (!outputs.image) return;
    const vae = await run('VAELoader', { vae_name: 'vae' });
    expectGolden(
      g,
      id,
      outputs.image,
      await run<Tensor>('VAEDecode', { samples: { samples }, vae }),
    );
  });
});

describe('QwenImage21Cache', () => {
  it('rounds what is kept, unless nothing is', async () => {
    const model = await run<Model>('UNETLoader', { unet_name: 'dit', weight_dtype: 'default' });
    const changeOf = async (device: string, dtype: string) =>
      (await run<Model>('QwenImage21Cache', { model, device, dtype })).denoiser.graphChange;
    expect(await changeOf('auto', 'int8')).toMatchObject({ keyCache: 'int8' });
    expect(await changeOf('cpu', 'int4')).toMatchObject({ keyCache: 'int4' });
    expect(await changeOf('off', 'int8')).toMatchObject({ keyCache: 'default' });
  });
});
