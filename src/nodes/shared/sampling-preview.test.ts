// Previews of sampling: latent2rgb unless a tiny autoencoder is requested and exists.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { noiseTensor } from '../../../test/support/files/rewrite.ts';
import { writeTaesd16 } from '../../../test/support/files/taesd16.ts';
import { expectImage, golden } from '../../../test/support/golden.ts';
import { fixtureFolders, testContext } from '../../../test/support/run-node.ts';
import { toBytes } from '../../image/image-bytes.ts';
import {
  FLUX,
  fromModelLatent,
  SD_X4,
  SD3,
  SDXL,
  toModelLatent,
} from '../../sampling/model/latent-format.ts';
import { samplingPreview } from '../../sampling/model/latent-preview.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import { openEmbeddedModels } from '../../storage/embedded-models.ts';
import { openFolders } from '../../storage/folders.ts';
import { map, sliceBatch, zeros } from '../../tensor/tensor.ts';
import type { NodeContext } from '../context.ts';
import { loadNamedCheckpoint } from './named-checkpoint.ts';
import { loadNamedVae } from './named-vae.ts';
import { previewOf } from './sampling-preview.ts';

const model = { family: 'sdxl', latentFormat: SDXL } as Model;
const denoised = map(zeros([2, 4, 8, 4]), (_, i) => Math.sin(i) / 4);
const tinyContext = testContext(
  fixtureFolders({ vae_approx: ['taesdxl_encoder', 'taesdxl_decoder'] }),
);
const withTaesd = (context: NodeContext): NodeContext => ({ ...context, previewMethod: 'taesd' });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-previews-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('decodes the first latent with a tiny autoencoder', async () => {
  const vae = await loadNamedVae('taesdxl', tinyContext);
  const expected = toBytes(await vae.decode(fromModelLatent(SDXL, sliceBatch(denoised, 0, 1))));
  const shown = await previewOf(model, denoised, withTaesd(tinyContext));
  expect(shown).toMatchObject({ width: 32, height: 64, channels: 3 });
  // the VAE scales its latents, the preview does not
  const largest = shown!.bytes.reduce((max, v, i) => Math.max(max, Math.abs(v - expected[i])), 0);
  expect(largest).toBeLessThanOrEqual(1);
});

it.each([
  ['taesd3', SD3],
  ['taef1', FLUX],
] as const)(
  'decodes the latents of its models with %s, without the encoder',
  async (name, format) => {
    const { decoder } = await writeTaesd16(folder, name);
    const g = golden('vae', 'taesd16');
    const { id, params, outputs } = g.cases.find((one) => one.id === 'preview')!;
    const latent = noiseTensor(params.shape, params.seed, params.scale, params.around);
    const context = testContext({ vae_approx: { [`${name}_decoder.safetensors`]: decoder } });
    const shown = await previewOf({ ...model, latentFormat: format }, latent, withTaesd(context));
    expect(shown).toMatchObject({ width: 56, height: 40 });
    expectImage(g, id, outputs.image, shown!.bytes);
  },
);

it('falls back to latent2rgb if no tiny autoencoder is requested, exists, or works', async () => {
  const latent2rgb = samplingPreview(model, denoised);
  expect(previewOf(model, denoised, tinyContext)).toEqual(latent2rgb);
  expect(previewOf(model, denoised, withTaesd(testContext()))).toEqual(latent2rgb);
  // a format without a tiny autoencoder
  const x4 = { ...model, latentFormat: SD_X4 };
  expect(previewOf(x4, denoised, withTaesd(tinyContext))).toEqual(samplingPreview(x4, denoised));
  const broken = fixtureFolders({ vae_approx: ['tiny_lora_sdxl', 'tiny_lora_sd1'] });
  const [encoder, decoder] = Object.values(broken['vae_approx']);
  const context = testContext({
    vae_approx: { 'taesdxl_encoder.safetensors': encoder, 'taesdxl_decoder.safetensors': decoder },
  });
  expect(await previewOf(model, denoised, withTaesd(context))).toEqual(latent2rgb);
  const modelPath = (): never => {
    throw new Error('the file is gone');
  };
  const removed = withTaesd({ ...tinyContext, modelPath });
  expect(await previewOf(model, denoised, removed)).toEqual(latent2rgb);
});

it('has the colours of the pictures of the embedded model, whose latents are its own', async () => {
  const folders = openFolders({ embedded: openEmbeddedModels() });
  const context: NodeContext = { ...testContext(), modelPath: folders.modelPath };
  const { model, vae } = await loadNamedCheckpoint('darkroom-tiny-base.safetensors', context);
  for (const colour of [0, 1, 2]) {
    const plain = map(zeros([1, 128, 128, 3]), (_, i) => (i % 3 === colour ? 0.9 : 0.2));
    const latent = await vae.encode(plain);
    const picture = toBytes(await vae.decode(latent));
    const shown = samplingPreview(model, toModelLatent(SDXL, latent))!.bytes;
    for (const channel of [0, 1, 2])
      expect(Math.abs(meanOf(shown, channel) - meanOf(picture, channel))).toBeLessThan(40);
  }
});

function meanOf(bytes: Uint8Array, channel: number): number {
  const values = bytes.filter((_, i) => i % 3 === channel);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
