// A grid of images for docs/images: one row per input of an example, its values from left to right.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { openDarkroom, type RunOptions } from '../src/index.ts';

export interface GridRow {
  /** The example to run. */
  readonly file: string;
  /** Label of the row. */
  readonly label: string;
  /** One image each: its label and overrides. */
  readonly cells: readonly (readonly [label: string, set: NonNullable<RunOptions['set']>])[];
}

const SIDE = 128;
const GAP = 8;
const LABEL = 20;
const LEFT = 150;

const here = import.meta.dirname;

const text = (words: string, x: number, y: number, anchor: 'start' | 'middle'): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" font-family="sans-serif" font-size="13" ` +
  `fill="#808080">${words}</text>`;

/**
 * Runs every image of the grid and writes the grid to docs/images under `name`; `size`: side of an
 * image in the grid, in pixels.
 */
export async function drawGrid(
  name: string,
  rows: readonly GridRow[],
  size = { width: SIDE, height: SIDE },
): Promise<void> {
  const output = mkdtempSync(join(tmpdir(), 'darkroom-grid-'));
  const darkroom = await openDarkroom({ input: join(here, 'input'), output });
  try {
    const pictures: { input: Buffer; left: number; top: number }[] = [];
    const labels: string[] = [];
    for (const [row, { file, label, cells }] of rows.entries()) {
      const top = row * (size.height + LABEL + GAP) + LABEL;
      labels.push(text(label, 0, top + size.height / 2, 'start'));
      for (const [column, [value, set]] of cells.entries()) {
        const { outputs } = await darkroom.run(join(here, file), { set });
        const left = LEFT + column * (size.width + GAP);
        const picture = Object.values(outputs)[0].images[0].toBuffer();
        pictures.push({
          input: await sharp(picture).resize(size.width, size.height).png().toBuffer(),
          left,
          top,
        });
        labels.push(text(value, left + size.width / 2, top - 6, 'middle'));
      }
    }
    const width =
      LEFT + Math.max(...rows.map(({ cells }) => cells.length)) * (size.width + GAP) - GAP;
    const height = rows.length * (size.height + LABEL + GAP) - GAP;
    const svg = Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" ` +
        `height="${height}">${labels.join('')}</svg>`,
    );
    await sharp({ create: { width, height, channels: 4, background: 'transparent' } })
      .composite([{ input: svg, left: 0, top: 0 }, ...pictures])
      .png({ palette: true, quality: 90 })
      .toFile(join(here, '..', 'docs', 'images', name));
  } finally {
    await darkroom.close();
    rmSync(output, { recursive: true });
  }
}
