// JSON as clients and files contain it, and its output as Python prints it.
import { dumpsJson } from '../../../src/formats/dumps-json.ts';
import { parseJson } from '../../../src/formats/parse-json.ts';
import { filesOf } from '../inputs.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: (input) => dumpsJson(parseJson(input.toString('utf8'))),
  seeds: () => [
    '{"a": [1, 8.0, -0, 1e400, 18446744073709551616, NaN, -Infinity, "\\ud83d\\u00e9\\n"]}',
    '[[[[]]], {"__proto__": {"x": null}}, true]',
    ...filesOf('examples', /\.json$/),
  ],
  dictionary: ['{"', '":', '[[', ']]', '\\u', '1e9', 'NaN', '-Infinity', 'true', 'null', '\\"'],
};
