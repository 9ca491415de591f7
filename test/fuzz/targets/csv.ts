// Tables of runs.
import { readSeries } from '../../../src/workflow/overrides/series.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  // csv-parse takes about 10 us for each line, and these are short
  maxSeconds: 3,
  run: (input) => readSeries(input.toString('utf8')),
  seeds: () => ['prompt,seed,3.steps\n"a, ""b""\nc",1,20\nx,2,\n', 'size\r\n512x512\r\n'],
  dictionary: ['"', '""', ',', '\r\n', 'prompt', 'seed', 'KSampler.cfg', '\ufeff'],
};
