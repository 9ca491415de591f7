// The report of the pack API is that of the sources: a change of the API is a change of the report.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { packApiReport } from '../scripts/pack-api.ts';

it('the report of the pack API is up to date (npm run pack-api)', { timeout: 300_000 }, () => {
  const file = new URL('../src/nodes/pack-api/pack-api.md', import.meta.url);
  expect(packApiReport()).toBe(readFileSync(file, 'utf8'));
});
