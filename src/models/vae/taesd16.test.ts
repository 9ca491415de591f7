// Tiny autoencoders (TAESD) of 16 channels, and that of FLUX.2, against the original: by
// VAELoader's names, whole in one file, and the decoder alone, as previews use it. The weights are
// made from seeds (test/golden/vae/make.py, make_taef2.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noiseTensor } from '../../../test/support/files/rewrite.ts';
import { writeTaesd16 } from '../../../test/support/files/taesd16.ts';
import {
  expectGolden,
  expectImage,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { toBytes } from '../../image/image-bytes.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import { loadTaesd, loadTaesdDecoder, loadVae, TAESD_SCALES } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-taesd16-'));
const runtime = createRuntime({ threads: 1 });
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true, force: true });
});

const g = golden('vae', 'taesd16');
const inputOf = ({ params: { shape, seed, scale, around } }: GoldenCase): Tensor =>
  noiseTensor(shape, seed, scale, around);

let files: Awaited<ReturnType<typeof writeTaesd16>>;
beforeAll(async () => {
  files = await writeTaesd16(folder);
});

describe.each(['taesd3', 'taef1'] as const)('%s', (name) => {
  const cases = g.cases.filter((one) => one.params.vae === name);

  it('encodes and decodes as the original does', async () => {
    const vae = await loadTaesd(files.encoder, files.decoder, name, runtime);
    expect(vae).toMatchObject({ kind: 'taesd', latentChannels: 16, factor: 8 });
    expect(cases.length).toBe(4);
    for (const one of cases)
      if (one.outputs.latent)
        expectGolden(g, one.id, one.outputs.latent, await vae.encode(inputOf(one)));
      else expectGolden(g, one.id, one.outputs.image, await vae.decode(inputOf(one)));
  });

  it('is the same in one file with its scale and shift', async () => {
    const vae = await loadVae(await files.whole(TAESD_SCALES[name]), runtime);
    expect(vae.numbers!.vae_scale).toBeCloseTo(TAESD_SCALES[name].scale, 6);
    for (const one of cases)
      if (one.outputs.latent)
        expectGolden(g, one.id, one.outputs.latent, await vae.encode(inputOf(one)));
      else expectGolden(g, one.id, one.outputs.image, await vae.decode(inputOf(one)));
  });
});

it('decodes latents of a model without scale and shift', async () => {
  const one = g.cases.find(({ id }) => id === 'preview')!;
  const decode = await loadTaesdDecoder(files.decoder, runtime);
  const image = await decode(sliceBatch(inputOf(one), 0, 1));
  expect(image.shape.slice(1)).toEqual(g.tensor(one.outputs.image).shape);
  expectImage(g, one.id, one.outputs.image, toBytes(image));
});

describe('taef2', () => {
  const flux2 = golden('vae', 'taef2');
  const load = async () => {
    const { encoder, decoder } = await writeTaesd16(folder, 'taef2', 'taef2');
    return { decoder, vae: await loadTaesd(encoder, decoder, 'taef2', runtime) };
  };

  it('encodes and decodes as the original does, alone and for previews', async () => {
    const { decoder, vae } = await load();
    expect(vae).toMatchObject({ kind: 'taesd', latentChannels: 128, factor: 16 });
    expect(flux2.cases.length).toBe(5);
    for (const one of flux2.cases.slice(0, 4)) {
      const { id, outputs } = one;
      if (outputs.latent) expectGolden(flux2, id, outputs.latent, await vae.encode(inputOf(one)));
      else expectGolden(flux2, id, outputs.image, await vae.decode(inputOf(one)));
    }
    const preview = flux2.cases.find(({ id }) => id === 'preview')!;
    const decode = await loadTaesdDecoder(decoder, runtime);
    const image = await decode(sliceBatch(inputOf(preview), 0, 1));
    expectImage(flux2, preview.id, preview.outputs.image, toBytes(image));
  });

  it('decodes in tiles of its own latents', async () => {
    const { vae } = await load();
    const latent = inputOf(flux2.cases.find(({ id }) => id === 'decode_0')!);
    const image = await vae.decode(latent, { tile: 2, overlap: 0 });
    expect(image.shape).toEqual([1, 48, 64, 3]);
  });
});
