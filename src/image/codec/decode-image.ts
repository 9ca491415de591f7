// Decodes image files as ComfyUI's LoadImage and LoadImageMask do through Pillow: turned upright
// by EXIF, no colour management, alpha dropped (never blended) and returned as a mask. sharp does
// the decoding.
import type { Metadata, Sharp } from 'sharp';
import { DarkroomError } from '../../errors.ts';
import { requestMemory } from '../../tensor/allocate.ts';
import { concatBatch, type Tensor, zeros } from '../../tensor/tensor.ts';
import { fromBytes } from '../image-bytes.ts';
import { CHANNELS, type Channel } from '../mask/mask-conversions.ts';
import { sharp } from './load-sharp.ts';
import { readChunks } from './png.ts';

export interface DecodedImage {
  /** [N,H,W,3] with values 0..1, one item per frame. */
  readonly image: Tensor;
  /** [N,H,W]: 1 - alpha; [N,64,64] zeros for a file without alpha. */
  readonly mask: Tensor;
}

/** The most pixels of all frames together (Pillow's limit for decompression bombs). */
const MAX_PIXELS = 178_956_970;

/**
 * What decoding takes at its peak: the decoder's and our 8-bit RGBA, RGB, and the float32 image and
 * mask.
 */
const BYTES_PER_PIXEL = 4 + 4 + 3 + 12 + 4;

interface Frame {
  readonly width: number;
  readonly height: number;
  /** Interleaved RGB or RGBA. */
  readonly channels: number;
  readonly bytes: Uint8Array;
}

interface Frames {
  readonly frames: readonly Frame[];
  /**
   * Whether the file has an alpha channel; a transparent colour of an RGB or grey PNG is not one.
   */
  readonly hasAlpha: boolean;
}

const OPTIONS = { ignoreIcc: true, failOn: 'error', limitInputPixels: MAX_PIXELS } as const;

/** The reader of each format. Other formats are refused. */
const FORMATS: Record<string, (bytes: Uint8Array, meta: Metadata) => Promise<Frame[]>> = {
  png: readSingle,
  jpeg: readSingle,
  heif: readSingle,
  webp: readAnimation,
  gif: readAnimation,
  tiff: readPages,
};

/**
 * Decodes an image or an animation; frames whose size differs from the first are left out. Throws
 * DR_IMAGE_UNREADABLE naming `name`.
 */
export async function decodeImage(bytes: Uint8Array, name = 'image'): Promise<DecodedImage> {
  const { frames, hasAlpha } = await decodeFrames(bytes, name);
  const images = frames.map(({ width, height, channels, bytes }) =>
    fromBytes(dropAlpha(bytes, channels), [1, height, width, 3]),
  );
  const masks = frames.map((frame) => (hasAlpha ? invertedChannel(frame, 3) : zeros([1, 64, 64])));
  return { image: joined(images), mask: joined(masks) };
}

/** A batch of frames; of one frame, without a copy. */
const joined = (frames: readonly Tensor[]): Tensor =>
  frames.length === 1 ? frames[0] : concatBatch(frames);

/**
 * One channel of the first frame as a mask [1,H,W]. Alpha is inverted: 0 everywhere for an opaque
 * image. Throws DR_IMAGE_UNREADABLE naming `name`.
 */
export async function decodeChannel(
  bytes: Uint8Array,
  channel: Channel,
  name = 'image',
): Promise<Tensor> {
  const frame = (await decodeFrames(bytes, name)).frames[0];
  const index = CHANNELS.indexOf(channel);
  if (channel !== 'alpha') return plainChannel(frame, index);
  return frame.channels === 4
    ? invertedChannel(frame, index)
    : zeros([1, frame.height, frame.width]);
}

