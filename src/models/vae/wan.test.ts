// The autoencoder of Wan 2.1 and Qwen-Image against the original's: pictures, videos, tiles, and
// the nodes around it.
import { afterAll, describe, expect, it } from 'vitest';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import type { Latent } from '../../sampling/sampling-types.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import type { Autoencoder } from './autoencoder.ts';

const NAME = 'tiny_wan21_vae';
const context = testContext({ vae: { [NAME]: fixtureModel(NAME) } });
afterAll(() => context.runtime.close());

const g = golden('vae', 'codec');
const caseOf = (id: string, from = g): GoldenCase => from.cases.find((one) => one.id === id)!;
const load = async (): Promise<Autoencoder> =>
  (await runNode<[Autoencoder]>('VAELoader', { vae_name: NAME }, context))[0];
const run = async (type: string, inputs: Readonly<Record<string, unknown>>) =>
  runNode<readonly unknown[]>(type, { vae: await load(), ...inputs }, context);
/** A batch of one video as ComfyUI decodes it, as the pictures that its node makes of it. */
const asPictures = (expected: { readonly shape: readonly number[] }, actual: Tensor): Tensor => ({
  ...actual,
  shape: expected.shape,
});

describe('golden vae/codec', () => {
  it.each([0, 1, 2, 3])('encodes and decodes picture %i', async (i) => {
    const vae = await load();
    expect(vae).toMatchObject({ kind: 'wan', latentChannels: 16, factor: 8, imageChannels: 3 });
    const [encode, decode] = ['encode', 'decode'].map((step) => caseOf(`${NAME}_${step}_${i}`));
    const latent = await vae.encode(g.float(encode.inputs.image));
    expectGolden(g, encode.id, encode.outputs.latent, latent);
    const { image, image_of_encoded } = decode.outputs;
    for (const [name, from] of [
      [image, g.float(decode.inputs.latent)],
      [image_of_encoded, latent],
    ] as const)
      expectGolden(g, decode.id, name, asPictures(g.tensor(name), await vae.decode(from)));
  });

  it('encodes the pictures of a batch as the frames of a video', async () => {
    const vae = await load();
    const three = caseOf('wan_batch3');
    const latent = await vae.encode(g.float(three.inputs.image));
    expectGolden(g, three.id, three.outputs.latent, latent);
    const five = caseOf('wan_frames5');
    const video = await vae.encode(g.float(five.inputs.image));
    expectGolden(g, five.id, five.outputs.latent, video);
    const name = five.outputs.image_out;
    expectGolden(g, five.id, name, asPictures(g.tensor(name), await vae.decode(video)));
  });

  it('encodes and decodes by nodes', async () => {
    const one = caseOf(`${NAME}_nodes`);
    const [encoded] = await run('VAEEncode', { pixels: g.float(one.inputs.image) });
    expectGolden(g, one.id, one.outputs.samples, (encoded as Latent).samples);
    const [image] = await run('VAEDecode', { samples: encoded });
    expectGolden(g, one.id, one.outputs.image_out, image as Tensor);
    const rgba = caseOf(`${NAME}_rgba`);
    const [latent] = await run('VAEEncode', { pixels: g.float(rgba.inputs.image) });
    expectGolden(g, rgba.id, rgba.outputs.latent, (latent as Latent).samples);
    const batch = caseOf('wan_decode_batch2');
    const [pictures] = await run('VAEDecode', {
      samples: { samples: g.float(batch.inputs.latent) },
    });
    expectGolden(g, batch.id, batch.outputs.image, pictures as Tensor);
  });

  it('encodes for inpainting', async () => {
    const { id, params, inputs, outputs } = caseOf(`${NAME}_inpaint`);
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
    const { id, params, inputs, outputs } = caseOf(`${NAME}_InpaintModelConditioning`);
    const entry = { cond: zeros([1, 4, 8]) };
    const [positive, , latent] = await run('InpaintModelConditioning', {
      positive: [entry],
      negative: [entry],
      pixels: g.float(inputs.pixels),
      mask: g.float(inputs.mask),
      noise_mask: params.noise_mask,
    });
    const [{ concat_latent_image, concat_mask }] = positive as Record<string, Tensor>[];
    expectGolden(g, id, outputs.concat_latent_image, concat_latent_image);
    expectGolden(g, id, outputs.concat_mask, concat_mask.data);
    const { samples, noise_mask } = latent as Latent;
    expectGolden(g, id, outputs.samples, samples);
    expectGolden(g, id, outputs.noise_mask, noise_mask!.data);
  });
});

describe('golden vae/tiled', () => {
  const t = golden('vae', 'tiled');
  it.each(['VAEDecodeTiled', 'VAEEncodeTiled'])('%s', async (type) => {
    const { id, params, inputs, outputs } = caseOf(`${NAME}_${type}`, t);
    const { vae: _vae, node: _node, ...sizes } = params;
    const isDecode = type === 'VAEDecodeTiled';
    const given = isDecode
      ? { samples: { samples: t.float(inputs.latent) } }
      : { pixels: t.float(inputs.image) };
    const [result] = await run(type, { ...given, ...sizes });
    const [name] = Object.values(outputs);
    expectGolden(t, id, name, isDecode ? (result as Tensor) : (result as Latent).samples);
  });
});
