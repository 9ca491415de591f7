import { crc32, deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode-image.ts';
import { encodePng, readPngText } from './png.ts';

const one = { width: 1, height: 1, channels: 3, bytes: Uint8Array.from([1, 2, 3]) };

function chunkTypes(file: Buffer): string[] {
  const types: string[] = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at))
    types.push(file.toString('latin1', at + 4, at + 8));
  return types;
}

/** `file` with one more chunk after the header. */
function withChunk(
  file: Buffer,
  type: string,
  data: Buffer,
  crc?: number,
  length = data.length,
): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const words = Buffer.alloc(8);
  words.writeUInt32BE(length, 0);
  words.writeUInt32BE(crc ?? crc32(body), 4);
  return Buffer.concat([
    file.subarray(0, 33),
    words.subarray(0, 4),
    body,
    words.subarray(4),
    file.subarray(33),
  ]);
}

describe('encodePng', () => {
  it('writes header, texts in order, pixels and end, and no other chunks', async () => {
    const file = await encodePng(one, {
      text: { prompt: '{"a": 1}', workflow: 'café', note: '漢' },
    });
    expect(chunkTypes(file)).toEqual(['IHDR', 'tEXt', 'tEXt', 'iTXt', 'IDAT', 'IEND']);
    // the chunk PngInfo.add_text('prompt', '{"a": 1}') writes
    expect(file.subarray(33, 60).toString('hex')).toBe(
      Buffer.from('AAAAD3RFWHRwcm9tcHQAeyJhIjogMX2/qdGT', 'base64').toString('hex'),
    );
    expect(readPngText(file)).toEqual({ prompt: '{"a": 1}', workflow: 'café', note: '漢' });
  });

  it.each([1, 3, 4])('preserves the pixels of %i channels', async (channels) => {
    const bytes = Uint8Array.from({ length: 7 * 5 * channels }, (_, i) => (i * 37) % 256);
    const file = await encodePng({ width: 7, height: 5, channels, bytes }, { level: 1 });
    expect({ depth: file[24], colourType: file[25] }).toEqual({
      depth: 8,
      colourType: { 1: 0, 3: 2, 4: 6 }[channels],
    });
    const { image, mask } = await decodeImage(file);
    const pixel = (i: number) =>
      Array.from(image.data.subarray(3 * i, 3 * i + 3), (v) => Math.round(v * 255));
    expect(pixel(34)).toEqual(
      [0, 1, 2].map((c) => bytes[34 * channels + (channels === 1 ? 0 : c)]),
    );
    if (channels === 4) expect(Math.round((1 - mask.data[34]) * 255)).toBe(bytes[34 * 4 + 3]);
  });
});

