// Animated PNG files: the frames as Pillow composes them when each is loaded in turn. Palette
// images are composed of indices, which is what Pillow blends.
import type { DecodedFrames, Frame, OpenedImage } from '../frames.ts';
import type { PngChunk, PngHeader, PngParts } from './png-chunks.ts';
import { decodePngRows, hasAlphaChannel } from './png-image.ts';

interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const BACKGROUND = 1;
const PREVIOUS = 2;
/** The blend operation that draws with alpha; the other replaces. */
const OVER = 1;

interface AnimationFrame {
  readonly region: Region;
  /** What happens to the region before the next frame is drawn. */
  readonly disposal: number;
  readonly blend: number;
  readonly data: Buffer[];
}

/** Images without a frame control: the default image of a file, drawn before the animation. */
const stillFrame = ({ width, height }: PngHeader): AnimationFrame => ({
  region: { left: 0, top: 0, width, height },
  disposal: 0,
  blend: 0,
  data: [],
});

function controlledFrame(data: Buffer, header: PngHeader): AnimationFrame {
  const [width, height, left, top] = [4, 8, 12, 16].map((at) => data.readUInt32BE(at));
  if (left + width > header.width || top + height > header.height || width * height === 0)
    throw new Error('it has a frame outside the image');
  return { region: { left, top, width, height }, disposal: data[24], blend: data[25], data: [] };
}

/** The frames that have pixels. Throws an `Error` when they are out of order. */
function readFrames({ header, chunks }: PngParts): AnimationFrame[] {
  const frames: AnimationFrame[] = [];
  let sequence = 0;
  const checkOrder = (data: Buffer) => {
    if (data.readUInt32BE(0) !== sequence++) throw new Error('its frames are out of order');
  };
  let isFirst = true;
  for (const { type, data } of chunks) {
    if (type === 'fcTL' && data.length >= 26) {
      checkOrder(data);
      frames.push(controlledFrame(data, header));
    } else if (type === 'fdAT' && data.length >= 4) {
      checkOrder(data);
      frames[frames.length - 1]?.data.push(data.subarray(4));
    } else if (type === 'IDAT') {
      if (isFirst && frames.length === 0) frames.push(stillFrame(header));
      if (frames.length === 1) frames[0].data.push(data);
      isFirst = false;
    }
  }
  return frames.filter((frame) => frame.data.length > 0);
}

/** The number of frames that a file promises, its default image included; 1 for a still image. */
function promisedFrames({ chunks, start }: PngParts): number {
  const before = chunks.slice(0, start);
  const controls = before.filter(({ type, data }) => type === 'acTL' && data.length >= 8);
  const count = controls.length === 1 ? controls[0].data.readUInt32BE(0) : 0;
  if (count === 0 || count > 2 ** 31) return 1;
  return count + (before.some(({ type }) => type === 'fcTL') ? 0 : 1);
}

/** Pixels of interleaved channels, or of indices. */
interface Canvas {
  readonly width: number;
  readonly channels: number;
  readonly bytes: Uint8Array;
}

/** Calls `draw` with the offsets of each row of a region in the canvas and in the region. */
function eachRow(
  { width, channels }: Canvas,
  region: Region,
  draw: (canvasAt: number, regionAt: number, length: number) => void,
): void {
  const length = region.width * channels;
  for (let y = 0; y < region.height; y++)
    draw(((region.top + y) * width + region.left) * channels, y * length, length);
}

function crop(canvas: Canvas, region: Region): Uint8Array {
  const bytes = new Uint8Array(region.width * region.height * canvas.channels);
  eachRow(canvas, region, (from, to, length) =>
    bytes.set(canvas.bytes.subarray(from, from + length), to),
  );
  return bytes;
}

const paste = (canvas: Canvas, region: Region, bytes: Uint8Array): void =>
  eachRow(canvas, region, (to, from, length) =>
    canvas.bytes.set(bytes.subarray(from, from + length), to),
  );

/** Pillow's blending in 8 bits: alpha, too, is mixed in the share of the new alpha. */
function pasteOver(
  canvas: Canvas,
  region: Region,
  bytes: Uint8Array,
  alphaAt: PixelForm['alphaAt'],
): void {
  const { channels } = canvas;
  eachRow(canvas, region, (to, from, length) => {
    for (let i = 0; i < length; i++) {
      const alpha = alphaAt(bytes, from + i - (i % channels), channels);
      const sum = canvas.bytes[to + i] * (255 - alpha) + bytes[from + i] * alpha + 128;
      canvas.bytes[to + i] = ((sum >> 8) + sum) >> 8;
    }
  });
}

/** How the pixels of an animation are decoded, blended and returned. */
interface PixelForm {
  readonly others: readonly PngChunk[];
  /** What of a decoded frame goes on the canvas. */
  toCanvas(frame: Frame): { readonly channels: number; readonly bytes: Uint8Array };
  /** The alpha of the pixel at byte `at`. */
  alphaAt(bytes: Uint8Array, at: number, channels: number): number;
  toFrame(canvas: Canvas): Frame;
}

