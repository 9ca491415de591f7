// Latent formats against ComfyUI: the latents of a model, previews, and empty latents made to fit.
import { describe, expect, it } from 'vitest';
import { expectExact, expectGolden, expectImage, golden } from '../../../test/support/golden.ts';
import { sliceBatch } from '../../tensor/tensor.ts';
import type { LatentFormat } from '../sampling-types.ts';
import { fitEmptyLatent } from './fit-empty-latent.ts';
import { FLUX, FLUX2, fromModelLatent, SD3, SDXL, toModelLatent, WAN21 } from './latent-format.ts';
import { samplingPreview } from './latent-preview.ts';

const g = golden('vae', 'latent_formats');

/** The formats of the golden. */
const FORMATS: Readonly<Record<string, LatentFormat>> = {
  SD3,
  Flux: FLUX,
  Flux2: FLUX2,
  SDXL,
  Wan21: WAN21,
};
/** The tiny autoencoder of Wan is a video model, which is not supported. */
const TINY_VIDEO = 'lighttaew2_1';

describe.each(Object.entries(FORMATS))('%s', (id, format) => {
  const { params, inputs, outputs } = g.cases.find((one) => one.id === id)!;
  const latent = g.float(inputs.latent);

  it('has the sizes and the tiny autoencoder of the original', () => {
    expect([format.channels, format.downscaleRatio, format.hasFrames ? 3 : 2]).toEqual([
      params.channels,
      params.spacial_downscale_ratio,
      params.dimensions,
    ]);
    expect(format.tiny ? `${format.tiny}_decoder` : TINY_VIDEO).toBe(params.taesd);
  });

  it('converts latents exactly as the original does', () => {
    expectExact(g, id, outputs.in, toModelLatent(format, latent).data);
    expectExact(g, id, outputs.out, fromModelLatent(format, latent).data);
  });

  it('shows latents in the colours of the original', () => {
    const { bytes } = samplingPreview({ latentFormat: format }, sliceBatch(latent, 0, 1))!;
    expectImage(g, id, outputs.preview, bytes);
  });
});

/** The models whose formats are above, and one of four channels as AuraFlow's. */
const MODELS: Readonly<Record<string, LatentFormat>> = {
  tiny_z_image: FLUX,
  tiny_flux_dev: FLUX,
  tiny_flux2_klein: FLUX2,
  tiny_auraflow: SDXL,
  tiny_qwen_image: WAN21,
};

it('makes empty latents fit the channels of a model, and no others', () => {
  const cases = g.cases.filter((one) => one.params.model in MODELS);
  expect(cases.length).toBe(12);
  for (const { id, params, inputs, outputs } of cases) {
    const latent = {
      samples: g.float(inputs.latent),
      downscale_ratio_spacial: params.downscale_ratio_spacial ?? undefined,
    };
    const fitted = fitEmptyLatent(latent, MODELS[params.model]).samples;
    expectGolden(g, id, outputs.out, fitted);
    if (!params.zero) expect(fitted.data).toBe(latent.samples.data);
  }
});

it('makes empty latents fit the ratio of a model', () => {
  // [round(n * (8 / 16)) for n in (5, 7, 8)]  ->  [2, 4, 4]
  const samples = { shape: [2, 16, 5, 7], data: new Float32Array(2 * 16 * 5 * 7) };
  const fitted = fitEmptyLatent({ samples, downscale_ratio_spacial: 8 }, FLUX2).samples;
  expect(fitted.shape).toEqual([2, 128, 2, 4]);
  expect(fitEmptyLatent({ samples }, FLUX2).samples.shape).toEqual([2, 128, 5, 7]);
});
