// A grid of images for docs/images: one row per input of an example, its values from left to right.
import sharp from 'sharp';
import type { RunOptions } from '../src/index.ts';
import { type Sheet, sheetLabel, withExamples, writeSheet } from './sheet.ts';

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

/**
 * Runs every image of the grid and writes the grid to docs/images under `name`; `size`: side of an
 * image in the grid, in pixels.
 */
export async function drawGrid(
  name: string,
  rows: readonly GridRow[],
  size = { width: SIDE, height: SIDE },
): Promise<void> {
  const pictures: Sheet['pictures'][number][] = [];
  const labels: string[] = [];
  await withExamples(async (draw) => {
    for (const [row, { file, label, cells }] of rows.entries()) {
      const top = row * (size.height + LABEL + GAP) + LABEL;
      labels.push(sheetLabel(label, 0, top + size.height / 2, 'start'));
      for (const [column, [value, set]] of cells.entries()) {
        const left = LEFT + column * (size.width + GAP);
        const picture = sharp(await draw(file, set)).resize(size.width, size.height);
        pictures.push({ input: await picture.png().toBuffer(), left, top });
        labels.push(sheetLabel(value, left + size.width / 2, top - 6, 'middle'));
      }
    }
  });
  const width =
    LEFT + Math.max(...rows.map(({ cells }) => cells.length)) * (size.width + GAP) - GAP;
  const height = rows.length * (size.height + LABEL + GAP) - GAP;
  await writeSheet(name, { width, height, labels, pictures, quality: 90 });
}
