// The autoencoder of Qwen-Image 2.1 with small random weights against ComfyUI
// (test/golden/dit/make_qwen_image21.py): pictures with and without alpha, and tiles.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededTensors } from '../../../test/support/files/rewrite.ts';
import { givenTensor } from '../../../test/support/given.ts';
import { expectGolden, type GoldenCase, golden } from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { inspectModel } from '../inspect/inspect-model.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { loadVae } from './load.ts';

const g = golden('dit', 'qwen_image21');
const caseOf = (id: string): GoldenCase => g.cases.find((one) => one.id === id)!;
const runtime = createModelRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-wan-image-'));
const file = join(folder, 'vae.safetensors');
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});
beforeAll(() => writeSafetensors(file, seededTensors(g.weights.vae)));

it.each(['vae_wide', 'vae_tall', 'vae_clear'])('encodes and decodes a picture: %s', async (id) => {
  const { params, outputs } = caseOf(id);
  const vae = await loadVae(file, runtime);
  expect(vae).toMatchObject({ latentChannels: 64, factor: 16, imageChannels: 4 });
  const latent = await vae.encode(givenTensor(g, params.given));
  expectGolden(g, id, outputs.latent, latent);
  expectGolden(g, id, outputs.image, await vae.decode(g.float(outputs.latent)));
});

it('decodes the pictures of a batch', async () => {
  const { id, outputs } = caseOf('vae_two');
  const vae = await loadVae(file, runtime);
  expectGolden(g, id, outputs.image, await vae.decode(givenTensor(g, 'latents')));
});

it('encodes and decodes in tiles', async () => {
  const { id, outputs } = caseOf('vae_tiled');
  const vae = await loadVae(file, runtime);
  const pixels = await vae.encode(givenTensor(g, 'large'), { tile: 64, overlap: 16 });
  expectGolden(g, id, outputs.latent, pixels);
  const image = await vae.decode(givenTensor(g, 'latents'), { tile: 4, overlap: 1 });
  expectGolden(g, id, outputs.image, image);
});

it('is recognised', async () => {
  expect(await inspectModel(file)).toMatchObject({ kind: 'VAE', architecture: 'Qwen-Image 2.1' });
});
