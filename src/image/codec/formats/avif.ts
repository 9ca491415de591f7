// AVIF files, decoded by libavif as in Pillow.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { DecodedFrames, ImageFileFormat, OpenedImage } from '../frames.ts';
import { upright } from '../frames.ts';
import { type AvifProperties, avifProperties } from './avif-boxes.ts';
import { shiftColours } from './avif-colours.ts';

interface LibAvif {
  /** RGBA of `depth` bits; null for a corrupt file. */
  decode(
    file: Uint8Array,
    depth: 16,
  ): { readonly data: Uint16Array; readonly width: number; readonly height: number } | null;
}

const DECODER = '@jsquash/avif/codec/dec/avif_dec.js';

/** A new instance for each image, so that its memory is freed. */
async function loadDecoder(): Promise<LibAvif> {
  const { default: create } = (await import(DECODER)) as unknown as {
    readonly default: (options: object) => Promise<LibAvif>;
  };
  const wasm = createRequire(import.meta.url).resolve(DECODER.replace(/js$/, 'wasm'));
  return create({ noInitialRun: true, wasmBinary: readFileSync(wasm) });
}

async function read(file: Buffer, properties: AvifProperties): Promise<DecodedFrames> {
  const image = (await loadDecoder()).decode(file, 16);
  if (!image) throw new Error('its data is corrupt or cut short');
  const { width, height } = image;
  const channels = properties.hasAlpha ? 4 : 3;
  const bytes = shiftColours(image, channels, properties);
  return {
    frames: [upright({ width, height, channels, bytes }, properties.orientation)],
    hasAlpha: properties.hasAlpha,
  };
}

export const AVIF: ImageFileFormat = {
  accepts: (file) => /^[\s\S]{4}ftyp/.test(file.toString('latin1', 0, 8)),
  open(file): OpenedImage {
    if (!/avif|avis/.test(file.toString('latin1', 8, file.readUInt32BE(0))))
      throw new Error('HEIF files are read only with AVIF content');
    const properties = avifProperties(file);
    if (properties.matrix >= 10)
      throw new Error(`AVIF colours of matrix ${properties.matrix} are not supported`);
    if (properties.isAnimated) throw new Error('animated AVIF files are not supported');
    const { width, height } = properties;
    return { width, height, pages: 1, read: () => read(file, properties) };
  },
};
