import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLruFolder } from './lru-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'darkroom-entries-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = (size: number): Uint8Array[] => [new Uint8Array(size - 1), Uint8Array.of(7)];
const setUsed = (key: string, seconds: number): void =>
  utimesSync(join(folder, `${key}.safetensors`), seconds, seconds);

describe('a full folder', () => {
  it('removes the least recently used entry', () => {
    const entries = openLruFolder(folder, 300);
    for (const [i, key] of ['a', 'b', 'c'].entries()) {
      expect(entries.write(key, bytes(100))).toBe(true);
      setUsed(key, 1000 + i);
    }
    expect(entries.read('a')).toHaveLength(100);
    entries.write('d', bytes(100));
    expect(readdirSync(folder).sort()).toEqual(['a', 'c', 'd'].map((key) => `${key}.safetensors`));
  });

  it('refuses an entry that is larger than the limit, and removes nothing for it', () => {
    const entries = openLruFolder(folder, 300);
    entries.write('a', bytes(300));
    expect(entries.write('b', bytes(301))).toBe(false);
    expect(readdirSync(folder)).toEqual(['a.safetensors']);
  });

  it('does not count or remove files that are not entries', () => {
    const entries = openLruFolder(folder, 1000);
    entries.write('a', bytes(10));
    writeFileSync(join(folder, 'other.txt'), 'x'.repeat(5000));
    entries.write('b', bytes(900));
    expect(readdirSync(folder).sort()).toEqual(['a.safetensors', 'b.safetensors', 'other.txt']);
  });
});

describe('a folder that does not exist', () => {
  it('is created by the first entry', () => {
    const inner = join(folder, 'deep', 'er');
    const entries = openLruFolder(inner, 1000);
    expect(entries.read('a')).toBeUndefined();
    expect(existsSync(inner)).toBe(false);
    entries.write('a', bytes(10));
    expect(readdirSync(inner)).toEqual(['a.safetensors']);
  });

  it('has no entries where it cannot be created, and throws when it is written to', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const entries = openLruFolder(join(file, 'inside'), 1000);
    expect(() => entries.write('a', bytes(10))).toThrow();
    expect(entries.read('a')).toBeUndefined();
  });
});
