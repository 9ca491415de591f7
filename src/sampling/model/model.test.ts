// What a checkpoint predicts as sampling: Playground v2.5 (EDM), CosXL (v over a continuous range),
// v with and without a zero end.
import { expect, it } from 'vitest';
import type { UNet } from '../../models/unet/unet.ts';
import type { Model } from '../sampling-types.ts';
import { SD, SDXL, SDXL_PLAYGROUND } from './latent-format.ts';
import { makeModel } from './model.ts';

const unet = {} as UNet;
const range = ({ sampling }: Model): string[] => [
  sampling.sigmaMin.toFixed(6),
  sampling.sigmaMax.toFixed(3),
];

it('by what the file says', () => {
  const eps = makeModel('sd1', unet);
  expect([eps.sampling.prediction, eps.sampling.clock, eps.latentFormat]).toEqual([
    'eps',
    undefined,
    SD,
  ]);
  const playground = makeModel('sdxl', unet, { kind: 'edm' });
  expect([
    playground.sampling.prediction,
    playground.sampling.clock,
    playground.latentFormat,
  ]).toEqual(['edm', 'edm', SDXL_PLAYGROUND]);
  expect(range(playground)).toEqual(['0.002000', '80.000']);
  const cos = makeModel('sdxl', unet, { kind: 'v-edm', sigmaMax: 120, sigmaMin: 0.01 });
  expect([cos.sampling.prediction, cos.sampling.clock, cos.latentFormat]).toEqual([
    'v',
    'edm',
    SDXL,
  ]);
  expect(range(cos)).toEqual(['0.010000', '120.000']);
  expect(range(makeModel('sdxl', unet, { kind: 'v-edm', sigmaMax: 120 }))[0]).toBe('0.002000');
  const [v, whole] = [false, true].map(
    (zsnr) => makeModel('sd2', unet, { kind: 'v', zsnr }).sampling,
  );
  expect([v.prediction, v.zsnr, whole.zsnr]).toEqual(['v', false, true]);
  expect(whole.sigmaMax).toBeGreaterThan(4000);
});
