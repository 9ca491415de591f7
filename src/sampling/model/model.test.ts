// The model sampling and latent format that follow from what a checkpoint predicts.
import { describe, expect, it } from 'vitest';
import type { Denoiser } from '../../models/denoiser.ts';
import type { Model } from '../sampling-types.ts';
import { SD, SDXL, SDXL_PLAYGROUND } from './latent-format.ts';
import { makeModel } from './model.ts';

const unet = {} as Denoiser;

const summary = ({ sampling, latentFormat }: Model) => ({
  prediction: sampling.prediction,
  timeMapping: sampling.timeMapping,
  latentFormat,
});

const range = ({ sampling }: Model) => ({
  min: sampling.sigmaMin.toFixed(6),
  max: sampling.sigmaMax.toFixed(3),
});

it('predicts eps by default', () => {
  const model = makeModel('sd1', unet);
  expect(summary(model)).toEqual({ prediction: 'eps', timeMapping: undefined, latentFormat: SD });
});

it('EDM is Playground v2.5', () => {
  const model = makeModel('sdxl', unet, { kind: 'edm' });
  expect(summary(model)).toEqual({
    prediction: 'edm',
    timeMapping: 'edm',
    latentFormat: SDXL_PLAYGROUND,
  });
  expect(range(model)).toEqual({ min: '0.002000', max: '80.000' });
});

describe('v over a continuous range is CosXL', () => {
  it('with the sigmas of its file', () => {
    const model = makeModel('sdxl', unet, { kind: 'v-edm', sigmaMax: 120, sigmaMin: 0.01 });
    expect(summary(model)).toEqual({ prediction: 'v', timeMapping: 'edm', latentFormat: SDXL });
    expect(range(model)).toEqual({ min: '0.010000', max: '120.000' });
  });

  it('with the usual smallest sigma if the file has none', () => {
    const model = makeModel('sdxl', unet, { kind: 'v-edm', sigmaMax: 120 });
    expect(range(model).min).toBe('0.002000');
  });
});

describe('v over 1000 steps', () => {
  const samplingOf = (zsnr: boolean) => makeModel('sd2', unet, { kind: 'v', zsnr }).sampling;

  it('without zero terminal SNR', () => {
    expect(samplingOf(false)).toMatchObject({ prediction: 'v', zsnr: false });
  });

  it('with zero terminal SNR, up to a large sigma', () => {
    expect(samplingOf(true).zsnr).toBe(true);
    expect(samplingOf(true).sigmaMax).toBeGreaterThan(4000);
  });
});
