// Arguments of the command line.

import { OPTIONS } from '../../../src/cli/option-table.ts';
import { dynamicSeed, parseOptions, wholeNumber } from '../../../src/cli/options.ts';
import type { FuzzTarget } from '../target.ts';

const NAMES = Object.keys(OPTIONS) as (keyof typeof OPTIONS)[];

export const target: FuzzTarget = {
  run: (input) => {
    const { values } = parseOptions(input.toString('utf8').split('\n'), NAMES);
    wholeNumber(values, 'port', 0, 65_535);
    dynamicSeed(values);
  },
  // Node's parser takes quadratic time for `-abc…`; an argument has at most 128 kB
  maxSeconds: 10,
  seeds: () => ['--port\n80\n--set\na.b=c\nx', '-o\n=\n--dynamic-seed=5', '--\n--no-such=1'],
  dictionary: ['--', '=', '\n', '--port', '--set', '-o', '--no-'],
};
