// Picture files in, as ComfyUI's LoadImage and LoadImageMask see them through Pillow: turned upright by EXIF, no colour
// management, alpha dropped (never blended) and given as a mask. The decoders are sharp's.
import type { Metadata, Sharp } from 'sharp';
import { DarkroomError } from '../../errors.ts';
import { concatBatch, type Tensor, zeros } from '../../tensor/tensor.ts';
import { fromBytes } from '../image-bytes.ts';
import { CHANNELS, type Channel } from '../mask/mask-conversions.ts';
import { sharp } from './load-sharp.ts';

export interface DecodedImage {
  /** [N,H,W,3] in 0..1, one item per frame. */
  readonly image: Tensor;
  /** [N,H,W]: 1 - alpha; [N,64,64] zeros for a file without alpha. */
  readonly mask: Tensor;
}

/** Pixels of all frames together beyond which a file is refused (Pillow's limit for decompression bombs). */
const MAX_PIXELS = 178_956_970;

interface Frame {
  readonly width: number;
  readonly height: number;
  /** Interleaved RGB or RGBA. */
  readonly channels: number;
  readonly bytes: Uint8Array;
}

interface Frames {
  readonly frames: readonly Frame[];
  /** Whether the alpha is the file's own; a mere transparent colour of an RGB or grey PNG counts for LoadImageMask only. */
  readonly hasAlpha: boolean;
}

const OPTIONS = { ignoreIcc: true, failOn: 'error', limitInputPixels: MAX_PIXELS } as const;

/** How the frames of a format lie in the file; formats not named here are refused. */
const FORMATS: Record<string, (bytes: Uint8Array, meta: Metadata) => Promise<Frame[]>> = {
  png: single,
  jpeg: single,
  heif: single,
  webp: stacked,
  gif: stacked,
  tiff: paged,
};

/** Decodes a picture or an animation (frames of another size than the first are left out). Throws DR_IMAGE_UNREADABLE naming `name`. */
export async function decodeImage(bytes: Uint8Array, name = 'image'): Promise<DecodedImage> {
  const { frames, hasAlpha } = await decodeFrames(bytes, name);
  const images = frames.map(({ width, height, channels, bytes }) =>
    fromBytes(dropAlpha(bytes, channels), [1, height, width, 3]),
  );
  const masks = frames.map((frame) => (hasAlpha ? invertedChannel(frame, 3) : zeros([1, 64, 64])));
  return { image: concatBatch(images), mask: concatBatch(masks) };
}

/** One channel of the first frame as a mask [1,H,W]; alpha comes inverted, and 0 everywhere for an opaque picture. */
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
      message: `cannot read the picture ${name}: ${why}`,
      hint: 'use a whole PNG, JPEG, WebP, GIF, TIFF or AVIF file',
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
  try {
    const frames = await read(bytes, meta);
    return { frames, hasAlpha: ownsAlpha(bytes, meta, frames) };
  } catch (cause) {
    throw unreadable((cause as Error).message, cause);
  }
}

function ownsAlpha(bytes: Uint8Array, meta: Metadata, frames: readonly Frame[]): boolean {
  if (frames[0].channels !== 4) return false;
  if (meta.format === 'png') return ![0, 2].includes(bytes[25]);
  // every animated GIF decodes to RGBA; only one with see-through pixels has a transparent colour
  if (meta.format === 'gif')
    return frames.some(({ bytes }) => bytes.some((v, i) => i % 4 === 3 && v < 255));
  return true;
}

/** An acTL chunk before the first IDAT. */
function isAnimatedPng(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 8 <= view.length; ) {
    const type = view.toString('latin1', at + 4, at + 8);
    if (type === 'acTL') return at + 12 <= view.length && view.readUInt32BE(at + 8) > 1;
    if (type === 'IDAT') return false;
    at += 12 + view.readUInt32BE(at);
  }
  return false;
}

async function single(bytes: Uint8Array, meta: Metadata): Promise<Frame[]> {
  return [upright(await pixels(sharp(bytes, OPTIONS), meta), meta.orientation)];
}

async function stacked(bytes: Uint8Array, meta: Metadata): Promise<Frame[]> {
  const all = await pixels(sharp(bytes, { ...OPTIONS, pages: -1 }), meta);
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

async function paged(bytes: Uint8Array, meta: Metadata): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (let page = 0; page < (meta.pages ?? 1); page++) {
    const own = page === 0 ? meta : await sharp(bytes, { ...OPTIONS, page }).metadata();
    const frame = upright(await pixels(sharp(bytes, { ...OPTIONS, page }), own), own.orientation);
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

/** 8-bit RGB(A) of one decoded picture. 16-bit colours keep their high byte, as in Pillow. */
async function pixels(picture: Sharp, meta: Metadata): Promise<Frame> {
  const deep = DEEP_GREYS[meta.depth ?? ''];
  if (deep && meta.channels === 1) {
    const { data, info } = await picture
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
  if (meta.space === 'cmyk') picture.pipelineColourspace('cmyk').toColourspace('cmyk');
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
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

/** Grey samples wider than 8 bits: integers are divided by 255 and cut as LoadImage does in Pillow's mode I, floats are levels. */
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

/** Pillow's plain conversion: (255 - k) lessened by the ink's share of it. */
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

/** For each EXIF orientation: are the axes swapped, and is the source mirrored left-right, top-bottom. */
const ORIENTATIONS: Record<number, readonly [swap: boolean, mirrorX: boolean, mirrorY: boolean]> = {
  2: [false, true, false],
  3: [false, true, true],
  4: [false, false, true],
  5: [true, false, false],
  6: [true, false, true],
  7: [true, true, true],
  8: [true, true, false],
};

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
  return { shape: plane.shape, data: plane.data.map((v) => 1 - v) };
}
