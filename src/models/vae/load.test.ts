// Autoencoders of the fixture files against the originals: KL and TAESD, whole and in tiles.
import { afterAll, describe, expect, it } from 'vitest';
import { expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import { loadCheckpoint } from '../checkpoint/load.ts';
import type { Tiles } from '../tiling.ts';
import type { Autoencoder } from './autoencoder.ts';
import { loadTaesd, loadVae } from './load.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

const VAES: Readonly<Record<string, () => Promise<Autoencoder | undefined>>> = {
  base: async () => (await loadCheckpoint(fixtureModel('tiny_sdxl_base'), runtime)).vae,
  sd1: async () => (await loadCheckpoint(fixtureModel('tiny_sd1'), runtime)).vae,
  tiny_vae: () => loadVae(fixtureModel('tiny_vae'), runtime),
  taesdxl: () =>
    loadTaesd(fixtureModel('taesdxl_encoder'), fixtureModel('taesdxl_decoder'), 'taesdxl', runtime),
};
const g = golden('networks', 'vae');
/** VAEEncodeForInpaint prepares its mask in nodes/; it is tested there. */
const TESTED_IN_NODES = ['VAEEncodeForInpaint'];
const cases = g.cases.filter((c) => !TESTED_IN_NODES.includes(c.id));

describe('autoencoders', () => {
  it.each(Object.keys(VAES))('%s encodes and decodes as the original does', async (name) => {
    const vae = (await VAES[name]())!;
    const untiled = cases.filter((c) => c.params.vae === name && !c.params.fn);
    expect(untiled.length).toBeGreaterThanOrEqual(4);
    const encoded = new Map<string, Tensor>();
    for (const { id, inputs, outputs } of untiled.filter((c) => c.inputs.image)) {
      const latent = await vae.encode(g.float(inputs.image));
      encoded.set(id.replace('encode', 'decode'), latent);
      expectGolden(g, id, outputs.latent, latent);
    }
    for (const { id, inputs, outputs } of untiled.filter((c) => c.inputs.latent)) {
      expectGolden(g, id, outputs.image, await vae.decode(g.float(inputs.latent)));
      expectGolden(
        g,
        id,
        outputs.image_of_encoded,
        await vae.decode(sliceBatch(encoded.get(id)!, 0, 1)),
      );
    }
  });

  it('encodes and decodes in tiles as the original does', async () => {
    const tiled = cases.filter((c) => c.params.fn);
    expect(tiled.length).toBe(4);
    for (const { id, params, inputs, outputs } of tiled) {
      const vae = (await VAES[params.vae]())!;
      const [, tile, overlap] = /tile_x=(\d+).*overlap=(\d+)/.exec(params.fn)!.map(Number);
      const tiles: Tiles = { tile, overlap };
      if (inputs.image)
        expectGolden(g, id, outputs.latent, await vae.encode(g.float(inputs.image), tiles));
      else expectGolden(g, id, outputs.image, await vae.decode(g.float(inputs.latent), tiles));
    }
  });

  it('decodes a large image in tiles of the default size', async () => {
    const [{ id, inputs, outputs }] = cases.filter((c) => c.params.node === 'VAEDecodeTiled');
    const image = await (await VAES.base())!.decode(g.float(inputs.latent), {
      tile: 64,
      overlap: 8,
    });
    const [, height, width, channels] = image.shape;
    const pixelsAt = (rows: number[], columns: number[]): Float32Array =>
      Float32Array.from(
        rows.flatMap((y) =>
          columns.flatMap((x) => [0, 1, 2].map((c) => image.data[(y * width + x) * channels + c])),
        ),
      );
    const everyNth = (n: number, step: number): number[] =>
      Array.from({ length: Math.ceil(n / step) }, (_, i) => i * step);
    expectGolden(g, id, outputs.image_strided4, pixelsAt(everyNth(height, 4), everyNth(width, 4)));
    expectGolden(g, id, outputs.row_100, pixelsAt([100], everyNth(width, 1)));
    expectGolden(g, id, outputs.col_300, pixelsAt(everyNth(height, 1), [300]));
  });
});
