// Small images for tests.
import { encodePng } from '../../../src/image/codec/png.ts';

/** An 8 x 4 PNG of the colour (20, 60, 100), with an alpha from 0 to 255 and tEXt chunks. */
export function testPng({
  alpha = 255,
  texts = {},
}: {
  readonly alpha?: number;
  readonly texts?: Record<string, string>;
} = {}): Promise<Buffer> {
  const bytes = new Uint8Array(8 * 4 * 4).map((_, i) => [20, 60, 100, alpha][i % 4]);
  return encodePng({ width: 8, height: 4, channels: 4, bytes }, { text: texts });
}
