import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Folders, openFolders } from './folders.ts';

const temporaryFolder = () => mkdtempSync(join(tmpdir(), 'darkroom-folders-'));
function put(root: string, ...names: string[]) {
  for (const name of names) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), name);
  }
}

describe('a list of models', () => {
  const files = (folders: Folders): Promise<readonly string[]> =>
    Promise.resolve().then(() => folders.modelFiles('loras'));

  it('has what was added or removed before it was requested', async () => {
    const root = temporaryFolder();
    const folders = openFolders({ models: [root] });
    expect(await files(folders)).toEqual([]);
    put(root, 'loras/a.pt');
    expect(await files(folders)).toEqual(['a.pt']);
    put(root, 'loras/sub/b.pt');
    expect(await files(folders)).toEqual(['a.pt', 'sub/b.pt']);
    renameSync(join(root, 'loras/sub/b.pt'), join(root, 'loras/sub/c.pt'));
    expect(await files(folders)).toEqual(['a.pt', 'sub/c.pt']);
    rmSync(join(root, 'loras'), { recursive: true });
    expect(await files(folders)).toEqual([]);
  });

  it('has a file whose copying has set the time of its folder back', async () => {
    const root = temporaryFolder();
    put(root, 'loras/a.pt');
    const old = new Date(2020, 1, 1);
    utimesSync(join(root, 'loras'), old, old);
    await sleep(50);
    const folders = openFolders({ models: [root] });
    await files(folders);
    put(root, 'loras/b.pt');
    utimesSync(join(root, 'loras'), old, old);
    expect(await files(folders)).toEqual(['a.pt', 'b.pt']);
  });

  it('is not read again while its folders are as they were', async () => {
    const root = temporaryFolder();
    put(root, 'loras/a.pt');
    await sleep(50);
    const folders = openFolders({ models: [root] });
    const first = await files(folders);
    expect(await files(folders)).toBe(first);
  });
});

describe('two models folders', () => {
  let a: string;
  let b: string;
  let folders: Folders;
  beforeAll(() => {
    [a, b] = [temporaryFolder(), temporaryFolder()];
    put(
      a,
      'checkpoints/sub/z.safetensors',
      'checkpoints/B.ckpt',
      'checkpoints/notes.txt',
      'clip/l.safetensors',
      'checkpoints/.git/x.pt',
    );
    put(b, 'checkpoints/B.ckpt', 'checkpoints/a.safetensors', 'text_encoders/g.safetensors');
    symlinkSync(join(a, 'checkpoints', 'sub'), join(b, 'checkpoints', 'linked'));
    folders = openFolders({ models: [a, b] });
  });

  it('list the models of both, following links', () => {
    expect(folders.modelFiles('checkpoints')).toEqual([
      'B.ckpt',
      'a.safetensors',
      'linked/z.safetensors',
      'sub/z.safetensors',
    ]);
  });

  it('are searched in order', () => {
    expect(folders.modelPath('checkpoints', 'B.ckpt')).toBe(join(a, 'checkpoints', 'B.ckpt'));
    expect(folders.modelPath('checkpoints', 'linked/z.safetensors')).toBe(
      join(b, 'checkpoints', 'linked', 'z.safetensors'),
    );
  });

  it('may use old names of kinds and of folders', () => {
    expect(folders.modelFiles('clip')).toEqual(['g.safetensors', 'l.safetensors']);
    expect(folders.modelPath('text_encoders', 'l.safetensors')).toBe(
      join(a, 'clip', 'l.safetensors'),
    );
  });

  it('do not contain names that lead out of the folder of the kind', () => {
    expect(() => folders.modelPath('checkpoints', '../clip/l.safetensors')).toThrow(
      'not among the checkpoints',
    );
  });

  it('must exist', () => {
    expect(() => openFolders({ models: [join(a, 'none')] })).toThrow('does not exist');
  });
});

describe('the input folder', () => {
  let root: string;
  let folders: Folders;
  beforeAll(() => {
    root = temporaryFolder();
    put(root, 'in/cat.png', 'in/sub/dog.png', 'out/x.png', 'secret.png');
    folders = openFolders({ input: join(root, 'in'), output: join(root, 'out') });
  });

  it('has files whose names are written with the slashes of Windows', () => {
    expect(folders.hasInput('sub\\dog.png')).toBe(true);
    expect(folders.inputPath('sub\\dog.png [input]')).toBe(join(root, 'in/sub/dog.png'));
    expect(folders.hasInput('..\\secret.png')).toBe(false);
  });

  it('lists the files directly in it', () => {
    expect(folders.inputFiles()).toEqual(['cat.png']);
  });

  it('contains files of subfolders', () => {
    expect(folders.inputPath('sub/dog.png')).toBe(join(root, 'in', 'sub', 'dog.png'));
  });

  it('is replaced by the folder that a name is annotated with', () => {
    expect(folders.inputPath('x.png [output]')).toBe(join(root, 'out', 'x.png'));
    expect(folders.hasInput('x.png')).toBe(false);
  });

  it('does not contain names that lead out of it', () => {
    for (const name of [
      '../secret.png',
      join(root, 'secret.png'),
      '../in/../secret.png [input]',
      'a\0b',
      '',
    ])
      expect(() => folders.inputPath(name), name).toThrow();
  });

  it('reports a missing file', () => {
    expect(() => folders.inputPath('caat.png')).toThrow('there is no file');
  });
});

it('has no models of a kind that every object has, and no input of a very long name', () => {
  const root = temporaryFolder();
  const folders = openFolders({ models: [root], input: root });
  for (const kind of ['constructor', '__proto__', 'toString'])
    expect(folders.modelFiles(kind)).toEqual([]);
  expect(folders.hasInput('a'.repeat(5000))).toBe(false);
  expect(() => folders.inputPath('a'.repeat(5000))).toThrow(/there is no file/);
});
