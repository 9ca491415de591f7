import { expect, it } from 'vitest';
import { exifTexts } from './exif.ts';

/** A block of ASCII tags that all have the same text. */
function blockOf(tags: number, text: Buffer): Buffer {
  const block = Buffer.alloc(8 + 2 + 12 * tags + 4 + text.length);
  block.write('II');
  block.writeUInt16LE(42, 2);
  block.writeUInt32LE(8, 4);
  block.writeUInt16LE(tags, 8);
  for (let i = 0; i < tags; i++) {
    const at = 10 + 12 * i;
    block.writeUInt16LE(0x010e, at);
    block.writeUInt16LE(2, at + 2);
    block.writeUInt32LE(text.length, at + 4);
    block.writeUInt32LE(block.length - text.length, at + 8);
  }
  text.copy(block, block.length - text.length);
  return block;
}

it('returns texts without the NULs after them', () => {
  expect(exifTexts(blockOf(1, Buffer.from('a\0b\0\0')))).toEqual(['a\0b']);
});

it('reads many tags of the same NULs in linear time, as far as the block is long', () => {
  const text = Buffer.alloc(60_000);
  text.write('x', text.length - 1);
  const texts = exifTexts(blockOf(100, text));
  expect(texts).toHaveLength(1);
  expect(texts[0]).toHaveLength(60_000);
  const ends = Buffer.from(`${'\0'.repeat(1_000_000)}x`);
  expect(exifTexts(blockOf(1, ends))).toEqual([ends.toString()]);
});
