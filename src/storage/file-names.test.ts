import { mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { addFile, linkNew, numberedName, replaceFile } from './file-names.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'darkroom-names-'));
});
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

describe('addFile', () => {
  it('writes other content under a numbered name', () => {
    expect(addFile(folder, 'a.png', Buffer.from('1'))).toBe('a.png');
    expect(addFile(folder, 'a.png', Buffer.from('2'))).toBe('a (1).png');
    expect(read('a (1).png')).toBe('2');
  });

  it('does not write the same content again', () => {
    addFile(folder, 'a.png', Buffer.from('1'));
    addFile(folder, 'a.png', Buffer.from('2'));
    expect(addFile(folder, 'a.png', Buffer.from('2'))).toBe('a (1).png');
    expect(readdirSync(folder).sort()).toEqual(['a (1).png', 'a.png']);
  });
});

describe('addFile, where a link that leads nowhere has the name', () => {
  it.each([
    ['nowhere', 'missing.png'],
    ['to itself', 'a.png'],
    ['under a file', 'file/x'],
  ])('%s, writes under the next name', (_, target) => {
    writeFileSync(join(folder, 'file'), '');
    symlinkSync(target, join(folder, 'a.png'));
    expect(addFile(folder, 'a.png', Buffer.from('1'))).toBe('a (1).png');
    expect(read('a (1).png')).toBe('1');
  });
});

describe('linkNew', () => {
  it('does not replace an existing file', () => {
    writeFileSync(join(folder, 'temporary'), 'new');
    writeFileSync(join(folder, 'existing'), 'old');
    expect(linkNew(join(folder, 'temporary'), join(folder, 'existing'))).toBe(false);
    expect(read('existing')).toBe('old');
    expect(linkNew(join(folder, 'temporary'), join(folder, 'free'))).toBe(true);
    expect(read('free')).toBe('new');
  });
});

it('replaceFile writes over an existing file and leaves no other', () => {
  replaceFile(join(folder, 'sub', 'a.png'), Buffer.from('1'));
  replaceFile(join(folder, 'sub', 'a.png'), Buffer.from('2'));
  expect(read('sub/a.png')).toBe('2');
  expect(readdirSync(join(folder, 'sub'))).toEqual(['a.png']);
});

it('numberedName inserts the number before the extension', () => {
  expect(numberedName('a.b.png', 0)).toBe('a.b.png');
  expect(numberedName('a.b.png', 2)).toBe('a.b (2).png');
  expect(numberedName('noextension', 1)).toBe('noextension (1)');
});
