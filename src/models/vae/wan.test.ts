// The autoencoder of Wan 2.1 and Qwen-Image against the original's: pictures and videos; its tiles
// and the nodes around it are in flow-latents.test.ts.
import { afterAll, describe, expect, it } from 'vitest';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Autoencoder } from './autoencoder.ts';

const NAME = 'tiny_wan21_vae';
const context = testContext({ vae: { [NAME]: fixtureModel(NAME) } });
afterAll(() => context.runtime.close());

const g = golden('vae', 'codec');
const caseOf = (id: string): GoldenCase => g.cases.find((one) => one.id === id)!;
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

  it('decodes a batch of videos to the pictures of all', async () => {
    const batch = caseOf('wan_decode_batch2');
    const [pictures] = await run('VAEDecode', {
      samples: { samples: g.float(batch.inputs.latent) },
    });
    expectGolden(g, batch.id, batch.outputs.image, pictures as Tensor);
  });
});
