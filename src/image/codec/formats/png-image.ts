// The pixels of PNG files: sharp decodes a file that is rebuilt from the chunks that matter.
import type { Frame } from '../frames.ts';
import { sharp } from '../load-sharp.ts';
import { buildPng, type PngChunk, type PngHeader } from './png-chunks.ts';
import { type RepairedRows, repairRows } from './png-repair.ts';
import { readPixels, STRICT } from './sharp-frames.ts';

export interface PngImage {
  readonly frame: Frame;
  /** EXIF orientation. */
  readonly orientation: number | undefined;
  /** Of all rows, those that are missing; undefined when the data is whole. */
  readonly repaired?: Pick<RepairedRows, 'missing' | 'rows'>;
}

/** Decodes a file that is whole. Throws an `Error` for damaged data. */
export async function decodePng(file: Buffer): Promise<PngImage> {
  const meta = await sharp(file, STRICT).metadata();
  return { frame: await readPixels(sharp(file, STRICT), meta), orientation: meta.orientation };
}

/** Decodes compressed rows with the chunks `others`; rows that are missing or corrupt are zero. */
export async function decodePngRows(
  header: PngHeader,
  others: readonly PngChunk[],
  compressed: Buffer,
): Promise<PngImage> {
  return decodePng(buildPng(header, others, compressed)).catch(async () => {
    const { compressed: whole, missing, rows } = await repairRows(compressed, header);
    const image = await decodePng(buildPng(header, others, whole));
    return { ...image, repaired: { missing, rows } };
  });
}

/** A transparent colour of grey and RGB is not a channel. */
export const hasAlphaChannel = ({ colour }: PngHeader, { channels }: Frame): boolean =>
  channels === 4 && colour !== 0 && colour !== 2;