async function decodeFrames(bytes: Uint8Array, name: string): Promise<Frames> {
  const unreadable = (why: string, cause?: unknown) =>
    new DarkroomError('DR_IMAGE_UNREADABLE', {
      message: `cannot read the image ${name}: ${why}`,
      hint: 'Use a complete PNG, JPEG, WebP, GIF, TIFF or AVIF file.',
      file: name,
      cause,
    });
  if (bytes.length === 0) throw unreadable('the file is empty');
  const meta = await sharp(bytes, OPTIONS)
    .metadata()
    .catch((cause: Error) => {
      throw unreadable(cause.message, cause);
    });
  const read = FORMATS[meta.format];
  if (!read) throw unreadable(`${meta.format} files are not supported`);
  if (meta.width * meta.height * (meta.pages ?? 1) > MAX_PIXELS)
    throw unreadable(`it has more than ${MAX_PIXELS} pixels`);
  if (meta.format === 'png' && isAnimatedPng(bytes))
    throw unreadable('animated PNG files are not supported');
  requestMemory(
    meta.width * meta.height * (meta.pages ?? 1) * BYTES_PER_PIXEL,
    `the image ${name} of ${meta.width}×${meta.height} pixels`,
    name,
  );
  try {
    const frames = await read(bytes, meta);
    return { frames, hasAlpha: hasAlphaChannel(bytes, meta, frames) };
  } catch (cause) {
    throw unreadable((cause as Error).message, cause);
  }
}

function hasAlphaChannel(bytes: Uint8Array, meta: Metadata, frames: readonly Frame[]): boolean {
  if (frames[0].channels !== 4) return false;
  // colour types 0 and 2, grey and RGB, have none
  if (meta.format === 'png') return ![0, 2].includes(bytes[25]);
  // every animated GIF decodes to RGBA; only one with transparent pixels has a transparent colour
  if (meta.format === 'gif')
    return frames.some(({ bytes }) => bytes.some((v, i) => i % 4 === 3 && v < 255));
  return true;
}

/** Whether an acTL chunk with more than one frame precedes the first IDAT chunk. */
function isAnimatedPng(bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { type, data } of readChunks(file)) {
    if (type === 'acTL') return data.length >= 4 && data.readUInt32BE(0) > 1;
    if (type === 'IDAT') return false;
  }
  return false;
}

async function readSingle(bytes: Uint8Array, meta: Metadata): Promise<Frame[]> {
  return [upright(await readPixels(sharp(bytes, OPTIONS), meta), meta.orientation)];
}

/** sharp decodes the frames of an animation into one tall image. */
async function readAnimation(bytes: Uint8Array, meta: Metadata): Promise<Frame[]> {
  const all = await readPixels(sharp(bytes, { ...OPTIONS, pages: -1 }), meta);
  const pages = meta.pages ?? 1;
  const height = all.height / pages;
  const size = all.width * height * all.channels;
  const frame = (i: number): Frame => ({
    ...all,
    height,
    bytes: all.bytes.subarray(i * size, (i + 1) * size),
  });
  return Array.from({ length: pages }, (_, i) => upright(frame(i), meta.orientation));
}

/** Pages whose size or number of channels differs from the first page's are left out. */
async function readPages(bytes: Uint8Array, meta: Metadata): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (let page = 0; page < (meta.pages ?? 1); page++) {
    const pageMeta = page === 0 ? meta : await sharp(bytes, { ...OPTIONS, page }).metadata();
    const pixels = await readPixels(sharp(bytes, { ...OPTIONS, page }), pageMeta);
    const frame = upright(pixels, pageMeta.orientation);
    const first = frames[0] ?? frame;
    if (
      frame.width === first.width &&
      frame.height === first.height &&
      frame.channels === first.channels
    )
      frames.push(frame);
  }
  return frames;
}

/** Decodes to 8-bit RGB or RGBA. As in Pillow, only the high byte of 16-bit colours is used. */
async function readPixels(image: Sharp, meta: Metadata): Promise<Frame> {
  const deep = DEEP_GREYS[meta.depth ?? ''];
  if (deep && meta.channels === 1) {
    const { data, info } = await image
      .toColourspace(deep.space)
      .raw({ depth: deep.depth })
      .toBuffer({ resolveWithObject: true });
    const values = deep.values(
      data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer,
    );
    return {
      width: info.width,
      height: info.height,
      channels: 3,
      bytes: greys(values, deep.scale),
    };
  }
  if (meta.space === 'cmyk') image.pipelineColourspace('cmyk').toColourspace('cmyk');
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const bytes = meta.space === 'cmyk' ? cmykToRgb(data) : data;
  return {
    width: info.width,
    height: info.height,
    channels: meta.space === 'cmyk' ? 3 : info.channels,
    bytes,
  };
}

