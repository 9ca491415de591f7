// npx tsx examples/tile-upscale-grid.ts: draws the inputs of a tile upscale as
// docs/images/tile-upscale-grid.png for docs/segs-upscale.md.
import { drawGrid } from './grid.ts';

/** Twice the size instead of four times: the differences are the same, and are drawn sooner. */
const SMALLER = { 'Upscale.rescale_factor': 2 };
/** Redraws enough for tiles to be seen. */
const VISIBLE = { 'Upscale.denoise': 0.4 };
/** One row each: an input, its values from left to right, and other overrides. */
const ROWS: readonly (readonly [
  input: string,
  values: readonly number[],
  set?: Readonly<Record<string, number>>,
])[] = [
  ['Upscale.denoise', [0.01, 0.1, 0.3, 0.5]],
  ['Tiles.crop_factor', [1, 1.25, 1.5, 2], VISIBLE],
];

await drawGrid(
  'tile-upscale-grid.png',
  ROWS.map(([input, values, set]) => ({
    file: 'tile-upscale.json',
    label: input.slice(input.indexOf('.') + 1),
    cells: values.map((value) => [String(value), { ...SMALLER, ...set, [input]: value }]),
  })),
  { width: 192, height: 192 },
);
