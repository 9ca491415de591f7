// Autoencoders by their tensors: those that are run, and those that are only named. The tensors are
// the ones by which ComfyUI's sd.VAE tells them apart.
import { describe, expect, it } from 'vitest';
import { fixtureModel } from '../../../test/support/golden.ts';
import { openSafetensors, type TensorInfo } from '../safetensors/safetensors.ts';
import { identify } from './identify.ts';

type Shapes = Readonly<Record<string, readonly number[]>>;

const tensorsOf = (shapes: Shapes): Map<string, TensorInfo> =>
  new Map(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      { dtype: 'F32', shape, offset: 0, byteLength: 0 },
    ]),
  );
const prefixed = (prefix: string, shapes: Shapes): Shapes =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [prefix + name, shape]));

const KL = { 'decoder.conv_in.weight': [512, 16, 3, 3], 'decoder.mid.block_1.norm1.weight': [512] };
const DIFFUSERS = {
  'decoder.conv_in.weight': [512, 16, 3, 3],
  'decoder.up_blocks.0.resnets.0.norm1.weight': [512],
};

it.each(['', 'first_stage_model.', 'vae.'])('finds an autoencoder with the prefix %j', (prefix) => {
  const part = (shapes: Shapes) => identify(tensorsOf(prefixed(prefix, shapes)));
  expect(part(KL)).toEqual({ kind: 'vae', vae: { kind: 'kl', prefix } });
  expect(part(DIFFUSERS)).toEqual({
    kind: 'vae',
    vae: { kind: 'kl', layout: 'diffusers', prefix },
  });
  expect(part({ 'taesd_decoder.1.weight': [64, 16, 3, 3] })).toEqual({
    kind: 'vae',
    vae: { kind: 'taesd', prefix },
  });
});

it.each(['tiny_ae', 'tiny_flux2_vae'])('finds the one of FLUX in the fixture %s', async (name) => {
  const file = await openSafetensors(fixtureModel(name));
  await file.close();
  expect(identify(file.tensors)).toEqual({ kind: 'vae', vae: { kind: 'kl', prefix: '' } });
});

it('of Wan 2.1 and Qwen-Image', async () => {
  const file = await openSafetensors(fixtureModel('tiny_wan21_vae'));
  await file.close();
  expect(identify(file.tensors)).toEqual({ kind: 'vae', vae: { kind: 'wan', prefix: '' } });
});

const conv = [512, 16, 3, 3, 3];
const FOREIGN: readonly (readonly [string, Shapes])[] = [
  ['Stable Video Diffusion (video)', { ...KL, 'decoder.mid.block_1.mix_factor': [1] }],
  [
    'Wan 2.2 (video)',
    {
      'decoder.middle.0.residual.0.gamma': [1024, 1, 1, 1],
      'decoder.upsamples.0.upsamples.0.residual.2.weight': [1024, 1024, 3, 3, 3],
    },
  ],
  ['LTX-Video (video)', { 'decoder.up_blocks.0.res_blocks.0.conv1.conv.weight': conv }],
  ['HunyuanVideo (video)', { 'decoder.conv_in.conv.weight': conv }],
  ['HunyuanVideo 1.5 (video)', { 'decoder.conv_in.conv.weight': [1024, 32, 3, 3, 3] }],
  ['HunyuanVideo 1.5 (video)', { 'decoder.conv_in.weight': [1024, 32, 3, 3, 3] }],
  ['HunyuanImage', { ...KL, 'decoder.conv_in.weight': [1024, 64, 3, 3] }],
  ['Cosmos (video)', { 'decoder.unpatcher3d.wavelets': [2] }],
  ['Mochi (video)', { 'blocks.2.blocks.3.stack.5.weight': conv }],
  [
    'CogVideoX (video)',
    {
      'decoder.conv_in.conv.weight': conv,
      'decoder.mid_block.resnets.0.norm1.norm_layer.weight': [512],
    },
  ],
  ['Stable Cascade', { 'vquantizer.codebook.weight': [8192, 4] }],
  ['Stable Audio (sound)', { 'decoder.layers.1.layers.0.beta': [2048] }],
  ['ACE-Step (music)', { 'vocoder.backbone.channel_layers.0.0.bias': [128] }],
  ['a video model (TAEHV)', { 'decoder.1.weight': [256, 16, 3, 3], 'decoder.22.bias': [3] }],
  ['a video model', { 'decoder.conv_in.weight': conv }],
];

describe.each(FOREIGN)('an autoencoder that is not supported, of %s', (whose, shapes) => {
  it.each(['', 'first_stage_model.', 'vae.'])('is named with the prefix %j', (prefix) => {
    expect(identify(tensorsOf(prefixed(prefix, shapes)))).toEqual({
      kind: 'unknown',
      reason: `the VAE of ${whose}`,
      isVae: true,
    });
  });
});