describe('readPngText', () => {
  it('reads tEXt, iTXt, zTXt and compressed iTXt chunks that Pillow wrote', () => {
    // add_text('prompt', …), add_text('workflow', 'café'), add_text('note', '漢'), add_text('long',
    //   'x' * 300, zip=True),
    // add_itxt('it', '漢' * 50, 'en', 'k', zip=True)
    const file = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAAD3RFWHRwcm9tcHQAeyJhIjogMX2/qdGTAAAA' +
        'DXRFWHR3b3JrZmxvdwBjYWbpY7yZvgAAAAxpVFh0bm90ZQAAAAAA5ryiVKU5ZwAAABN6VFh0bG9uZwAAeJyr' +
        'qBgFxAIAsgqMoZYCo9cAAAAYaVRYdGl0AAEAZW4AawB4nHu2Z9GzwYcAeIlxSc4a95wAAAAMSURBVHicY2Bg' +
        'YAAAAAQAAfYXOFUAAAAASUVORK5CYII=',
      'base64',
    );
    expect(readPngText(file)).toEqual({
      prompt: '{"a": 1}',
      workflow: 'café',
      note: '漢',
      long: 'x'.repeat(300),
      it: '漢'.repeat(50),
    });
  });

  it('reads the key __proto__ as an ordinary key', async () => {
    const text = readPngText(withChunk(await encodePng(one), 'tEXt', Buffer.from('__proto__\0x')));
    expect(Object.keys(text)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(text)).toBe(Object.prototype);
  });

  it('reads the texts after the end marker, as ComfyUI’s editor does', async () => {
    const file = await encodePng(one);
    const workflow = withChunk(file, 'tEXt', Buffer.from('workflow\0{}')).subarray(
      33,
      33 + 12 + 'workflow\0{}'.length,
    );
    expect(readPngText(Buffer.concat([file, workflow]))).toEqual({ workflow: '{}' });
  });

  it('reads the texts of a file that ends within its pixels', async () => {
    const file = await encodePng(one, { text: { prompt: '{}' } });
    expect(readPngText(file.subarray(0, file.length - 16))).toEqual({ prompt: '{}' });
  });

  it('leaves out damaged chunks and too much text, with a problem for each', async () => {
    const file = await encodePng(one, { text: { prompt: '{}' } });
    const bomb = Buffer.concat([Buffer.from('k\0\0'), deflateSync(Buffer.alloc(65 * 1024 * 1024))]);
    const bad: Record<string, Buffer> = {
      'no separator': withChunk(file, 'tEXt', Buffer.from('kv')),
      'Cannot create a Buffer larger': withChunk(file, 'zTXt', bomb),
      'incorrect header': withChunk(file, 'zTXt', Buffer.from('k\0\0garbage')),
      'chunk of cat.png': withChunk(file, 'iTXt', Buffer.from('k\0\0\0')),
    };
    for (const [why, bytes] of Object.entries(bad)) {
      const problems: string[] = [];
      const texts = readPngText(bytes, 'cat.png', (problem) => problems.push(problem));
      expect(texts).toEqual({ prompt: '{}' });
      expect(problems).toEqual([expect.stringContaining(why)]);
    }
    expect(() => readPngText(Buffer.from('JFIF'), 'cat.png')).toThrow(
      'cannot read the text of cat.png: it is not a PNG file',
    );
  });

  it('returns a text with a wrong checksum, unless there is another with its key', async () => {
    const problems: string[] = [];
    const read = (bytes: Buffer) => readPngText(bytes, 'cat.png', (text) => problems.push(text));
    const file = withChunk(await encodePng(one), 'tEXt', Buffer.from('prompt\0{"a": 1}'), 1);
    expect(read(file)).toEqual({ prompt: '{"a": 1}' });
    expect(problems).toEqual([
      "the text 'prompt' of cat.png has a wrong checksum; it may be damaged",
    ]);
    expect(read(withChunk(file, 'tEXt', Buffer.from('prompt\0{}')))).toEqual({ prompt: '{}' });
  });

  it('reads tEXt and zTXt as UTF-8 where that is valid, else as Latin-1', async () => {
    const plain = (value: Buffer) => Buffer.concat([Buffer.from('k\0'), value]);
    const file = await encodePng(one);
    // new TextDecoder('utf-8').decode(…) in getFromPngBuffer of ComfyUI's frontend
    expect(readPngText(withChunk(file, 'tEXt', plain(Buffer.from('日本語 é 🦊'))))).toEqual({
      k: '日本語 é 🦊',
    });
    expect(readPngText(withChunk(file, 'tEXt', plain(Buffer.from('café', 'latin1'))))).toEqual({
      k: 'café',
    });
    const packed = Buffer.concat([Buffer.from('k\0\0'), deflateSync(Buffer.from('日本語'))]);
    expect(readPngText(withChunk(file, 'zTXt', packed))).toEqual({ k: '日本語' });
  });

  it('ignores a chunk that is longer than the file', async () => {
    const file = withChunk(
      await encodePng(one),
      'tEXt',
      Buffer.from('k\0v'),
      undefined,
      0xffffffff,
    );
    expect(readPngText(file)).toEqual({});
  });
});
