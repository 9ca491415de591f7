// The autoencoders of SD3, FLUX.1 and FLUX.2 against the original's: in both layouts, under the
// prefixes that checkpoints have; and those that are named and refused.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { tensorsOf, writeRenamed } from '../../../test/support/files/rewrite.ts';
import { expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { sliceBatch } from '../../tensor/tensor.ts';
import { loadVae } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-flow-vaes-'));
const runtime = createRuntime({ threads: 1 });
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true, force: true });
});

const g = golden('vae', 'codec');

/** The names of diffusers' layout, by the original ones (test/golden/layouts). */
const DIFFUSERS = new Map<string, string>(
  Object.entries(
    JSON.parse(
      gunzipSync(
        readFileSync(
          fileURLToPath(new URL('../../../test/golden/layouts/names.json.gz', import.meta.url)),
        ),
      ).toString('utf8'),
    ).vaes.tiny_vae as Record<string, string>,
  ).map(([other, original]) => [original, other]),
);

/** FLUX.2's convolutions between features and latents are below the encoder and the decoder. */
const diffusersName = (name: string): string =>
  DIFFUSERS.get(name) ?? name.replace(/^(en|de)coder\.((post_)?quant_conv)/, '$2');

describe.each([
  ['tiny_ae', 16, 8],
  ['tiny_flux2_vae', 128, 16],
])('%s', (name, latentChannels, factor) => {
  const fixture = fixtureModel(name);
  it(`encodes to ${latentChannels} channels and decodes them as the original does`, async () => {
    const vae = await loadVae(fixture, runtime);
    expect(vae).toMatchObject({ kind: 'kl', latentChannels, factor });
    const encodes = g.cases.filter(({ id }) => id.startsWith(`${name}_encode_`));
    expect(encodes.length).toBeGreaterThanOrEqual(3);
    for (const encode of encodes) {
      const decode = g.cases.find(({ id }) => id === encode.id.replace('encode', 'decode'))!;
      const latent = await vae.encode(g.float(encode.inputs.image));
      expectGolden(g, encode.id, encode.outputs.latent, latent);
      const image = await vae.decode(g.float(decode.inputs.latent));
      expectGolden(g, decode.id, decode.outputs.image, image);
      const back = await vae.decode(sliceBatch(latent, 0, 1));
      expectGolden(g, decode.id, decode.outputs.image_of_encoded, back);
    }
  });

  it.each([
    ['the original layout', 'first_stage_model.', false],
    ['the original layout', 'vae.', false],
    ['the layout of diffusers', '', true],
    ['the layout of diffusers', 'vae.', true],
  ])('is the same in %s with the prefix %j', async (_, prefix, diffusers) => {
    const rename = (name: string): string => prefix + (diffusers ? diffusersName(name) : name);
    const file = join(folder, `${name}.${prefix}${diffusers}.safetensors`);
    await writeRenamed(file, await tensorsOf(fixture), rename);
    const vae = await loadVae(file, runtime);
    const { id, inputs, outputs } = g.cases.find((one) => one.id === `${name}_encode_2`)!;
    expectGolden(g, id, outputs.latent, await vae.encode(g.float(inputs.image)));
    const decode = g.cases.find((one) => one.id === `${name}_decode_2`)!;
    expectGolden(
      g,
      decode.id,
      decode.outputs.image,
      await vae.decode(g.float(decode.inputs.latent)),
    );
  });
});

describe('autoencoders that are not supported', () => {
  it('are named: Mage-Flow', async () => {
    const file = join(folder, 'mage-vae.safetensors');
    const tensors = await tensorsOf(fixtureModel('tiny_ae'));
    const own = { 'student.dconv_encoder.proj_out.weight': tensors['encoder.conv_out.bias'] };
    await writeRenamed(file, { ...tensors, ...own }, (name) => name);
    await expect(loadVae(file, runtime)).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message: 'mage-vae.safetensors is not a supported VAE but the VAE of Mage-Flow',
      hint:
        'VAE files of SD1.x, SD2.x, SDXL, SD3, FLUX.1 and FLUX.2 (KL), of Qwen-Image and TAESD ' +
        'are supported.',
    });
  });
});
