// npx tsx examples/unsampling-grid.ts: draws the inputs of unsampling as
// docs/images/unsampling-grid.png for docs/unsampling.md.
import { drawGrid, type GridRow } from './grid.ts';

const FILE = 'unsample-and-change.json';
const row = (
  label: string,
  values: readonly (number | string)[],
  set: (value: number | string) => GridRow['cells'][number][1],
): GridRow => ({
  file: FILE,
  label,
  cells: values.map((value) => [String(value), set(value)]),
});
/** Both directions must use the same steps. */
const stop = (step: number | string) => ({
  'Unsampler.end_at_step': step,
  'Resample.start_at_step': step,
});
const sampler = (name: number | string) => ({
  'Unsampler.sampler_name': name,
  'Resample.sampler_name': name,
});

await drawGrid('unsampling-grid.png', [
  row('nothing changed', [1, 4.5], (cfg) => ({
    'Changed Prompt.text': 'red apple, noto style, blue background',
    'Resample.cfg': cfg,
  })),
  row('prompt', ['red apple', 'green pear', 'panda', 'sunflower'], (thing) => ({
    'Changed Prompt.text': `${thing}, noto style, pink background`,
  })),
  row('end_at_step', [0, 6, 12, 16], stop),
  row('cfg of the way back', [1, 2.5, 4.5, 8], (cfg) => ({ 'Resample.cfg': cfg })),
  row('normalize', ['disable', 'enable'], (normalize) => ({ 'Unsampler.normalize': normalize })),
  row('sampler', ['euler', 'dpmpp_2m_sde'], sampler),
]);
