// Texts with wildcards, options and comments; prompts per segment.
import { pythonRandom } from '../../../src/random/python-random.ts';
import { parseSegmentPrompts } from '../../../src/text/segment-prompts.ts';
import { hasWildcards, populateWildcards } from '../../../src/text/wildcards.ts';
import type { FuzzTarget } from '../target.ts';
import { ENVIRONMENT } from '../workflows.ts';

export const target: FuzzTarget = {
  run: (input) => {
    const text = input.toString('utf8');
    hasWildcards(text);
    parseSegmentPrompts(text, pythonRandom(1)).next('face');
    populateWildcards(text, 1n, ENVIRONMENT.wildcards());
  },
  seeds: () => [
    '{a|b} {2::c|d} {1-2$$, $$e|f|g} __colors__ 3#__colors__ {2$$x|y}',
    '# comment\n{a|{b|{c|__colors__}}}\n__co*__ 0.5::x',
    '[LAB][ALL] x [face] y [hand] z',
    '[ASC] a [SEP] b [SEP:7] c [SEP:R] d',
    '[CONCAT][RND] a [SEP] b [SKIP] [STOP]',
  ],
  dictionary: [
    '__',
    '{',
    '}',
    '|',
    '::',
    '$$',
    '#__',
    '1-3$$',
    '[SEP',
    '[LAB]',
    'colors',
    '*',
    '\n#',
  ],
};
