import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEntries } from './lru-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'darkroom-entries-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = (size: number): Uint8Array[] => [new Uint8Array(size - 1), Uint8Array.of(7)];
const age = (key: string, seconds: number): void =>
  utimesSync(join(folder, `${key}.safetensors`), seconds, seconds);

it('what was not used for longest goes first', () => {
  const entries = openEntries(folder, 300);
  for (const [i, key] of ['a', 'b', 'c'].entries()) {
    expect(entries.write(key, bytes(100))).toBe(true);
    age(key, 1000 + i);
  }
  expect(entries.read('a')).toHaveLength(100);
  entries.write('d', bytes(100));
  expect(readdirSync(folder).sort()).toEqual(['a', 'c', 'd'].map((key) => `${key}.safetensors`));
  expect(entries.write('e', bytes(301))).toBe(false);
  expect(readdirSync(folder)).toHaveLength(3);
});

it('a folder that can not be used has nothing, and says so when it is written to', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const entries = openEntries(join(file, 'inside'), 1000);
  expect(() => entries.write('a', bytes(10))).toThrow();
  expect(entries.read('a')).toBeUndefined();
});

it('nothing is made before the first entry, and other files are left alone', () => {
  const inner = join(folder, 'deep', 'er');
  const entries = openEntries(inner, 1000);
  expect([entries.read('a'), existsSync(inner)]).toEqual([undefined, false]);
  entries.write('a', bytes(10));
  writeFileSync(join(inner, 'other.txt'), 'x'.repeat(5000));
  entries.write('b', bytes(900));
  expect(readdirSync(inner).sort()).toEqual(['a.safetensors', 'b.safetensors', 'other.txt']);
});
