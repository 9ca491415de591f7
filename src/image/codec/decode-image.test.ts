import { crc32, deflateSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { limitAllocations } from '../../tensor/allocate.ts';
import { toBytes } from '../image-bytes.ts';
import { decodeChannel, decodeImage } from './decode-image.ts';

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

interface PngSource {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA. */
  readonly colour: number;
  readonly samples: readonly number[];
  readonly extra?: readonly (readonly [string, readonly number[]])[];
}

/** Builds a PNG from its samples without an encoder. */
function png({ width, height, depth = 8, colour, samples, extra = [] }: PngSource): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour], 8);
  const bytes = depth === 16 ? samples.flatMap((v) => [v >> 8, v & 255]) : samples;
  const row = bytes.length / height;
  const rows = Array.from({ length: height }, (_, y) => [
    0,
    ...bytes.slice(y * row, (y + 1) * row),
  ]).flat();
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    ...extra.map(([type, data]) => chunk(type, Uint8Array.from(data))),
    chunk('IDAT', deflateSync(Uint8Array.from(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Decoded values as the 8-bit levels they were read from. */
const levels = (data: Float32Array): number[] => Array.from(data, (v) => Math.round(v * 255));

const decodeLevels = async (file: Uint8Array) => {
  const { image, mask } = await decodeImage(file);
  return {
    shape: image.shape,
    rgb: levels(image.data),
    maskShape: mask.shape,
    mask: levels(mask.data),
  };
};

describe('PNG', () => {
  const size = { width: 2, height: 1 };

  it('drops alpha without blending and returns 1 - alpha as the mask', async () => {
    const file = png({ ...size, colour: 6, samples: [10, 20, 30, 0, 40, 50, 60, 200] });
    expect(await decodeLevels(file)).toEqual({
      shape: [1, 1, 2, 3],
      rgb: [10, 20, 30, 40, 50, 60],
      maskShape: [1, 1, 2],
      mask: [255, 55],
    });
    const { mask } = await decodeImage(file);
    // 1. - np.float32(200) / 255.0
    expect(mask.data[1]).toBe(Math.fround(1 - Math.fround(200 / 255)));
  });

  it('returns an empty 64x64 mask for a file without alpha', async () => {
    const file = png({ ...size, colour: 2, samples: [1, 2, 3, 4, 5, 6] });
    const { rgb, maskShape, mask } = await decodeLevels(file);
    expect(rgb).toEqual([1, 2, 3, 4, 5, 6]);
    expect(maskShape).toEqual([1, 64, 64]);
    expect(mask.every((v) => v === 0)).toBe(true);
  });

  it('reads grey with alpha', async () => {
    const file = png({ ...size, colour: 4, samples: [7, 255, 9, 100] });
    expect(await decodeLevels(file)).toMatchObject({ rgb: [7, 7, 7, 9, 9, 9], mask: [0, 155] });
  });

  it('scales grey of 1 and 2 bits to 0..255', async () => {
    const oneBit = png({ ...size, colour: 0, depth: 1, samples: [0b01000000] });
    const twoBits = png({ ...size, colour: 0, depth: 2, samples: [0b01100000] });
    expect((await decodeLevels(oneBit)).rgb).toEqual([0, 0, 0, 255, 255, 255]);
    expect((await decodeLevels(twoBits)).rgb).toEqual([85, 85, 85, 170, 170, 170]);
  });

  it('reads the high byte of 16-bit colours (rawmode RGB;16B)', async () => {
    const samples = [0x12ff, 0x3400, 0xff80];
    const file = png({ width: 1, height: 1, colour: 2, depth: 16, samples });
    expect((await decodeLevels(file)).rgb).toEqual([0x12, 0x34, 0xff]);
  });

  // Image.open(file).convert('RGB') of mode I;16, in Pillow 10.4 to 13.0
  it('clips 16-bit grey at 255', async () => {
    const file = png({ ...size, colour: 0, depth: 16, samples: [200, 5200] });
    expect((await decodeLevels(file)).rgb).toEqual([200, 200, 200, 255, 255, 255]);
  });

  const palette = ['PLTE', [1, 2, 3, 200, 100, 50]] as const;

  it('reads the transparency of a palette as alpha', async () => {
    const file = png({ ...size, colour: 3, samples: [1, 0], extra: [palette, ['tRNS', [64]]] });
    expect(await decodeLevels(file)).toMatchObject({
      rgb: [200, 100, 50, 1, 2, 3],
      maskShape: [1, 1, 2],
      mask: [0, 191],
    });
  });

  it('returns an empty mask for a palette without transparency', async () => {
    const file = png({ ...size, colour: 3, samples: [1, 0], extra: [palette] });
    expect((await decodeLevels(file)).maskShape).toEqual([1, 64, 64]);
  });

  it('reads a transparent colour as alpha for LoadImageMask only', async () => {
    const file = png({
      ...size,
      colour: 2,
      samples: [1, 2, 3, 4, 5, 6],
      extra: [['tRNS', [0, 4, 0, 5, 0, 6]]],
    });
    expect(await decodeLevels(file)).toMatchObject({
      rgb: [1, 2, 3, 4, 5, 6],
      maskShape: [1, 64, 64],
    });
    expect([...(await decodeChannel(file, 'alpha')).data]).toEqual([0, 1]);
  });

  it('does not apply gamma', async () => {
    const file = png({
      ...size,
      colour: 2,
      samples: [10, 20, 30, 40, 50, 60],
      extra: [['gAMA', [0, 1, 0x86, 0xa0]]],
    });
    expect((await decodeLevels(file)).rgb).toEqual([10, 20, 30, 40, 50, 60]);
  });

  it('decodes single channels, alpha inverted', async () => {
    const file = png({ ...size, colour: 6, samples: [10, 20, 30, 0, 40, 50, 60, 255] });
    expect(levels((await decodeChannel(file, 'green')).data)).toEqual([20, 50]);
    expect(levels((await decodeChannel(file, 'alpha')).data)).toEqual([255, 0]);
  });

  it('decodes the alpha channel of an opaque image as zeros', async () => {
    const opaque = await decodeChannel(png({ ...size, colour: 0, samples: [7, 8] }), 'alpha');
    expect(opaque).toEqual({ shape: [1, 1, 2], data: new Float32Array(2) });
  });
});

interface PillowFile {
  /** A file written by Pillow 12, in base64. */
  readonly file: string;
  readonly shape: readonly number[];
  /** np.array(ImageOps.exif_transpose(frame).convert('RGB')) of its frames, in base64. */
  readonly pixels: string;
}

const PILLOW_FILES: Record<string, PillowFile> = {
  'jpeg turned by EXIF orientation 6': {
    file:
      '/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAAMC' +
      'AgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/' +
      '2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU' +
      'FBQUFBT/wAARCAADAAUDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAb/xAAdEAABAgcAAAAAAAAA' +
      'AAAAAAAAB0IBAgUWJlFx/8QAFQEBAQAAAAAAAAAAAAAAAAAABAX/xAAjEQAABQALAAAAAAAAAAAAAAAAAQIE' +
      'BQMGExUjJDEyQlHR/9oADAMBAAIRAxEAPwC/RpBE9taXFKe1sddABCaOaewRiHp2YJVmXkbmbZle0uavR//Z',
    shape: [1, 5, 3, 3],
    pixels: 'I7FLF1clAAsASL1lO2NAExQMeLmDal9dRBAnp76im2N8cxVHz8G+wWiWmhpk',
  },
  'CMYK jpeg': {
    file:
      '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYH' +
      'CQcGBggLCAkKCgoKCgYICwwLCgwJCgoK/8AAFAgAAwAFBEMRAE0RAFkRAEsRAP/EABYAAQEBAAAAAAAAAAAA' +
      'AAAAAAYFCP/EACkQAAABCAoDAAAAAAAAAAAAAAABAgMEBwkKOAYYGSZCQ1JYhLJhlNL/2gAOBEMATQBZAEsA' +
      'AD8AKxEU76xye5ozjbFvO96FMvZR/AnPSG7tfrDJb/L+bjJqJ4BWIinfWOT3NH//2Q==',
    shape: [1, 3, 5, 3],
    pixels: '////pc21Xpt3K2lEDDcd/5rhpXydXl5kKz83DCEX/zjEpS2FXiJTKxcrDAwQ',
  },
  'lossy webp': {
    file:
      'UklGRlYAAABXRUJQVlA4IEoAAAAQAgCdASoFAAMAAUAmJagCdEyAAdWtw2wAAP7eNd9sSPVRwKGw4UAnuv7W' +
      'Rzwfa7U/7R8l1AfPkVUfZH+N6OTFR/r//RgXyogAAA==',
    shape: [1, 3, 5, 3],
    pixels: 'AAcADgwNRg4xcg1KnxRlGVYtOFxCb15knVx9ymOaKbFRS7hogrmJr7mj3b/A',
  },
  'animated gif': {
    file:
      'R0lGODdhBQADAIIAAAAAADIyMmRkZJaWlsjIyAAAAAAAAAAAACwAAAAABQADAAAIDgABBBAwgIBAggYHFgwI' +
      'ACH5BAEAAAMALAAAAAAFAAMAgQAAAGRkZMjIyAAAAAgQAAcAGAggQIABBgUoFDAgIAA7',
    shape: [2, 3, 5, 3],
    pixels:
      'AAAAMjIyZGRklpaWyMjIAAAAMjIyZGRklpaWyMjIAAAAMjIyZGRklpaWyMjIAAAAAAAAAAAAAAAAAAAAZGRk' +
      'ZGRkZGRkZGRkZGRkyMjIyMjIyMjIyMjIyMjI',
  },
  '32-bit tiff': {
    file:
      'SUkqADAAAACAACBABMDqBDA6wJkK+BGB1QOBwWDwkAQuGw+IQSDACEQqGACHQKAgCgAAAQMAAQAAAAUAAAAB' +
      'AQMAAQAAAAMAAAACAQMAAQAAACAAAAADAQMAAQAAAAUAAAAGAQMAAQAAAAEAAAARAQQAAQAAAAgAAAAWAQMA' +
      'AQAAAAMAAAAXAQQAAQAAACgAAAAcAQMAAQAAAAEAAABTAQMAAQAAAAIAAAAAAAAA',
    shape: [1, 3, 5, 3],
    pixels: 'AAAAOjo6dXV1sLCw6+vrAAAAOjo6dXV1sLCw6+vrAAAAOjo6dXV1sLCw6+vr',
  },
};

it.each(Object.entries(PILLOW_FILES))('reads a file as Pillow does: %s', async (name, expected) => {
  const { file, shape, pixels } = expected;
  const { image, mask } = await decodeImage(Buffer.from(file, 'base64'), name);
  expect(image.shape).toEqual(shape);
  expect(levels(image.data)).toEqual([...Buffer.from(pixels, 'base64')]);
  expect(mask.shape).toEqual([shape[0], 64, 64]);
});

describe('files that are refused', () => {
  /** Headers that promise 60,000 × 60,000 pixels, without the pixels. */
  const huge: Record<string, string> = {
    BMP:
      '424d0000000000000000360000002800000060ea000060ea00000100' +
      '1800000000000000000000000000000000000000000000000000',
    ICO:
      '000001000100000000000100180000000000160000002800000060ea0000c0d401000100' +
      '1800000000000000000000000000000000000000000000000000',
    TGA: '00000200000000000000000060ea60ea1800',
    PPM: Buffer.from('P6 60000 60000 255\n').toString('hex'),
    'plain PBM': Buffer.from('P1 60000 60000 01\n').toString('hex'),
    'JPEG 2000':
      'ff4fff51002900000000ea600000ea6000000000000000000000ea600000' +
      'ea6000000000000000000001070101',
  };
  const unreadable: Record<string, Uint8Array> = {
    'an empty file': new Uint8Array(0),
    text: Buffer.from('not an image'),
    'an image of too many pixels': png({ width: 60000, height: 60000, colour: 2, samples: [] }),
    'an SVG': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>'),
    'HEIC, which is HEVC': Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'),
  };
  it.each(Object.entries(unreadable))('names the file: %s', async (_, bytes) => {
    await expect(decodeImage(bytes, 'cat.png')).rejects.toMatchObject({
      code: 'DR_IMAGE_UNREADABLE',
      file: 'cat.png',
    });
    await expect(decodeChannel(bytes, 'red', 'cat.png')).rejects.toThrow('cat.png');
  });

  it.each(Object.entries(huge))('by the size in the header of a %s', async (_, header) => {
    const bytes = Buffer.concat([Buffer.from(header, 'hex'), Buffer.alloc(64)]);
    await expect(decodeImage(bytes)).rejects.toThrow('it has more than 178956970 pixels');
  });
});

it('by the frames of a GIF that is cut, which may be larger than its screen', async () => {
  const screen = Buffer.from('474946383961010001000000002c', 'hex');
  const frame = Buffer.concat([Buffer.alloc(4), Buffer.from('ffffffff00', 'hex')]);
  const data = Buffer.from('02024401002c', 'hex');
  await expect(decodeImage(Buffer.concat([screen, frame, data]))).rejects.toThrow(
    'it has more than 178956970 pixels',
  );
});

it('converts decoded bytes back to the same bytes', async () => {
  const all = Array.from({ length: 256 }, (_, i) => i);
  const { image } = await decodeImage(png({ width: 16, height: 16, colour: 0, samples: all }));
  expect([...toBytes(image)]).toEqual(all.flatMap((v) => [v, v, v]));
});

describe('with too little memory', () => {
  afterEach(() => limitAllocations(undefined));

  it('refuses an image by the size in its header, before it is decoded', async () => {
    limitAllocations(() => 2 ** 20);
    // its pixels are missing: decoding would report another error
    const bytes = png({
      width: 13000,
      height: 13000,
      colour: 2,
      samples: new Array(13000).fill(0),
    });
    const refused = expect.objectContaining({
      code: 'DR_OUT_OF_MEMORY',
      message: expect.stringContaining('the image a.png of 13000×13000 pixels needs 4.6 GB'),
      file: 'a.png',
    });
    await expect(decodeImage(bytes, 'a.png')).rejects.toEqual(refused);
    await expect(decodeChannel(bytes, 'red', 'a.png')).rejects.toEqual(refused);
  });
});
