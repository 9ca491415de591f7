// Image files as LoadImage of ComfyUI 0.21.0 and later reads them: by PyAV, which is FFmpeg (here
// version 8 on x86). Their pixels differ from Pillow's where the decoder (JPEG) or the conversion
// to RGB rounds differently; grey levels and colours in other orders are not on 8-bit levels.
import type { Tensor } from '../../../tensor/tensor.ts';
import { concatBatch, tensor, zeros } from '../../../tensor/tensor.ts';
import { fromBytes } from '../../image-bytes.ts';
import { checkSize, type OnDamage, openImage, readFrames } from '../decode-frames.ts';
import type { DecodedImage } from '../decode-image.ts';
import { type DecodedFrames, type Frame, type OpenedImage, upright } from '../frames.ts';
import { imageFormat } from '../image-text.ts';
import { sharp } from '../load-sharp.ts';
import { decodeJpeg } from './decode-jpeg.ts';
import {
  floatAlpha,
  floatBytes,
  floatColours,
  floatLevels,
  PACKED_8,
  PLANAR_8,
} from './float-pixels.ts';
import { type StoredFormat, storedFormat } from './stored-format.ts';

/** RGB values 0..1, three per pixel, and alpha if the format has it. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgb: Float32Array;
  readonly alpha?: Float32Array;
}

/**
 * Decodes an image or an animation. A file that is damaged, or of a kind whose pixel format is not
 * followed, is read as `decodeImage` reads it. `onDamage` and errors: as there.
 */
export async function decodeAsFfmpeg(
  bytes: Uint8Array,
  name = 'image',
  onDamage: OnDamage = () => undefined,
): Promise<DecodedImage> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const opened = await openImage(bytes, name);
  const jpeg = imageFormat(file) === 'JPEG' ? await jpegPixels(file, opened, name) : undefined;
  const pixels = jpeg ? [jpeg] : await pixelsOf(file, await readFrames(opened, name, onDamage));
  return { image: joined(pixels.map(imageOf)), mask: joined(pixels.map(maskOf)) };
}

/** A batch of frames; of one frame, without a copy. */
const joined = (frames: readonly Tensor[]): Tensor =>
  frames.length === 1 ? frames[0] : concatBatch(frames);

const imageOf = ({ width, height, rgb }: Pixels): Tensor => tensor([1, height, width, 3], rgb);

const maskOf = ({ width, height, alpha }: Pixels): Tensor =>
  alpha
    ? tensor(
        [1, height, width],
        alpha.map((value) => 1 - value),
      )
    : zeros([1, 64, 64]);

/** FFmpeg pads the widths of formats that LoadImage does not list, in planes. */
const isPadded = (width: number): boolean => width % 32 !== 0;

async function pixelsOf(file: Buffer, { frames, hasAlpha }: DecodedFrames): Promise<Pixels[]> {
  const stored = storedFormat(file, frames[0]);
  if (stored === 'grey16') return [await deepGrey(file)];
  return frames.map((frame) => CONVERSIONS[stored ?? (hasAlpha ? 'rgba' : 'rgb')](frame));
}

const CONVERSIONS: Readonly<Record<Exclude<StoredFormat, 'grey16'>, (frame: Frame) => Pixels>> = {
  rgb: (frame) => withPixels(frame, levels(frame)),
  rgba: (frame) => withPixels(frame, levels(frame), unitLevels(channel(frame, 3))),
  palette: (frame) => withPixels(frame, levels(frame), unitLevels(channel(frame, 3))),
  grey: (frame) => withPixels(frame, floatBytes(colours(frame))),
  'grey-alpha': (frame) =>
    withPixels(
      frame,
      isPadded(frame.width) ? padded(frame) : floatBytes(colours(frame)),
      floatBytes(channel(frame, 3)),
    ),
  bilevel: (frame) =>
    withPixels(frame, isPadded(frame.width) ? floatBytes(colours(frame)) : levels(frame)),
  bgr: (frame) => withPixels(frame, converted(frame)),
  planes: (frame) => withPixels(frame, padded(frame)),
  'planes-alpha': (frame) => withPixels(frame, padded(frame), floatBytes(channel(frame, 3))),
  bgra: (frame) =>
    withPixels(
      frame,
      converted(frame),
      (isPadded(frame.width) ? floatBytes : floatAlpha)(channel(frame, 3)),
    ),
  // its chroma is enlarged as libwebp does it
  lossy: (frame) =>
    withPixels(
      frame,
      levels(frame),
      frame.channels === 4 ? floatBytes(channel(frame, 3)) : undefined,
    ),
};

const withPixels = ({ width, height }: Frame, rgb: Float32Array, alpha?: Float32Array): Pixels => ({
  width,
  height,
  rgb,
  alpha,
});

/** The colours of a frame, without alpha. */
function colours({ channels, bytes }: Frame): Uint8Array {
  if (channels === 3) return bytes;
  const rgb = new Uint8Array((bytes.length / channels) * 3);
  for (let i = 0, to = 0; i < bytes.length; i += channels)
    for (let c = 0; c < 3; c++) rgb[to++] = bytes[i + c];
  return rgb;
}

/** One channel of a frame; alpha is opaque where the frame has none. */
function channel({ channels, bytes }: Frame, index: number): Uint8Array {
  const plane = new Uint8Array(bytes.length / channels);
  if (index >= channels) return plane.fill(255);
  for (let i = 0; i < plane.length; i++) plane[i] = bytes[i * channels + index];
  return plane;
}

/** Bytes / 255. */
const unitLevels = (bytes: Uint8Array): Float32Array => fromBytes(bytes, [bytes.length]).data;

const levels = (frame: Frame): Float32Array => unitLevels(colours(frame));

const converted = (frame: Frame): Float32Array =>
  isPadded(frame.width) ? padded(frame) : floatColours(frame.bytes, frame.channels, PACKED_8);

const padded = ({ bytes, channels }: Frame): Float32Array =>
  floatColours(bytes, channels, PLANAR_8);

/** A PNG file of grey levels of 16 bits. */
async function deepGrey(file: Buffer): Promise<Pixels> {
  const { data, info } = await sharp(file, { ignoreIcc: true })
    .toColourspace('grey16')
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  const grey = floatLevels(new Uint16Array(data.buffer, data.byteOffset, data.length / 2));
  const rgb = Float32Array.from({ length: 3 * grey.length }, (_, i) => grey[Math.floor(i / 3)]);
  return { width: info.width, height: info.height, rgb };
}

/** FFmpeg turns a JPEG, but does not mirror it. */
const TURNS: Readonly<Record<number, number>> = { 2: 3, 4: 1, 5: 6, 7: 8 };

/**
 * The pixels of a JPEG file; undefined for one that is damaged or of a kind not followed. Throws as
 * `checkSize` does.
 */
async function jpegPixels(
  file: Buffer,
  opened: OpenedImage,
  name: string,
): Promise<Pixels | undefined> {
  checkSize(opened, name);
  const decoded = decodeJpeg(file);
  if (!decoded) return undefined;
  const { orientation = 1 } = await sharp(file, { failOn: 'none' }).metadata();
  const frame = upright(decoded.frame, TURNS[orientation] ?? orientation);
  return CONVERSIONS[decoded.stored](frame);
}
