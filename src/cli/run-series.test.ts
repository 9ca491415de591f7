import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { planRuns } from './run-series.ts';

const dir = mkdtempSync(join(tmpdir(), 'darkroom-series-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function runsOf(bytes: Uint8Array) {
  const csv = join(dir, 'runs.csv');
  writeFileSync(csv, bytes);
  return planRuns({ csv }, { content: 'unread.json', name: 'unread.json' });
}

it('--csv reads UTF-8 and, with a byte order mark, UTF-16', () => {
  for (const text of ['prompt\nFüchse', '\ufeffprompt\nFüchse'])
    expect(runsOf(Buffer.from(text))).toEqual([{ line: 2, set: { prompt: 'Füchse' } }]);
  expect(runsOf(Buffer.from('\ufeffprompt\nFüchse', 'utf16le'))).toHaveLength(1);
});

it.each([
  ['Latin-1', Buffer.from('prompt\nfox\nFüchse\n', 'latin1'), 3],
  ['UTF-16 without a byte order mark', Buffer.from('prompt\nfox\n', 'utf16le'), 1],
  ['a spreadsheet', Buffer.from('PK\u0003\u0004\0\0prompt\n'), 1],
])('--csv refuses %s, with the line', (_, bytes, line) => {
  expect(() => runsOf(bytes)).toThrow(`runs.csv line ${line} is not UTF-8 text`);
});
