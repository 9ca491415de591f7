// Python's regular expressions as patterns for JavaScript's, and templates of replacements.
import { pythonRegex, pythonTemplate, RegexError } from '../../../src/text/python-regex.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: (input) => {
    const text = input.toString('utf8');
    const attempt = (work: () => unknown): void => {
      try {
        work();
      } catch (error) {
        if (!(error instanceof RegexError)) throw error;
      }
    };
    attempt(() => pythonRegex(text));
    attempt(() => pythonRegex(text, { ignoreCase: true, multiline: true, dotAll: true }));
    attempt(() => pythonTemplate(text));
  },
  seeds: () => [
    '(?P<n>a+?)\\b[^\\d\\w-]{2,3}(?=x)(?P=n)\\Z',
    '(?i)(?:a|b)*\\1',
    '\\g<1>\\g<n>\\n\\\\',
  ],
  dictionary: ['(?P<', '(?:', '(?=', '(?<!', '\\b', '\\Z', '{1,2}', '[^', '\\g<', '(?i)', '(?(1)'],
};