interface DeepGrey {
  readonly depth: 'ushort' | 'int' | 'float';
  readonly space: 'grey16' | 'b-w';
  readonly scale: number;
  readonly values: (buffer: ArrayBuffer) => ArrayLike<number>;
}

/**
 * Grey samples of more than 8 bits: integers are divided by 255 and truncated, as LoadImage does in
 * Pillow's mode I; floats are levels 0..255.
 */
const DEEP_GREYS: Record<string, DeepGrey> = {
  ushort: {
    depth: 'ushort',
    space: 'grey16',
    scale: 1 / 255,
    values: (buffer) => new Uint16Array(buffer),
  },
  int: { depth: 'int', space: 'b-w', scale: 1 / 255, values: (buffer) => new Int32Array(buffer) },
  float: { depth: 'float', space: 'b-w', scale: 1, values: (buffer) => new Float32Array(buffer) },
};

function greys(values: ArrayLike<number>, scale: number): Uint8Array {
  const bytes = new Uint8Array(values.length * 3);
  for (let i = 0; i < values.length; i++)
    bytes.fill(Math.min(Math.max(values[i] * scale, 0), 255), 3 * i, 3 * i + 3);
  return bytes;
}

/** Pillow's conversion without a profile: (255 - k) minus the share of the ink. */
function cmykToRgb(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * 3);
  for (let i = 0, to = 0; i < cmyk.length; i += 4) {
    const light = 255 - cmyk[i + 3];
    for (let c = 0; c < 3; c++) {
      const t = cmyk[i + c] * light + 128;
      rgb[to++] = Math.max(0, light - (((t >> 8) + t) >> 8));
    }
  }
  return rgb;
}

/**
 * For each EXIF orientation, whether the axes are swapped and the source is mirrored in x and in y.
 */
const ORIENTATIONS: Record<number, readonly [swap: boolean, mirrorX: boolean, mirrorY: boolean]> = {
  2: [false, true, false],
  3: [false, true, true],
  4: [false, false, true],
  5: [true, false, false],
  6: [true, false, true],
  7: [true, true, true],
  8: [true, true, false],
};

/** The frame turned and mirrored according to its EXIF orientation. */
function upright(frame: Frame, orientation = 1): Frame {
  const turn = ORIENTATIONS[orientation];
  if (!turn) return frame;
  const [swap, mirrorX, mirrorY] = turn;
  const { channels, bytes } = frame;
  const width = swap ? frame.height : frame.width;
  const height = swap ? frame.width : frame.height;
  const result = new Uint8Array(bytes.length);
  let to = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const column = swap ? y : x;
      const row = swap ? x : y;
      const from =
        (mirrorY ? frame.height - 1 - row : row) * frame.width +
        (mirrorX ? frame.width - 1 - column : column);
      for (let c = 0; c < channels; c++) result[to++] = bytes[from * channels + c];
    }
  return { width, height, channels, bytes: result };
}

function dropAlpha(bytes: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return bytes;
  const rgb = new Uint8Array((bytes.length / channels) * 3);
  for (let i = 0, to = 0; i < bytes.length; i += channels)
    for (let c = 0; c < 3; c++) rgb[to++] = bytes[i + c];
  return rgb;
}

function plainChannel({ width, height, channels, bytes }: Frame, index: number): Tensor {
  const plane = new Uint8Array(width * height);
  for (let i = 0; i < plane.length; i++) plane[i] = bytes[i * channels + index];
  return fromBytes(plane, [1, height, width]);
}

function invertedChannel(frame: Frame, index: number): Tensor {
  const plane = plainChannel(frame, index);
  for (let i = 0; i < plane.data.length; i++) plane.data[i] = 1 - plane.data[i];
  return plane;
}
