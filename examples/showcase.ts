// npx tsx examples/showcase.ts: one seed through five examples, composed to the first picture of
// the README, docs/images/showcase.png.
import sharp from 'sharp';
import type { RunOptions } from '../src/index.ts';
import { type Sheet, sheetLabel, withExamples, writeSheet } from './sheet.ts';

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

const pictures: Sheet['pictures'][number][] = [];
await withExamples(async (draw) => {
  for (const { name, set, left, top, width } of ITEMS) {
    const picture = sharp(await draw(`${name}.json`, { ...set, seed: SEED })).resize({ width });
    pictures.push({ input: await picture.png().toBuffer(), left, top: top + LABEL });
  }
});
await writeSheet('showcase.png', {
  width: RIGHT + LARGE,
  height: Math.max(HEIGHT, LABEL + LARGE),
  labels: ITEMS.map(({ label, left, top, width }) =>
    sheetLabel(label, left + width / 2, top + LABEL - 7, 'middle'),
  ),
  pictures,
  quality: 95,
});
