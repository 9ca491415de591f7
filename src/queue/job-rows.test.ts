import { expect, it } from 'vitest';
import type { Sql } from './database/database.ts';
import { openHistory } from './history.ts';
import type { RowSize } from './job-rows.ts';

/** A history of `count` entries of `bytes` each, which counts the rows that are read. */
function historyOf(count: number, bytes: number) {
  const sizes: RowSize[] = Array.from({ length: count }, (_, i) => ({ ticket: `t${i}`, bytes }));
  const prompt = `"${'x'.repeat(bytes)}"`;
  const read = { rows: 0, largest: 0 };
  const readSql: Sql['readSql'] = async <R>(_: string, values?: readonly unknown[]) => {
    if (!String(values?.[0]).startsWith('[')) return { rows: sizes as R[] };
    const tickets: string[] = JSON.parse(String(values?.[0]));
    read.rows += tickets.length;
    read.largest = Math.max(read.largest, tickets.length);
    // in another order than requested, and without one that was deleted
    const rows = tickets
      .filter((ticket) => ticket !== 't7')
      .reverse()
      .map((ticket) => ({ ticket, prompt_id: ticket, number: 0, prompt, extra: '{}' }));
    return { rows: rows as R[] };
  };
  return { history: openHistory({ readSql, executeSql: readSql }), read };
}

it('entries of any size are read a few at a time, when they are needed', async () => {
  const { history, read } = historyOf(560, 2 ** 20);
  const ids: string[] = [];
  for await (const { promptId } of await history.list()) {
    ids.push(promptId);
    if (ids.length === 3) expect(read.rows).toBeLessThanOrEqual(4);
  }
  expect(read.largest).toBeLessThanOrEqual(4);
  expect(ids.length).toBe(559);
  expect(ids.slice(0, 9)).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6', 't8', 't9']);
});

it('small entries are read a hundred at a time', async () => {
  const { history, read } = historyOf(250, 100);
  for await (const _ of await history.list());
  expect(read).toEqual({ rows: 250, largest: 100 });
});
