// Folders, counters as ComfyUI's get_save_image_path, and the embedded models, on temporary
// folders.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { removeTemporary } from './atomic-write.ts';
import { openEmbeddedModels } from './embedded-models.ts';
import { openFolders } from './folders.ts';
import { nextCounter, writeLargeOutput, writeOutputs } from './output.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'darkroom-storage-'));
function put(root: string, ...names: string[]) {
  for (const name of names) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), name);
  }
}

describe('folders', () => {
  it('lists and finds model files across folders, with old folder names', () => {
    const [a, b] = [folder(), folder()];
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
    const folders = openFolders({ models: [a, b] });
    expect(folders.modelFiles('checkpoints')).toEqual([
      'B.ckpt',
      'a.safetensors',
      'linked/z.safetensors',
      'sub/z.safetensors',
    ]);
    expect(folders.modelPath('checkpoints', 'B.ckpt')).toBe(join(a, 'checkpoints', 'B.ckpt'));
    expect(folders.modelPath('checkpoints', 'linked/z.safetensors')).toBe(
      join(b, 'checkpoints', 'linked', 'z.safetensors'),
    );
    expect(folders.modelFiles('clip')).toEqual(['g.safetensors', 'l.safetensors']);
    expect(folders.modelPath('text_encoders', 'l.safetensors')).toBe(
      join(a, 'clip', 'l.safetensors'),
    );
    expect(() => folders.modelPath('checkpoints', '../clip/l.safetensors')).toThrow(
      'not among the checkpoints',
    );
    expect(() => openFolders({ models: [join(a, 'none')] })).toThrow('does not exist');
  });

  it('input names: annotations and escapes', () => {
    const root = folder();
    put(root, 'in/cat.png', 'in/sub/dog.png', 'out/x.png', 'secret.png');
    const folders = openFolders({ input: join(root, 'in'), output: join(root, 'out') });
    expect(folders.inputFiles()).toEqual(['cat.png']);
    expect(folders.inputPath('sub/dog.png')).toBe(join(root, 'in', 'sub', 'dog.png'));
    expect(folders.inputPath('x.png [output]')).toBe(join(root, 'out', 'x.png'));
    expect(folders.hasInput('x.png')).toBe(false);
    for (const name of [
      '../secret.png',
      join(root, 'secret.png'),
      '../in/../secret.png [input]',
      'a\0b',
      '',
    ])
      expect(() => folders.inputPath(name), name).toThrow();
    expect(() => folders.inputPath('caat.png')).toThrow('there is no file');
  });
});

describe('outputs', () => {
  const now = new Date(2024, 2, 5, 7, 8, 9);
  const write = (root: string, prefix: string, count = 1) =>
    writeOutputs({
      root,
      prefix,
      extension: 'png',
      size: { width: 64, height: 48 },
      files: Array.from({ length: count }, (_, i) => Buffer.from([i])),
      now,
    });

  it('counts from the highest number of that prefix', () => {
    expect(
      nextCounter(
        ['a_00003_.png', 'a_00007_.png', 'ab_00009_.png', 'a_x_.png', 'a_12.png', 'a'],
        'a',
      ),
    ).toBe(8);
    expect(nextCounter([], 'a')).toBe(1);
    const root = folder();
    expect(write(root, 'ComfyUI', 2).map((f) => f.filename)).toEqual([
      'ComfyUI_00001_.png',
      'ComfyUI_00002_.png',
    ]);
    expect(write(root, 'ComfyUI')[0].filename).toBe('ComfyUI_00003_.png');
    expect(readdirSync(root)).toHaveLength(3);
    expect([...readFileSync(join(root, 'ComfyUI_00002_.png'))]).toEqual([1]);
  });

  it('writes large files part by part, whole or not at all', async () => {
    const root = folder();
    async function* parts(end?: Error): AsyncGenerator<Uint8Array> {
      yield Buffer.from('one ');
      if (end) throw end;
      yield Buffer.from('file');
    }
    const large = (bytes: AsyncIterable<Uint8Array>) =>
      writeLargeOutput({
        root,
        prefix: 'models/m',
        extension: 'bin',
        size: { width: 0, height: 0 },
        now,
        parts: bytes,
      });
    expect(await large(parts())).toMatchObject({ filename: 'm_00001_.bin', subfolder: 'models' });
    expect(await large(parts())).toMatchObject({ filename: 'm_00002_.bin' });
    await expect(large(parts(new Error('cut')))).rejects.toMatchObject({
      code: 'DR_OUTPUT_UNWRITABLE',
    });
    expect(readdirSync(join(root, 'models')).sort()).toEqual(['m_00001_.bin', 'm_00002_.bin']);
    expect(readFileSync(join(root, 'models', 'm_00002_.bin'), 'utf8')).toBe('one file');
  });

  it('fills in size and date, makes subfolders', () => {
    const root = folder();
    expect(write(root, '%year%-%month%-%day%/%width%x%height%_%hour%%minute%%second%')[0]).toEqual({
      filename: '64x48_070809_00001_.png',
      subfolder: '2024-03-05',
      path: join(root, '2024-03-05', '64x48_070809_00001_.png'),
    });
    expect(write(root, 'a/b//c')[0].subfolder).toBe('a/b');
  });

  it.each(['../x', '/tmp/x', 'a/../../x', '..', 'a/\0'])(
    '%j can not leave the folder',
    (prefix) => {
      const root = folder();
      expect(() => write(root, prefix)).toThrow(/would save outside|nothing can be saved/);
      expect(readdirSync(root)).toEqual([]);
    },
  );

  it('a folder that can not be written is one clear error', () => {
    const root = folder();
    put(root, 'file');
    expect(() => write(join(root, 'file'), 'x')).toThrow('nothing can be saved');
    expect(() => write(join(root, 'file', 'sub'), 'x')).toThrow('nothing can be saved');
  });

  it('what a killed process left is removed, nothing else', () => {
    const root = folder();
    put(root, '.a_00001_.png.tmp-77', '.a_00001_.png.tmp-78', 'a_00001_.png');
    removeTemporary(root, 77);
    expect(readdirSync(root)).toEqual(['.a_00001_.png.tmp-78', 'a_00001_.png']);
  });
});

