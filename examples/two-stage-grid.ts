// npx tsx examples/two-stage-grid.ts: draws the inputs of the two-stage samplers as
// docs/images/two-stage-grid.png for docs/two-stage.md.
import { drawGrid } from './grid.ts';

const TEXT = 'two-stage-text-to-image.json';
const IMAGE = 'two-stage-image-to-image.json';
/** More steps for the refiner, so that its inputs have a visible effect. */
const LATE = { 'Two Stages.base_ratio': 0.4 };
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
  [TEXT, 'refiner_prep_steps', [0, 2, 5, 10]],
  [IMAGE, 'denoise', [0, 0.3, 0.6, 0.9]],
  [IMAGE, 'refiner_strength', [0.25, 0.5, 0.75, 1], LATE],
  [IMAGE, 'noise_offset', [0, 1], LATE],
];

await drawGrid(
  'two-stage-grid.png',
  ROWS.map(([file, knob, values, set]) => ({
    file,
    label: knob,
    cells: values.map((value) => [String(value), { ...set, [`Two Stages.${knob}`]: value }]),
  })),
);