const sized = ({ width, channels, bytes }: Canvas): Frame => ({
  width,
  height: bytes.length / channels / width,
  channels,
  bytes: bytes.slice(),
});

/** The colours that sharp decodes. */
function colourForm({ header, others }: PngParts): PixelForm {
  return {
    // a transparent grey is not blended
    others: header.colour === 0 ? others.filter(({ type }) => type !== 'tRNS') : others,
    toCanvas: ({ channels, bytes }) => ({ channels, bytes }),
    alphaAt: (bytes, at, channels) => (channels === 4 ? bytes[at + 3] : 255),
    toFrame: sized,
  };
}

/** Indices: decoded with a palette in which each colour is its index. */
function indexForm({ others }: PngParts): PixelForm {
  const dataOf = (type: string) => others.find((chunk) => chunk.type === type)?.data;
  const colours = dataOf('PLTE') ?? Buffer.alloc(0);
  const alpha = dataOf('tRNS');
  const ramp = Buffer.from(Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)));
  return {
    others: [{ type: 'PLTE', data: ramp }],
    toCanvas: ({ channels, bytes }) => ({
      channels: 1,
      bytes: bytes.filter((_, i) => i % channels === 0),
    }),
    alphaAt: (bytes, at) => alpha?.[bytes[at]] ?? 255,
    toFrame(canvas) {
      const channels = alpha ? 4 : 3;
      const bytes = new Uint8Array(canvas.bytes.length * channels);
      canvas.bytes.forEach((index, i) => {
        bytes.set(colours.subarray(3 * index, 3 * index + 3), i * channels);
        if (alpha) bytes[i * channels + 3] = alpha[index] ?? 255;
      });
      return sized({ width: canvas.width, channels, bytes });
    },
  };
}

/** Draws frames one after the other, in the order in which Pillow changes its images. */
async function compose(parts: PngParts, frames: readonly AnimationFrame[]): Promise<Composed> {
  const { header } = parts;
  const form = header.colour === 3 ? indexForm(parts) : colourForm(parts);
  const result: Frame[] = [];
  let current: Canvas | undefined;
  let previous: Canvas | undefined;
  let last: AnimationFrame | undefined;
  let missing = 0;
  for (const frame of frames) {
    const { region } = frame;
    const data = Buffer.concat(frame.data);
    const image = await decodePngRows({ ...header, ...size(region) }, form.others, data);
    const { channels, bytes } = form.toCanvas(image.frame);
    if (current && last) {
      dispose(current, previous, last);
      previous = { ...current, bytes: current.bytes.slice() };
    }
    current ??= {
      width: header.width,
      channels,
      bytes: new Uint8Array(header.width * header.height * channels),
    };
    const absent = image.repaired?.missing ?? 0;
    missing += absent;
    // rows that are missing leave what was there
    const rows = header.isInterlaced ? region.height : region.height - absent;
    paste(current, { ...region, height: rows }, bytes);
    if (previous && frame.blend === OVER) {
      pasteOver(previous, region, crop(current, region), form.alphaAt);
      current = previous;
    }
    result.push(form.toFrame(current));
    last = previous ? frame : { ...frame, disposal: withoutPrevious(frame.disposal) };
  }
  return { frames: result, missing };
}

interface Composed {
  readonly frames: Frame[];
  readonly missing: number;
}

const size = ({ width, height }: Region) => ({ width, height });

/** The first frame has nothing before it to return to. */
const withoutPrevious = (disposal: number): number =>
  disposal === PREVIOUS ? BACKGROUND : disposal;

function dispose(
  current: Canvas,
  previous: Canvas | undefined,
  { region, disposal }: AnimationFrame,
): void {
  if (disposal === BACKGROUND)
    paste(current, region, new Uint8Array(region.width * region.height * current.channels));
  else if (disposal === PREVIOUS && previous) paste(current, region, crop(previous, region));
}

async function readAnimation(
  parts: PngParts,
  frames: readonly AnimationFrame[],
  promised: number,
): Promise<DecodedFrames> {
  const composed = await compose(parts, frames);
  const absent = promised - frames.length;
  const problem =
    absent > 0
      ? `${absent} of its ${promised} frames are missing`
      : composed.missing > 0
        ? `${composed.missing} rows of its frames are missing`
        : undefined;
  return {
    frames: composed.frames,
    hasAlpha: hasAlphaChannel(parts.header, composed.frames[0]),
    problem,
  };
}

/** The animation in a PNG file; undefined for a still image. */
export function openAnimation(parts: PngParts): OpenedImage | undefined {
  const promised = promisedFrames(parts);
  if (promised <= 1) return undefined;
  const frames = readFrames(parts).slice(0, promised);
  const { width, height } = parts.header;
  return {
    width,
    height,
    pages: frames.length,
    read: () => readAnimation(parts, frames, promised),
  };
}
