// Finds regular expressions whose time grows faster than their input. Biome checks everything else.
import parser from '@typescript-eslint/parser';
import regexp from 'eslint-plugin-regexp';
import { checkSync } from 'recheck';

/** Reports the literals that recheck can attack; eslint-plugin-regexp sees constants in RegExp(). */
const attackable = {
  meta: { type: 'problem', messages: { slow: '{{time}} time, for example for {{attack}}' } },
  create: (context) => ({
    Literal(node) {
      if (!node.regex) return;
      // the same attacks in every run
      const result = checkSync(node.regex.pattern, node.regex.flags, { randomSeed: 1 });
      if (result.status === 'vulnerable')
        context.report({
          node,
          messageId: 'slow',
          data: { time: result.complexity.summary, attack: result.attack.pattern },
        });
    },
  }),
};

export default [
  {
    files: ['src/**/*.ts', 'web/**/*.ts', 'scripts/**/*.ts'],
    ignores: ['**/*.test.ts'],
    languageOptions: { parser },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { regexp, recheck: { rules: { attackable } } },
    rules: {
      'recheck/attackable': 'error',
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential' }],
    },
  },
];
