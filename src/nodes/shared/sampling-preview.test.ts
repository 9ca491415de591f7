// Previews of sampling: latent2rgb unless a tiny autoencoder is requested and exists.
import { expect, it } from 'vitest';
import { fixtureFolders, testContext } from '../../../test/support/run-node.ts';
import { toBytes } from '../../image/image-bytes.ts';
import { fromModelLatent, SDXL, toModelLatent } from '../../sampling/model/latent-format.ts';
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

it('decodes the first latent with a tiny autoencoder', async () => {
  const vae = await loadNamedVae('taesdxl', tinyContext);
  const expected = toBytes(await vae.decode(fromModelLatent(SDXL, sliceBatch(denoised, 0, 1))));
  expect(await previewOf(model, denoised, withTaesd(tinyContext))).toEqual({
    width: 32,
    height: 64,
    channels: 3,
    bytes: expected,
  });
});

it('falls back to latent2rgb if no tiny autoencoder is requested, exists, or works', async () => {
  const latent2rgb = samplingPreview(model, denoised);
  expect(previewOf(model, denoised, tinyContext)).toEqual(latent2rgb);
  expect(previewOf(model, denoised, withTaesd(testContext()))).toEqual(latent2rgb);
  const broken = fixtureFolders({ vae_approx: ['tiny_lora_sdxl', 'tiny_lora_sd1'] });
  const [encoder, decoder] = Object.values(broken['vae_approx']);
  const context = testContext({
    vae_approx: { 'taesdxl_encoder.safetensors': encoder, 'taesdxl_decoder.safetensors': decoder },
  });
  expect(await previewOf(model, denoised, withTaesd(context))).toEqual(latent2rgb);
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
