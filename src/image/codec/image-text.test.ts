import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { imageFormat, readImageTexts } from './image-text.ts';
import { encodeChunk, encodePng } from './png.ts';

const dot = { width: 1, height: 1, channels: 3, bytes: Buffer.from([1, 2, 3]) } as const;

/** A TIFF block with text entries in IFD0, and an Exif directory if it has entries. */
function tiff(
  entries: readonly [tag: number, value: Buffer][],
  exif: readonly [tag: number, type: number, value: Buffer][] = [],
  big = false,
): Buffer {
  const u16 = (v: number): Buffer =>
    big ? Buffer.from([v >> 8, v & 255]) : Buffer.from([v & 255, v >> 8]);
  const u32 = (v: number): Buffer =>
    big
      ? Buffer.concat([u16(v >>> 16), u16(v & 0xffff)])
      : Buffer.concat([u16(v & 0xffff), u16(v >>> 16)]);
  const directory = (
    at: number,
    list: readonly [number, number, Buffer][],
    more: number,
  ): Buffer => {
    let data = at + 2 + 12 * (list.length + more) + 4;
    const rows: Buffer[] = [];
    const values: Buffer[] = [];
    for (const [tag, type, value] of list) {
      rows.push(
        u16(tag),
        u16(type),
        u32(value.length),
        value.length <= 4 ? Buffer.concat([value, Buffer.alloc(4 - value.length)]) : u32(data),
      );
      if (value.length > 4) {
        values.push(value);
        data += value.length;
      }
    }
    if (more) rows.push(u16(0x8769), u16(4), u32(1), u32(data));
    return Buffer.concat([u16(list.length + more), ...rows, u32(0), ...values]);
  };
  const first = directory(
    8,
    entries.map(([tag, value]) => [tag, 2, value]),
    exif.length > 0 ? 1 : 0,
  );
  const second = exif.length > 0 ? directory(8 + first.length, exif, 0) : Buffer.alloc(0);
  return Buffer.concat([Buffer.from(big ? 'MM' : 'II'), u16(42), u32(8), first, second]);
}

function webp(exif: Buffer): Buffer {
  const chunk = Buffer.concat([
    Buffer.from('EXIF'),
    Buffer.alloc(4),
    exif,
    Buffer.alloc(exif.length & 1),
  ]);
  chunk.writeUInt32LE(exif.length, 4);
  const file = Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBPVP8 \x03\0\0\0abc\0', 'latin1'), chunk]);
  file.writeUInt32LE(file.length - 8, 4);
  return file;
}

function jpeg(exif: Buffer): Buffer {
  const data = Buffer.concat([Buffer.from('Exif\0\0'), exif]);
  const head = Buffer.from([
    0xff,
    0xd8,
    0xff,
    0xe0,
    0,
    4,
    0,
    0,
    0xff,
    0xe1,
    (data.length + 2) >> 8,
    (data.length + 2) & 255,
  ]);
  return Buffer.concat([head, data, Buffer.from([0xff, 0xda, 0, 2, 0xff, 0xd9])]);
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`);
const A1111 = 'a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler';

describe('texts in image files', () => {
  it('reads all three types of text chunk of a PNG', async () => {
    const file = await encodePng(dot, {
      text: { prompt: '{"1": {}}', workflow: '{"title": "고양이"}' },
    });
    const compressed = Buffer.concat([
      Buffer.from('parameters\0\0'),
      deflateSync(Buffer.from(A1111)),
    ]);
    const beforeEnd = file.length - 12;
    const withCompressedText = Buffer.concat([
      file.subarray(0, beforeEnd),
      encodeChunk('zTXt', compressed),
      file.subarray(beforeEnd),
    ]);
    expect(readImageTexts(withCompressedText, 'x.png')).toEqual({
      prompt: '{"1": {}}',
      workflow: '{"title": "고양이"}',
      parameters: A1111,
    });
  });

  it.each([false, true])(
    'reads `key:text` in Make and Model of a WebP, as ComfyUI writes it (big endian: %s)',
    (big) => {
      const block = tiff(
        [
          [0x010f, text('workflow:{"nodes": []}')],
          [0x0110, text('prompt:{"1": {}}')],
        ],
        [],
        big,
      );
      expect(readImageTexts(webp(block), 'x.webp')).toEqual({
        prompt: '{"1": {}}',
        workflow: '{"nodes": []}',
      });
      expect(
        readImageTexts(webp(Buffer.concat([Buffer.from('Exif\0\0'), block])), 'x.webp'),
      ).toHaveProperty('prompt');
    },
  );

  it.each([
    [
      'UTF-16, little endian',
      Buffer.concat([Buffer.from('UNICODE\0'), Buffer.from(A1111, 'utf16le')]),
    ],
    [
      'UTF-16, big endian',
      Buffer.concat([Buffer.from('UNICODE\0'), Buffer.from(A1111, 'utf16le').swap16()]),
    ],
    ['ASCII', Buffer.from(`ASCII\0\0\0${A1111}`)],
  ])('reads A1111’s UserComment of a JPEG in %s', (_, comment) => {
    expect(readImageTexts(jpeg(tiff([], [[0x9286, 7, comment]])), 'x.jpg')).toEqual({
      parameters: A1111,
    });
  });

  it('reads a WebP and a JPEG that sharp wrote', async () => {
    const pixels = sharp(dot.bytes, { raw: { width: 1, height: 1, channels: 3 } }).withExif({
      IFD0: { Make: 'workflow:{"a": 1}', Model: 'prompt:{"b": 2}' },
    });
    for (const file of [
      await pixels.clone().webp().toBuffer(),
      await pixels.clone().jpeg().toBuffer(),
    ])
      expect(readImageTexts(file, 'x')).toEqual({ workflow: '{"a": 1}', prompt: '{"b": 2}' });
  });

  it('returns no texts for a truncated block', () => {
    const block = tiff([[0x0110, text('prompt:{"1": {}}')]]);
    for (let length = 0; length < block.length; length++)
      expect(readImageTexts(webp(block.subarray(0, length)), 'x')).toEqual({});
  });

  it('reads a block whose directories form a cycle once', () => {
    const loop = tiff([[0x0110, text('prompt:{"1": {}}')]]);
    loop.writeUInt32LE(8, 8 + 2 + 12); // the next directory is this one
    expect(readImageTexts(webp(loop), 'x')).toEqual({ prompt: '{"1": {}}' });
  });

  it('returns no texts for EXIF data that is not TIFF', () => {
    expect(readImageTexts(jpeg(Buffer.from('no TIFF at all')), 'x')).toEqual({});
  });

  it('recognises formats by their first bytes', () => {
    expect(imageFormat(webp(Buffer.alloc(0)))).toBe('WebP');
    expect(imageFormat(jpeg(Buffer.alloc(0)))).toBe('JPEG');
    expect(imageFormat(Buffer.from('GIF89a'))).toBe('GIF');
    expect(imageFormat(Buffer.from('{}'))).toBeUndefined();
  });
});
