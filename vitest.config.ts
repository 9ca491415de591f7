import { defineConfig } from 'vitest/config';

const ALL = ['src/**/*.test.ts', 'test/**/*.test.ts'];

/**
 * Whole programs, browsers and processes that are killed: `npm run test:slow` runs these, and
 * `npm test` all others.
 */
const SLOW = [
  'src/queue/crash.test.ts',
  'src/queue/suspension.test.ts',
  'src/queue/database/*.test.ts',
  'src/nodes/packs/core/sampling/later-runs.test.ts',
  'test/clients.test.ts',
  'test/frontend.test.ts',
  'test/full-disk*.test.ts',
  'test/hung-share.test.ts',
  'test/page*.test.ts',
  'test/session.test.ts',
  'test/shared-storage.test.ts',
  'test/special-files.test.ts',
];

/** Tests that are named on the command line are run whichever they are. */
const namesFiles = process.argv
  .slice(2)
  .some((argument) => /\.test\.ts|^(src|test)\//.test(argument));

export default defineConfig(({ mode }) => ({
  test: {
    include: mode === 'slow' ? SLOW : ALL,
    exclude: mode === 'slow' || namesFiles ? [] : SLOW,
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // on a busy machine, what takes a second may take many
    expect: { poll: { timeout: 120_000 } },
  },
}));
