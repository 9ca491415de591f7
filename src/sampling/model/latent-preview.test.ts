// Previews against torch: linear(x0[0].movedim(0, -1), factors, bias), (v + 1) / 2 clamped, times
// 255, as uint8 (ComfyUI latent_preview.py).
import { describe, expect, it } from 'vitest';
import { map, zeros } from '../../tensor/tensor.ts';
import { SD, SDXL } from './latent-format.ts';
import { LATENT_COLOURS, previewLatent, samplingPreview } from './latent-preview.ts';

const denoised = map(zeros([2, 4, 2, 3]), (_, i) => Math.sin(i));

/** The pixels of the first item of `denoised`, by latent format. */
const SD_BYTES = [
  155, 122, 169, 173, 198, 182, 148, 208, 145, 104, 144, 91, 81, 64, 70, 100, 42, 102,
];
const SDXL_BYTES = [
  173, 141, 146, 158, 171, 176, 128, 158, 161, 109, 115, 114, 120, 80, 79, 149, 87, 88,
];

describe('shows the first latent of a batch in the colours of its format', () => {
  it('SD', () => {
    expect(samplingPreview({ latentFormat: SD }, denoised)).toEqual({
      width: 3,
      height: 2,
      channels: 3,
      bytes: Uint8Array.from(SD_BYTES),
    });
  });

  it('SDXL', () => {
    expect([...samplingPreview({ latentFormat: SDXL }, denoised)!.bytes]).toEqual(SDXL_BYTES);
  });
});

// >>> x = torch.sin(torch.arange(2 * 16 * 3, dtype=torch.float64)).float().reshape(2, 16, 1, 3)
// >>> factors = torch.tensor(format.latent_rgb_factors).transpose(0, 1)
// >>> torch.nn.functional.linear(format.process_in(x)[0].movedim(0, -1), factors)
describe('shows unscaled latents without bias, as the Impact Pack does', () => {
  const latent = map(zeros([2, 16, 1, 3]), (_, i) => Math.sin(i));

  it.each([
    ['Latent2RGB-SD3', [50, 112, 62, 96, 88, 56, 168, 95, 112]],
    ['Latent2RGB-FLUX.1', [119, 119, 107, 121, 121, 116, 129, 128, 134]],
  ])('%s', (method, bytes) => {
    expect([...previewLatent(latent, LATENT_COLOURS[method]).bytes]).toEqual(bytes);
  });
});

describe('has no preview', () => {
  it('of formats without colours', () => {
    const format = { ...SD, channels: 16, scale: 2 };
    expect(samplingPreview({ latentFormat: format }, zeros([1, 16, 2, 2]))).toBeUndefined();
  });

  it('of latents with another number of channels', () => {
    expect(samplingPreview({ latentFormat: SD }, zeros([1, 9, 2, 2]))).toBeUndefined();
  });
});
