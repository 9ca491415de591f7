import { expect, it } from 'vitest';
import { describeTaesd, describeVae } from './describe-vae.ts';

const tensors = (shapes: Readonly<Record<string, readonly number[]>>) =>
  new Map(Object.entries(shapes).map(([name, shape]) => [name, { shape }]));

it('says whose latents an autoencoder has by its channels', () => {
  const kl = (channels: number) =>
    describeVae(
      { kind: 'vae', vae: { kind: 'kl', prefix: 'vae.' } },
      tensors({ 'vae.decoder.conv_in.weight': [512, channels, 3, 3] }),
    );
  expect([4, 16, 32].map(kl)).toEqual(['KL', 'KL, SD3 or FLUX.1 (16 channels)', 'KL, 32 channels']);
  const taesd = tensors({ 'taesd_decoder.1.weight': [64, 16, 3, 3] });
  expect(describeVae({ kind: 'vae', vae: { kind: 'taesd', prefix: '' } }, taesd)).toBe(
    'TAESD, SD3 or FLUX.1 (16 channels)',
  );
});

it('says it of those of FLUX.2, whose channels are those of four cells', () => {
  const kl = { 'decoder.conv_in.weight': [512, 32, 3, 3], 'bn.running_mean': [128] };
  expect(describeVae({ kind: 'vae', vae: { kind: 'kl', prefix: '' } }, tensors(kl))).toBe(
    'KL, FLUX.2 (128 channels)',
  );
  const pool = [256, 64, 1, 1];
  expect(
    describeTaesd(
      { kind: 'taesd', part: 'decoder' },
      tensors({ '1.weight': [64, 32, 3, 3], '3.pool.0.weight': pool }),
    ),
  ).toBe('TAESD, FLUX.2 (128 channels), the decoder');
  expect(
    describeTaesd(
      { kind: 'taesd', part: 'encoder' },
      tensors({ '11.pool.0.weight': pool, '14.weight': [32, 64, 3, 3] }),
    ),
  ).toBe('TAESD, FLUX.2 (128 channels), the encoder');
});

it('says it of the halves of a tiny autoencoder', () => {
  const decoder = tensors({ '1.weight': [64, 16, 3, 3], '19.weight': [3, 64, 3, 3] });
  expect(describeTaesd({ kind: 'taesd', part: 'decoder' }, decoder)).toBe(
    'TAESD, SD3 or FLUX.1 (16 channels), the decoder',
  );
  const encoder = (channels: number) =>
    describeTaesd(
      { kind: 'taesd', part: 'encoder' },
      tensors({ '0.weight': [64, 3, 3, 3], '14.weight': [channels, 64, 3, 3] }),
    );
  expect([4, 16].map(encoder)).toEqual([
    'TAESD, the encoder',
    'TAESD, SD3 or FLUX.1 (16 channels), the encoder',
  ]);
});
