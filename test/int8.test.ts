// Whole images with the embedded model in 8-bit integers, against float32.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { psnr, ssim } from '../bench/picture-distance.ts';
import { decodeImage } from '../src/image/codec/decode-image.ts';
import { readPngText } from '../src/image/codec/png.ts';
import { openDarkroom } from '../src/index.ts';

const output = mkdtempSync(join(tmpdir(), 'darkroom-int8-'));
afterAll(() => rmSync(output, { recursive: true }));

async function imageIn(precision: 'fp32' | 'int8') {
  const darkroom = await openDarkroom({
    precision,
    device: 'cpu',
    output: join(output, precision),
  });
  try {
    const { images } = await darkroom.run(
      join(import.meta.dirname, '..', 'examples', 'text-to-image.json'),
    );
    const bytes = images[0].toBuffer();
    return {
      image: (await decodeImage(bytes)).image,
      metadata: JSON.parse(readPngText(bytes)['darkroom']),
    };
  } finally {
    await darkroom.close();
  }
}

describe('int8', () => {
  it('computes nearly the same image, and records the precision in it', async () => {
    const [exact, quantized] = [await imageIn('fp32'), await imageIn('int8')];
    expect(exact.metadata.precision).toBe('fp32');
    expect(quantized.metadata.precision).toBe('int8');
    const found = {
      psnr: psnr(quantized.image, exact.image),
      ssim: ssim(quantized.image, exact.image),
    };
    // 44 to 46 dB and 0.998 with the models so far
    expect(found.psnr).toBeGreaterThan(38);
    expect(found.ssim).toBeGreaterThan(0.99);
    expect(found.psnr).toBeLessThan(70);
  });

  it('is refused on devices that do not support it', async () => {
    await expect(openDarkroom({ precision: 'int4' as never })).rejects.toMatchObject({
      code: 'DR_BAD_USAGE',
      hint: "Did you mean 'int8'?",
    });
    await expect(openDarkroom({ precision: 'int8', device: 'webgpu' })).rejects.toMatchObject({
      code: 'DR_BAD_USAGE',
    });
  });
});
