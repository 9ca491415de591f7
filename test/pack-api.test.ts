// The report of the pack API is that of the sources: a change of what packs use is a change of the
// report. Types of the engine may gain members, which is compatible.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { packApiReport } from '../scripts/pack-api.ts';

/** The lines of each export's declaration, by its name. */
const exportsOf = (report: string): ReadonlyMap<string, readonly string[]> =>
  new Map(
    report
      .split(/^## /m)
      .slice(1)
      .map((block): [string, string[]] => {
        const [name, ...lines] = block.split('\n');
        return [name, lines];
      }),
  );

it('the report of the pack API is up to date (npm run pack-api)', { timeout: 300_000 }, () => {
  const file = new URL('../src/nodes/pack-api/pack-api.md', import.meta.url);
  const reported = exportsOf(readFileSync(file, 'utf8'));
  const current = exportsOf(packApiReport());
  expect([...current.keys()]).toEqual([...reported.keys()]);
  const lost = [...reported].flatMap(([name, lines]) => {
    const now = new Set(current.get(name));
    return lines.filter((line) => !now.has(line)).map((line) => `${name}: ${line.trim()}`);
  });
  expect(lost).toEqual([]);
});
