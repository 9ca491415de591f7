// Previews against torch: linear(x0[0].movedim(0, -1), factors, bias), (v + 1) / 2 clamped, times
// 255, as uint8 (ComfyUI latent_preview.py).
import { expect, it } from 'vitest';
import { map, zeros } from '../../tensor/tensor.ts';
import { SD, SDXL } from './latent-format.ts';
import { samplingPreview } from './latent-preview.ts';

const denoised = map(zeros([2, 4, 2, 3]), (_, i) => Math.sin(i));

it('shows the first latent of a batch in its format’s colours', () => {
  expect(samplingPreview(SD, denoised)).toEqual({
    ...{ width: 3, height: 2, channels: 3 },
    bytes: Uint8Array.of(
      155,
      122,
      169,
      173,
      198,
      182,
      148,
      208,
      145,
      104,
      144,
      91,
      81,
      64,
      70,
      100,
      42,
      102,
    ),
  });
  expect([...samplingPreview(SDXL, denoised)!.bytes]).toEqual([
    ...[173, 141, 146, 158, 171, 176, 128, 158, 161, 109, 115, 114, 120, 80, 79, 149, 87, 88],
  ]);
});

it('shows nothing of formats without colours', () => {
  expect(samplingPreview({ ...SD, channels: 16, scale: 1 }, zeros([1, 16, 2, 2]))).toBeUndefined();
  expect(samplingPreview(SD, zeros([1, 9, 2, 2]))).toBeUndefined();
});
