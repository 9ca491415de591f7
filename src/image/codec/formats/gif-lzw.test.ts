import { expect, it } from 'vitest';
import { lzwPixels, storedPixels } from './gif-lzw.ts';

/** The data of sub-blocks. */
function joined(blocks: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < blocks.length; at += blocks[at] + 1)
    parts.push(blocks.subarray(at + 1, at + 1 + blocks[at]));
  return Buffer.concat(parts);
}

it.each([2, 3, 8])('pixels of %i bits are the same after storing and reading', (bits) => {
  const pixels = Uint8Array.from({ length: 1000 }, (_, i) => (i * i * 7) % 2 ** bits);
  const read = new Uint8Array(1000);
  expect(lzwPixels(joined(storedPixels(pixels, bits)), bits, read)).toBe(1000);
  expect(read).toEqual(pixels);
});

// the data of Image.frombytes('L', (10, 3), PIXELS).save(file, 'GIF') with Pillow 13.0
const DATA = Buffer.from('0003081c3850400083080f2a1cc0b061c380', 'hex');
const PIXELS = [...Array(9).fill(1), ...Array(6).fill([2, 1]).flat(), ...Array(9).fill(3)];

it('reads codes of strings, as far as they go', () => {
  const read = new Uint8Array(30);
  expect(lzwPixels(DATA, 8, read)).toBe(30);
  expect([...read]).toEqual(PIXELS);
  const cut = new Uint8Array(30);
  const count = lzwPixels(DATA.subarray(0, 9), 8, cut);
  expect(count).toBeGreaterThan(9);
  expect([...cut]).toEqual([...PIXELS.slice(0, count), ...Array(30 - count).fill(0)]);
});
