import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fingerprint } from './fingerprint.ts';

const dir = mkdtempSync(join(tmpdir(), 'darkroom-fingerprint-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string, bytes: Buffer): string => {
  writeFileSync(join(dir, name), bytes);
  return join(dir, name);
};

it('of a small file, all of it', () => {
  const bytes = Buffer.from('weights');
  expect(fingerprint(file('small', bytes))).toBe(
    `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
  );
  expect(fingerprint(file('empty', Buffer.alloc(0)))).toMatch(/^sha256:e3b0c442/);
});

it('of a large one, samples: its header, its size, its end, and weights all over it', () => {
  const bytes = Buffer.alloc(5 << 20, 7);
  const first = fingerprint(file('a', bytes));
  expect(first).toMatch(/^sampled-sha256:[0-9a-f]{64}$/);
  expect(fingerprint(file('b', bytes))).toBe(first);
  expect(fingerprint(file('longer', Buffer.alloc(bytes.length + 1, 7)))).not.toBe(first);
  for (const at of [100, bytes.length - 1]) {
    const other = Buffer.from(bytes);
    other[at] = 8;
    expect(fingerprint(file(`changed${at}`, other))).not.toBe(first);
  }
  expect(fingerprint(file('trained', Buffer.alloc(bytes.length, 8)))).not.toBe(first);
});
