// Frames that sharp decodes, as Pillow has them: 8-bit levels without colour management.
import type { Metadata, Sharp } from 'sharp';
import { cmykToRgb, type Frame, greyFrame } from '../frames.ts';

/** The most pixels of all frames together (Pillow's limit for decompression bombs). */
export const MAX_PIXELS = 178_956_970;

/** Pixels are decoded strictly: damaged data is an error. */
export const STRICT = { ignoreIcc: true, failOn: 'error', limitInputPixels: MAX_PIXELS } as const;

/** What is missing or wrong in the data is replaced as the decoder does it. */
export const TOLERANT = { ...STRICT, failOn: 'none' } as const;

/** Decodes to 8-bit RGB or RGBA. As in Pillow, only the high byte of 16-bit colours is used. */
export async function readPixels(image: Sharp, meta: Metadata): Promise<Frame> {
  const deep = DEEP_GREYS[meta.depth ?? ''];
  if (deep && meta.channels === 1) {
    const { data, info } = await image
      .toColourspace(deep.space)
      .raw({ depth: deep.depth })
      .toBuffer({ resolveWithObject: true });
    const values = deep.values(
      data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer,
    );
    const levels = Uint8Array.from(values, (value) =>
      Math.min(Math.max(value * deep.scale, 0), 255),
    );
    return greyFrame(info.width, info.height, levels);
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
 * Grey samples of more than 8 bits. Pillow reads 16 bits in mode I;16, whose conversion to RGB
 * clips at 255; those of 32 bits in mode I, which LoadImage divides by 255 and Pillow truncates;
 * floats are levels 0..255.
 */
const DEEP_GREYS: Record<string, DeepGrey> = {
  ushort: {
    depth: 'ushort',
    space: 'grey16',
    scale: 1,
    values: (buffer) => new Uint16Array(buffer),
  },
  int: { depth: 'int', space: 'b-w', scale: 1 / 255, values: (buffer) => new Int32Array(buffer) },
  float: { depth: 'float', space: 'b-w', scale: 1, values: (buffer) => new Float32Array(buffer) },
};
