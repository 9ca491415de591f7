// Numbers and values as Python reads and prints them.
import { parseFloatAsPython } from '../../../src/text/prompt-weights.ts';
import { repr, toBool, toFloat, toInt } from '../../../src/workflow/validate/python-values.ts';
import type { FuzzTarget } from '../target.ts';

/** What Python would raise. */
const attempt = (work: () => unknown): void => {
  try {
    work();
  } catch (error) {
    if ((error as Error).constructor.name !== 'PythonError') throw error;
  }
};

export const target: FuzzTarget = {
  run: (input) => {
    const text = input.toString('utf8');
    parseFloatAsPython(text);
    attempt(() => toInt(text));
    attempt(() => toFloat(text));
    toBool(text);
    repr(text);
  },
  seeds: () => ['1_000.5e-3', '+inf', ' -0x1f ', '١٢٣', '9'.repeat(50), 'it\'s "x"\n\u00e9\u200b'],
  dictionary: ['_', 'e+', 'inf', 'nan', '.', '-', '\u0661', '\u00a0', '0x'],
};
