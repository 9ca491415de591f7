// JPEG 2000 files and codestreams, decoded by OpenJPEG as in Pillow: grey of up to 16 bits, RGB.
import { createRequire } from 'node:module';
import type { DecodedFrames, ImageFileFormat, OpenedImage } from '../frames.ts';
import { greyFrame } from '../frames.ts';

interface J2kDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): { readonly bitsPerSample: number; readonly componentCount: number };
  getDecodedBuffer(): Uint8Array;
}

interface OpenJpeg {
  readonly J2KDecoder: new () => J2kDecoder;
}

const require = createRequire(import.meta.url);

/** A new instance for each image: one that fails on a corrupt file can't be used again. */
async function loadDecoder(): Promise<J2kDecoder> {
  const create = require('@cornerstonejs/codec-openjpeg/decodewasmjs') as (
    options: object,
  ) => Promise<OpenJpeg>;
  const wasm = require.resolve('@cornerstonejs/codec-openjpeg/decodewasm');
  const silent = () => undefined;
  const module = await create({ locateFile: () => wasm, print: silent, printErr: silent });
  return new module.J2KDecoder();
}

const BOX_SIGNATURE = '0000000c6a5020200d0a870a';
/** Start of codestream, and the size marker behind it. */
const CODESTREAM = Buffer.from('ff4fff51', 'hex');

interface Codestream {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Bits of the first component. */
  readonly bits: number;
}

function readCodestream(file: Buffer): Codestream {
  const start = file.indexOf(CODESTREAM);
  if (start < 0) throw new Error('it ends before its pixels');
  const at = start + CODESTREAM.length;
  const value = (index: number) => file.readUInt32BE(at + 4 + 4 * index);
  return {
    width: value(0) - value(2),
    height: value(1) - value(3),
    components: file.readUInt16BE(at + 36),
    bits: (file.readUInt8(at + 38) & 0x7f) + 1,
  };
}

/** Grey of more than 8 bits in 16, which Pillow's conversion to RGB clips at 255. */
function deepGreys(values: Buffer, bits: number): Uint8Array {
  const levels = new Uint8Array(values.length / 2);
  for (let i = 0; i < levels.length; i++)
    levels[i] = Math.min(values.readUInt16LE(2 * i) << (16 - bits), 255);
  return levels;
}

async function read(file: Buffer, codestream: Codestream): Promise<DecodedFrames> {
  const { width, height, components, bits } = codestream;
  const decoder = await loadDecoder();
  let bytes: Buffer;
  try {
    decoder.getEncodedBuffer(file.length).set(file);
    decoder.decode();
    bytes = Buffer.from(decoder.getDecodedBuffer());
  } catch (cause) {
    throw new Error('its data is cut or corrupt', { cause });
  }
  const size = bits > 8 ? 2 : 1;
  if (bytes.length !== width * height * components * size)
    throw new Error('its data is cut or corrupt');
  const frame =
    components === 1
      ? greyFrame(width, height, size === 2 ? deepGreys(bytes, bits) : bytes)
      : { width, height, channels: 3, bytes: size === 2 ? highBytes(bytes, bits) : bytes };
  return { frames: [frame], hasAlpha: false };
}

function highBytes(values: Buffer, bits: number): Uint8Array {
  const bytes = new Uint8Array(values.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = values.readUInt16LE(2 * i) >> (bits - 8);
  return bytes;
}

export const JPEG2000: ImageFileFormat = {
  accepts: (file) =>
    file.toString('hex', 0, 12) === BOX_SIGNATURE || file.subarray(0, 4).equals(CODESTREAM),
  open(file): OpenedImage {
    const codestream = readCodestream(file);
    const { width, height, components } = codestream;
    if (width <= 0 || height <= 0) throw new Error('it has no pixels');
    if (components !== 1 && components !== 3)
      throw new Error(`JPEG 2000 with ${components} channels is not supported; remove its alpha`);
    return { width, height, pages: 1, read: () => read(file, codestream) };
  },
};
