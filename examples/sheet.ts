// What the programs that draw docs/images share: a Darkroom for the examples, and sheets of pictures
// with labels.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { openDarkroom, type RunOptions } from '../src/index.ts';

const here = import.meta.dirname;

/** The path of a picture of the pages. */
export const imagePath = (name: string): string => join(here, '..', 'docs', 'images', name);

/** Runs an example, `tile-upscale.json`, and returns its first picture as a PNG. */
export type DrawExample = (file: string, set?: RunOptions['set']) => Promise<Buffer>;

/** Calls a function that draws examples; their own files are removed afterwards. */
export async function withExamples(use: (draw: DrawExample) => Promise<void>): Promise<void> {
  const output = mkdtempSync(join(tmpdir(), 'darkroom-examples-'));
  const darkroom = await openDarkroom({ input: join(here, 'input'), output });
  try {
    await use(async (file, set) => {
      const { images } = await darkroom.run(join(here, file), { set });
      return images[0].toBuffer();
    });
  } finally {
    await darkroom.close();
    rmSync(output, { recursive: true });
  }
}

/** A label of a sheet, in SVG. */
export const sheetLabel = (words: string, x: number, y: number, anchor: 'start' | 'middle') =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" font-family="sans-serif" font-size="13" ` +
  `fill="#808080">${words}</text>`;

export interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly labels: readonly string[];
  readonly pictures: readonly { readonly input: Buffer; left: number; top: number }[];
  /** Of the palette, 1 to 100. */
  readonly quality: number;
}

/** Writes a sheet to docs/images. */
export async function writeSheet(
  name: string,
  { width, height, labels, pictures, quality }: Sheet,
): Promise<void> {
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `${labels.join('')}</svg>`;
  await sharp({ create: { width, height, channels: 4, background: 'transparent' } })
    .composite([{ input: Buffer.from(svg), left: 0, top: 0 }, ...pictures])
    .png({ palette: true, quality })
    .toFile(imagePath(name));
}
