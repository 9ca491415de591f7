// npx tsx examples/two-stage-grid.ts: draws the inputs of the two-stage samplers as
// docs/images/two-stage-grid.png for docs/two-stage.md.
import { drawGrid } from './grid.ts';

const TEXT = 'two-stage-text-to-image.json';
const IMAGE = 'two-stage-image-to-image.json';
/** Half the size of the example: drawn sooner, and denoise shows the same. */
const SMALLER = { 'Two Stages.scaled_width': 256, 'Two Stages.scaled_height': 256 };
/**
 * One row each: the example, the input of its sampler, the values from left to right, and other
 * overrides.
 */
const ROWS: readonly (readonly [
  file: string,
  knob: string,
  values: readonly number[],
  set?: Readonly<Record<string, number>>,
])[] = [
  [TEXT, 'base_ratio', [0.25, 0.5, 0.75, 1]],
  [IMAGE, 'denoise', [0, 0.2, 0.4, 0.6], SMALLER],
];

await drawGrid(
  'two-stage-grid.png',
  ROWS.map(([file, knob, values, set]) => ({
    file,
    label: knob,
    cells: values.map((value) => [String(value), { ...set, [`Two Stages.${knob}`]: value }]),
  })),
);
