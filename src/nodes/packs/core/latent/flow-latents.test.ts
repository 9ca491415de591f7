// Nodes on latents of 16 channels, as of SD3 and FLUX.1, and on the autoencoders of FLUX.1 and
// FLUX.2, against the original.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { noiseTensor } from '../../../../../test/support/files/rewrite.ts';
import { writeTaesd16 } from '../../../../../test/support/files/taesd16.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import type { Autoencoder } from '../../../../models/vae/autoencoder.ts';
import type { LatentOperation } from '../../../../sampling/patches/latent-operations.ts';
import type { ConditioningEntry, Latent } from '../../../../sampling/sampling-types.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import type { NodeContext, SavedFile } from '../../../context.ts';
import { NODES } from '../../../index.ts';
import { vaeNames } from '../../../shared/named-vae.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-flow-latents-'));
const VAES = ['tiny_ae', 'tiny_flux2_vae', 'tiny_wan21_vae'];
const context = testContext({
  vae: Object.fromEntries(VAES.map((name) => [name, fixtureModel(name)])),
});
afterAll(async () => {
  await context.runtime.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A tensor that test/golden/vae/make.py makes from a seed. */
interface Made {
  readonly shape: readonly number[];
  readonly seed: number;
  readonly scale: number;
  readonly around: number;
}

const g = golden('vae', 'codec');
const caseOf = (id: string): GoldenCase => g.cases.find((one) => one.id === id)!;
const loadVae = async (vae_name: string, from: NodeContext = context): Promise<Autoencoder> =>
  (await runNode('VAELoader', { vae_name }, from))[0];

describe.each(VAES)('%s', (name) => {
  /** Runs a node with the autoencoder. */
  const run = async (type: string, inputs: Readonly<Record<string, unknown>>) =>
    runNode<readonly unknown[]>(type, { vae: await loadVae(name), ...inputs }, context);

  it('encodes pictures, without their alpha, and decodes them', async () => {
    const one = caseOf(`${name}_nodes`);
    const [encoded] = await run('VAEEncode', { pixels: g.float(one.inputs.image) });
    expectGolden(g, one.id, one.outputs.samples, (encoded as Latent).samples);
    expect(Object.keys(encoded as Latent)).toEqual(one.scalars!.latent_keys);
    const [image] = await run('VAEDecode', { samples: encoded });
    expectGolden(g, one.id, one.outputs.image_out, image as Tensor);
    const rgba = caseOf(`${name}_rgba`);
    const [latent] = await run('VAEEncode', { pixels: g.float(rgba.inputs.image) });
    expectGolden(g, rgba.id, rgba.outputs.latent, (latent as Latent).samples);
  });

  it('encodes for inpainting', async () => {
    const { id, params, inputs, outputs } = caseOf(`${name}_inpaint`);
    const [latent] = await run('VAEEncodeForInpaint', {
      pixels: g.float(inputs.pixels),
      mask: g.float(inputs.mask),
      grow_mask_by: params.grow_mask_by,
    });
    const { samples, noise_mask } = latent as Latent;
    expectGolden(g, id, outputs.samples, samples);
    expectGolden(g, id, outputs.noise_mask, noise_mask!.data);
  });

  it('makes the conditioning of inpainting models', async () => {
    const { id, params, inputs, outputs } = caseOf(`${name}_InpaintModelConditioning`);
    const entry = { cond: noiseTensor([1, 4, 8], 1) };
    const [positive, negative, latent] = await run('InpaintModelConditioning', {
      positive: [entry],
      negative: [entry],
      pixels: g.float(inputs.pixels),
      mask: g.float(inputs.mask),
      noise_mask: params.noise_mask,
    });
    const { samples, noise_mask } = latent as Latent;
    expectGolden(g, id, outputs.samples, samples);
    expectGolden(g, id, outputs.noise_mask, noise_mask!.data);
    for (const [{ concat_latent_image, concat_mask }] of [positive, negative] as [
      ConditioningEntry,
    ][]) {
      expectGolden(g, id, outputs.concat_latent_image, concat_latent_image!);
      expectGolden(g, id, outputs.concat_mask, concat_mask!.data);
    }
  });

  it.each(['VAEDecodeTiled', 'VAEEncodeTiled'])('works in tiles: %s', async (type) => {
    const tiled = golden('vae', 'tiled');
    const { id, params, inputs, outputs } = tiled.cases.find(
      (one) => one.id === `${name}_${type}`,
    )!;
    const { vae, node, ...values } = params;
    const [result] = await run(type, {
      ...values,
      ...(inputs.latent
        ? { samples: { samples: tiled.float(inputs.latent) } }
        : { pixels: tiled.float(inputs.image) }),
    });
    if (outputs.image) expectGolden(tiled, id, outputs.image, result as Tensor);
    else expectGolden(tiled, id, outputs.samples, (result as Latent).samples);
  });

  it('does not decode latents of 4 channels', async () => {
    const samples = noiseTensor([1, 4, 4, 4], 1);
    await expect(run('VAEDecode', { samples: { samples } })).rejects.toMatchObject({
      message: expect.stringMatching(/^the latents have 4 channels, the VAE expects (16|128)$/),
    });
  });
});

it.each(['taesd3', 'taef1'])('VAELoader lists and loads %s', async (name) => {
  const { encoder, decoder } = await writeTaesd16(folder, name);
  const files = {
    [`${name}_encoder.safetensors`]: encoder,
    [`${name}_decoder.safetensors`]: decoder,
  };
  const from = { ...context, ...testContext({ vae_approx: files }), runtime: context.runtime };
  expect(vaeNames(from)).toEqual([name]);
  const tiny = golden('vae', 'taesd16');
  const { id, params, outputs } = tiny.cases.find((one) => one.id === `${name}_decode_0`)!;
  const latent = noiseTensor(params.shape, params.seed, params.scale, params.around);
  const vae = await loadVae(name, from);
  expectGolden(tiny, id, outputs.image, await vae.decode(latent));
});

describe('nodes on latents', () => {
  it('make empty ones', async () => {
    const cases = golden('flow', 'nodes').cases.filter((one) =>
      /^Empty(SD3|Flux2)LatentImage$/.test(one.params.node),
    );
    expect(cases.length).toBe(6);
    for (const { id, params, scalars } of cases) {
      const { node, ...values } = params;
      const [{ samples, ...other }] = await runNode<readonly [Latent]>(node, values);
      expect(samples.shape, id).toEqual(scalars!.shape);
      expect(samples.data.every((value) => value === 0)).toBe(true);
      expect(other, id).toEqual(scalars!.other);
    }
    const size = { width: 64, height: 32, batch_size: 1 };
    const [sd] = await runNode<readonly [Latent]>('EmptyLatentImage', size);
    expect(sd).toMatchObject({ samples: { shape: [1, 4, 4, 8] }, downscale_ratio_spacial: 8 });
  });

  it('save 16 channels and load them again', async () => {
    const samples = noiseTensor([1, 16, 3, 2], 1);
    const saving = testContext();
    const { ui } = await NODES.get('SaveLatent')!.run(
      { samples: { samples }, filename_prefix: 'flow' } as never,
      saving,
    );
    copyFileSync((ui!.latents as SavedFile[])[0].path, join(folder, 'flow.latent'));
    const loading = testContext({}, folder);
    expect(await runNode('LoadLatent', { latent: 'flow.latent' }, loading)).toEqual([{ samples }]);
  });

  it('do not assume 4 channels', async () => {
    const l = golden('vae', 'latents16');
    const made = ({ shape, seed, scale, around }: Made): Tensor =>
      noiseTensor(shape, seed, scale, around);
    expect(l.cases.length).toBe(30);
    for (const { id, params, outputs } of l.cases) {
      const latents = Object.entries(params.latents as Record<string, Made>).map(
        ([input, one]) => [input, { samples: made(one) }] as const,
      );
      const [result] = await runNode<readonly unknown[]>(params.node, {
        ...params.values,
        ...(params.mask && { mask: made(params.mask) }),
        ...Object.fromEntries(latents),
      });
      const samples =
        typeof result === 'function'
          ? (result as LatentOperation)(latents[0][1].samples)
          : (result as Latent).samples;
      expectGolden(l, id, outputs.samples, samples);
    }
  });
});
