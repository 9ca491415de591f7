import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { addMovedFile, moveFile, replaceFileParts } from './move-file.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-move-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const source = (content: string, folder = root): string => {
  const path = join(folder, 'source');
  writeFileSync(path, content);
  return path;
};
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

it('adds a file under a free name, once for the same content', async () => {
  const content = 'x'.repeat(3_000_000);
  const other = `${content.slice(1)}y`;
  const names: string[] = [];
  for (const text of [content, content, other, other])
    names.push(await addMovedFile(join(root, 'deep'), 'a.bin', source(text)));
  expect(names).toEqual(['a.bin', 'a.bin', 'a (1).bin', 'a (1).bin']);
  expect(read('deep/a (1).bin')).toBe(other);
});

it('replaces a file by a moved one, or by one that arrives part by part', async () => {
  await moveFile(source('first'), join(root, 'deep', 'a.txt'));
  expect(read('deep/a.txt')).toBe('first');
  const parts = Readable.from([Buffer.from('se'), Buffer.from('cond')]);
  await replaceFileParts(join(root, 'deep', 'a.txt'), parts);
  expect(read('deep/a.txt')).toBe('second');
});

it('leaves the old file, and no other, when the parts end in an error', async () => {
  writeFileSync(join(root, 'a.txt'), 'old');
  const parts = async function* () {
    yield Buffer.from('new');
    throw new Error('cut off');
  };
  await expect(replaceFileParts(join(root, 'a.txt'), parts())).rejects.toThrow('cut off');
  expect(readdirSync(root)).toEqual(['a.txt']);
  expect(read('a.txt')).toBe('old');
});

const OTHER_DISK = '/dev/shm';
it.skipIf(!existsSync(OTHER_DISK))('moves a file from another disk', async () => {
  const folder = mkdtempSync(join(OTHER_DISK, 'darkroom-move-'));
  try {
    expect(await addMovedFile(root, 'a.txt', source('far', folder))).toBe('a.txt');
    await moveFile(source('farther', folder), join(root, 'b.txt'));
    expect([read('a.txt'), read('b.txt')]).toEqual(['far', 'farther']);
    expect(readdirSync(root)).toEqual(['a.txt', 'b.txt']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
