// npx tsx examples/tile-upscale-grid.ts: draws the inputs of a tile upscale as
// docs/images/tile-upscale-grid.png for docs/segs-upscale.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { openDarkroom } from '../src/index.ts';

const FILE = 'tile-upscale.json';
/** One row each: an input, its values from left to right, and other overrides. */
const ROWS: readonly (readonly [
  input: string,
  values: readonly number[],
  set?: Readonly<Record<string, number>>,
])[] = [
  ['Upscale.denoise', [0.01, 0.2, 0.4, 0.7]],
  ['Upscale.feather', [0, 3, 8, 16], { 'Upscale.denoise': 0.5 }],
  ['Upscale.noise_mask_feather', [0, 5, 10, 20], { 'Upscale.denoise': 0.5 }],
  ['Tiles.min_overlap', [0, 8, 16, 24], { 'Upscale.denoise': 0.5 }],
  ['Tiles.crop_factor', [1, 1.25, 1.5, 2], { 'Upscale.denoise': 0.5 }],
];
const SIDE = 192;
const GAP = 8;
const LABEL = 20;
const LEFT = 150;

const here = import.meta.dirname;
const output = mkdtempSync(join(tmpdir(), 'darkroom-grid-'));
const darkroom = await openDarkroom({ input: join(here, 'input'), output });

const text = (words: string, x: number, y: number, anchor: 'start' | 'middle'): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" font-family="sans-serif" font-size="13" ` +
  `fill="#808080">${words}</text>`;

try {
  const pictures: { input: Buffer; left: number; top: number }[] = [];
  const labels: string[] = [];
  for (const [row, [input, values, set]] of ROWS.entries()) {
    const top = row * (SIDE + LABEL + GAP) + LABEL;
    labels.push(text(input.slice(input.indexOf('.') + 1), 0, top + SIDE / 2, 'start'));
    for (const [column, value] of values.entries()) {
      const { outputs } = await darkroom.run(join(here, FILE), { set: { ...set, [input]: value } });
      const left = LEFT + column * (SIDE + GAP);
      const picture = Object.values(outputs)[0].images[0].toBuffer();
      pictures.push({ input: await sharp(picture).resize(SIDE, SIDE).png().toBuffer(), left, top });
      labels.push(text(String(value), left + SIDE / 2, top - 6, 'middle'));
    }
  }
  const width = LEFT + 4 * (SIDE + GAP) - GAP;
  const height = ROWS.length * (SIDE + LABEL + GAP) - GAP;
  const svg = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" ` +
      `height="${height}">${labels.join('')}</svg>`,
  );
  await sharp({ create: { width, height, channels: 4, background: 'transparent' } })
    .composite([{ input: svg, left: 0, top: 0 }, ...pictures])
    .png({ palette: true, quality: 90 })
    .toFile(join(here, '..', 'docs', 'images', 'tile-upscale-grid.png'));
} finally {
  await darkroom.close();
  rmSync(output, { recursive: true });
}
