// npx tsx examples/two-stage-grid.ts: what each knob of the two-stage samplers does, as docs/images/two-stage-grid.png for docs/two-stage.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { openDarkroom } from '../src/index.ts';

const TEXT = 'two-stage-text-to-image.json';
const IMAGE = 'two-stage-image-to-image.json';
/** More work for the refiner, so that its knobs show. */
const LATE = { 'Two Stages.base_ratio': 0.4 };
/** One row each: the example, the input of its sampler, the values from left to right, and what else is set. */
const ROWS: readonly (readonly [file: string, knob: string, values: readonly number[], set?: Readonly<Record<string, number>>])[] = [
  [TEXT, 'base_ratio', [0.25, 0.5, 0.75, 1]],
  [TEXT, 'refiner_prep_steps', [0, 2, 5, 10]],
  [IMAGE, 'denoise', [0, 0.3, 0.6, 0.9]],
  [IMAGE, 'refiner_strength', [0.25, 0.5, 0.75, 1], LATE],
  [IMAGE, 'noise_offset', [0, 1], LATE],
];
const SIDE = 128;
const GAP = 8;
const LABEL = 20;
const LEFT = 150;

const here = import.meta.dirname;
const output = mkdtempSync(join(tmpdir(), 'darkroom-grid-'));
const room = await openDarkroom({ input: join(here, 'input'), output });

const text = (words: string, x: number, y: number, anchor: 'start' | 'middle'): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" font-family="sans-serif" font-size="13" fill="#808080">${words}</text>`;

try {
  const pictures: { input: Buffer; left: number; top: number }[] = [];
  const labels: string[] = [];
  for (const [row, [file, knob, values, set]] of ROWS.entries()) {
    const top = row * (SIDE + LABEL + GAP) + LABEL;
    labels.push(text(knob, 0, top + SIDE / 2, 'start'));
    for (const [column, value] of values.entries()) {
      const { outputs } = await room.run(join(here, file), { set: { ...set, [`Two Stages.${knob}`]: value } });
      const left = LEFT + column * (SIDE + GAP);
      const picture = Object.values(outputs)[0].images[0].toBuffer();
      pictures.push({ input: await sharp(picture).resize(SIDE, SIDE).png().toBuffer(), left, top });
      labels.push(text(String(value), left + SIDE / 2, top - 6, 'middle'));
    }
  }
  const width = LEFT + 4 * (SIDE + GAP) - GAP;
  const height = ROWS.length * (SIDE + LABEL + GAP) - GAP;
  const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${labels.join('')}</svg>`);
  await sharp({ create: { width, height, channels: 4, background: 'transparent' } })
    .composite([{ input: svg, left: 0, top: 0 }, ...pictures])
    .png({ palette: true, quality: 90 })
    .toFile(join(here, '..', 'docs', 'images', 'two-stage-grid.png'));
} finally {
  await room.close();
  rmSync(output, { recursive: true });
}