describe('embedded models', () => {
  it('are listed packed and unpacked once', () => {
    const [assets, cache] = [folder(), folder()];
    mkdirSync(join(assets, 'checkpoints'));
    writeFileSync(join(assets, 'checkpoints', 'tiny.safetensors.gz'), gzipSync('weights'));
    const heard: string[] = [];
    const embedded = openEmbeddedModels({ assets, cache, onFolder: (dir) => heard.push(dir) });
    const folders = openFolders({ embedded });
    expect(folders.modelFiles('checkpoints')).toEqual(['tiny.safetensors']);
    expect(readdirSync(cache)).toEqual([]);
    const path = folders.modelPath('checkpoints', 'tiny.safetensors');
    expect(readFileSync(path, 'utf8')).toBe('weights');
    expect(folders.modelPath('checkpoints', 'tiny.safetensors')).toBe(path);
    expect(heard).toHaveLength(1);
    expect(readdirSync(join(path, '..'))).toEqual(['tiny.safetensors']);
  });
});

describe('wildcard files', () => {
  it('reads text files as Latin-1 lines and YAML as maps of lists; later folders win', () => {
    const root = folder();
    const [models, custom] = [join(root, 'models'), join(root, 'custom_wildcards')];
    const write = (path: string, content: string | Buffer) => {
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, content);
    };
    write(
      join(models, 'wildcards', 'Deep Folder', 'Colors.txt'),
      '# comment\nred\r\ngreen\n  # more\n\nblue\n',
    );
    write(join(models, 'wildcards', 'umlaut.txt'), Buffer.from('gr\xfcn\n', 'latin1'));
    write(join(models, 'wildcards', 'base.txt'), 'old\n');
    write(join(custom, 'base.txt'), 'new');
    write(
      join(custom, 'tree.yaml'),
      'Animals:\n  Big Cats:\n    - lion\n    - "2::tiger"\n  one: panther\nnumbers: [1, 2.5, ' +
        'yes, null]\nnone: 3\nanimals: &a [x]\ncopy: *a\n',
    );
    write(join(custom, 'utf.yaml'), 'place: [Köln, Ärger]\n');
    write(join(custom, 'broken.yaml'), 'a: [b\nc: {');
    write(join(custom, 'notes.md'), 'not a list');
    const folders = openFolders({ models: [models], input: join(root, 'input') });
    expect(Object.fromEntries(folders.wildcards())).toEqual({
      'deep-folder/colors': ['red', 'green', '', 'blue'],
      umlaut: ['grün'],
      base: ['new'],
      'animals/big-cats': ['lion', '2::tiger'],
      'animals/one': ['panther'],
      numbers: ['1', '2.5', 'True', ''],
      animals: ['x'],
      copy: ['x'],
      place: ['Köln', 'Ärger'],
    });
    expect(folders.wildcardProblems()).toHaveLength(1);
    expect(folders.wildcardProblems()[0]).toContain('broken.yaml');
    expect(openFolders({ input: join(folder(), 'input') }).wildcards().size).toBe(0);
  });
});
