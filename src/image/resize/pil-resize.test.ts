import fc from 'fast-check';
import { expect, it } from 'vitest';
import { randomState } from '../../random/numpy-random.ts';
import type { ByteImage } from '../image-bytes.ts';
import { pilResize, pilResizeVia } from './pil-resize.ts';

function noise(width: number, height: number, channels: number, seed: number): ByteImage {
  const { randint } = randomState(seed);
  return {
    width,
    height,
    channels,
    bytes: Uint8Array.from({ length: width * height * channels }, () => randint(0, 256)),
  };
}

const side = fc.integer({ min: 1, max: 40 });
const size = fc.record({ width: side, height: side });

it('resizes via an intermediate size to the bytes of two separate resizes', () => {
  fc.assert(
    fc.property(
      size,
      size,
      size,
      fc.constantFrom(1, 3, 4),
      fc.constantFrom('bicubic', 'lanczos', 'box'),
      (from, between, to, channels, filter) => {
        const image = noise(from.width, from.height, channels, 7);
        const separate = pilResize(
          pilResize(image, { width: between.width, height: between.height }, filter),
          { width: to.width, height: to.height },
          filter,
        );
        expect(Buffer.compare(pilResizeVia(image, between, to, filter).bytes, separate.bytes)).toBe(
          0,
        );
      },
    ),
    { numRuns: 200 },
  );
});

it('does so for supersampling at eight times the size', () => {
  const image = noise(61, 47, 3, 3);
  const to = { width: 122, height: 94 };
  const between = { width: to.width * 8, height: to.height * 8 };
  const separate = pilResize(
    pilResize(image, { width: between.width, height: between.height }, 'bicubic'),
    { width: to.width, height: to.height },
    'bicubic',
  );
  expect(pilResizeVia(image, between, to, 'bicubic')).toEqual(separate);
});
