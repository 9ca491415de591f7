// npx tsx examples/showcase.ts: one seed through five examples, composed to the first picture of
// the README, docs/images/showcase.png.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type OverlayOptions } from 'sharp';
import { openDarkroom, type RunOptions } from '../src/index.ts';

const SEED = 7;
const PROMPT = 'mushroom, flat style, green background';
const GAP = 12;
const LABEL = 22;
/** Side of the upscaled picture, which is shown as it is. */
const LARGE = 512;
const SMALL = 232;
const WIDE = 3 * SMALL + 2 * GAP;
const RIGHT = WIDE + GAP;
const SECOND_ROW = LABEL + SMALL + GAP;
const HEIGHT = SECOND_ROW + LABEL + Math.round(WIDE / 3);

interface Item {
  /** The example. */
  readonly name: string;
  readonly label: string;
  readonly set: NonNullable<RunOptions['set']>;
  readonly left: number;
  /** Of its label. */
  readonly top: number;
  readonly width: number;
}

const ITEMS: readonly Item[] = [
  {
    name: 'text-to-image',
    label: 'text to image',
    set: { 'Prompt.text': PROMPT },
    ...{ left: 0, top: 0, width: SMALL },
  },
  {
    name: 'two-stage-text-to-image',
    label: 'base and refiner',
    set: { 'Prompts.pos_g': PROMPT, 'Prompts.pos_l': PROMPT, 'Prompts.pos_r': PROMPT },
    ...{ left: SMALL + GAP, top: 0, width: SMALL },
  },
  {
    name: 'unsample-and-change',
    label: 'unsample, then another background',
    set: {
      'Prompt.text': PROMPT,
      'Changed Prompt.text': 'mushroom, flat style, pink background',
    },
    ...{ left: 2 * (SMALL + GAP), top: 0, width: SMALL },
  },
  {
    name: 'three-regions',
    label: 'a prompt per region',
    set: { 'Prompt (Left).text': 'mushroom, flat style, blue background' },
    ...{ left: 0, top: SECOND_ROW, width: WIDE },
  },
  {
    name: 'tile-upscale',
    label: 'upscaled to 512 × 512, tile by tile',
    set: { 'Prompt.text': PROMPT },
    ...{ left: RIGHT, top: 0, width: LARGE },
  },
];

const here = import.meta.dirname;
const output = mkdtempSync(join(tmpdir(), 'darkroom-showcase-'));
const darkroom = await openDarkroom({ input: join(here, 'input'), output });
try {
  const pictures: OverlayOptions[] = [];
  for (const { name, set, left, top, width } of ITEMS) {
    const { images } = await darkroom.run(join(here, `${name}.json`), {
      set: { ...set, seed: SEED },
    });
    const input = await sharp(images[0].toBuffer()).resize({ width }).png().toBuffer();
    pictures.push({ input, left, top: top + LABEL });
  }
  const [width, height] = [RIGHT + LARGE, Math.max(HEIGHT, LABEL + LARGE)];
  const labels = ITEMS.map(
    ({ label, left, top, width }) =>
      `<text x="${left + width / 2}" y="${top + LABEL - 7}" text-anchor="middle" ` +
      `font-family="sans-serif" font-size="13" fill="#808080">${label}</text>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">`;
  await sharp({ create: { width, height, channels: 4, background: 'transparent' } })
    .composite([{ input: Buffer.from(`${svg}${labels.join('')}</svg>`) }, ...pictures])
    .png({ palette: true, quality: 95 })
    .toFile(join(here, '..', 'docs', 'images', 'showcase.png'));
} finally {
  await darkroom.close();
  rmSync(output, { recursive: true });
}
