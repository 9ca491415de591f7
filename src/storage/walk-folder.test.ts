// Links in folders: loops, many names of one folder, and links that cannot be followed.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openFolders } from './folders.ts';
import { filesIn, filesUnder } from './walk-folder.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-walk-'));
});
const write = (name: string): void => {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), name);
};
const link = (target: string, name: string): void => symlinkSync(target, join(root, name));

describe('links to folders', () => {
  it('give their files other names, as in ComfyUI', () => {
    write('styles/a.safetensors');
    link('styles', 'favourites');
    expect(filesUnder(root).sort()).toEqual(['favourites/a.safetensors', 'styles/a.safetensors']);
  });

  it('to the folder itself are not followed', () => {
    write('a.txt');
    write('sub/b.txt');
    link('.', 'one');
    link('.', 'two');
    link('..', 'sub/up');
    expect(filesUnder(root).sort()).toEqual(['a.txt', 'sub/b.txt']);
  });

  it('between all folders take time in proportion to the folders', () => {
    const names = Array.from({ length: 14 }, (_, i) => `d${i}`);
    for (const name of names) write(`${name}/file`);
    for (const from of names)
      for (const to of names) if (from !== to) link(`../${to}`, `${from}/${to}`);
    const found = filesUnder(root);
    expect(found).toEqual(expect.arrayContaining(names.map((name) => `${name}/file`)));
    // there are 14! paths through these links
    expect(found.length).toBeLessThanOrEqual(8 * names.length);
  });
});

describe('what cannot be read', () => {
  const LONG = 'x'.repeat(300);
  const BAD_LINKS: readonly (readonly [string, string, string])[] = [
    ['a loop', 'loop', 'ELOOP'],
    ['under a file', 'file/x', 'ENOTDIR'],
    ['too long', LONG, 'ENAMETOOLONG'],
    ['nowhere', 'none', 'ENOENT'],
  ];
  beforeEach(() => write('file'));

  it.each(BAD_LINKS)('a link to %s is left out, with a sentence', (_, target, code) => {
    link(target, 'loop');
    const problems: string[] = [];
    expect(filesUnder(root, { onUnreadable: (problem) => problems.push(problem) })).toEqual([
      'file',
    ]);
    expect(filesIn(root)).toEqual(['file']);
    expect(problems).toEqual([
      expect.stringMatching(new RegExp(`the link ${root}/loop can't be followed.*${code}`)),
    ]);
  });

  it.skipIf(process.getuid?.() === 0)('a folder without rights is left out', () => {
    write('closed/x');
    chmodSync(join(root, 'closed'), 0);
    expect(filesUnder(root)).toEqual(['file']);
  });

  it('a pipe is left out', () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    expect(filesUnder(root)).toEqual(['file']);
  });

  it.each(BAD_LINKS)(
    'a link to %s is missing in models, inputs and wildcards, and reported once',
    (_, target) => {
      for (const folder of ['models/checkpoints', 'input', 'wildcards']) {
        write(`${folder}/good.safetensors`);
        write(`${folder}/good.txt`);
        link(target, `${folder}/loop`);
      }
      const problems: string[] = [];
      const open = () =>
        openFolders({
          models: [join(root, 'models')],
          input: join(root, 'input'),
          onUnreadable: (problem) => problems.push(problem),
        });
      const folders = open();
      for (let i = 0; i < 2; i++) {
        expect(folders.modelFiles('checkpoints')).toEqual(['good.safetensors']);
        expect(folders.inputFiles()).toEqual(['good.safetensors', 'good.txt']);
        expect([...folders.wildcards().keys()]).toEqual(['good']);
        expect(folders.hasInput('loop')).toBe(false);
        expect(() => folders.modelPath('checkpoints', 'loop')).toThrow('is not among');
        expect(() => folders.inputPath('loop')).toThrow('there is no file');
      }
      expect(problems).toHaveLength(3);
    },
  );

  it('a models folder that is a loop does not exist', () => {
    link('models', 'models');
    expect(() => openFolders({ models: [join(root, 'models')] })).toThrow('does not exist');
  });
});
