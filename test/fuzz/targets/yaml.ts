// Wildcard lists in files: text and YAML.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readWildcards } from '../../../src/storage/wildcard-files.ts';
import { scratchFolder } from '../inputs.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: (input) => {
    const folder = join(scratchFolder(), 'wildcards');
    mkdirSync(folder, { recursive: true });
    for (const name of ['a.txt', 'b.yaml']) writeFileSync(join(folder, name), input);
    readWildcards([folder]);
  },
  // the library takes about 10 µs for each byte of a damaged file
  maxSeconds: 3,
  seeds: () => [
    'colors:\n  - red\n  - "blue"\nnested:\n  a: [1, 2.5, true, null]\n  b: text\n',
    'a: &x [1]\nb: *x\nc: {d: *x, <<: {e: 1}}\n? k\n: |\n  v\n',
    'red\n# comment\nblue\n',
  ],
  dictionary: [
    '&a',
    '*a',
    '<<: ',
    '!!',
    '- ',
    ': ',
    '{',
    '[',
    '|\n',
    '? ',
    '%YAML',
    '---\n',
    '!!binary',
  ],
};
