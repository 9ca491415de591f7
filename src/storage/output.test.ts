// Counters and prefixes as in ComfyUI's get_save_image_path, in temporary folders.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { nextCounter, writeLargeOutput, writeOutputs } from './output.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-output-'));
});

const now = new Date(2024, 2, 5, 7, 8, 9);
const write = (folder: string, prefix: string, count = 1) =>
  writeOutputs({
    root: folder,
    prefix,
    extension: 'png',
    size: { width: 64, height: 48 },
    files: Array.from({ length: count }, (_, i) => Buffer.from([i])),
    now,
  });

describe('the next counter', () => {
  it('is one more than the highest of the prefix', () => {
    const names = ['a_00003_.png', 'a_00007_.png', 'ab_00009_.png', 'a_x_.png', 'a_12.png', 'a'];
    expect(nextCounter(names, 'a')).toBe(8n);
  });

  it('is 1 in an empty folder', () => {
    expect(nextCounter([], 'a')).toBe(1n);
  });
});

describe('the next counter after a number that a double cannot hold', () => {
  it.each([
    ['9007199254740992', 9007199254740993n],
    ['9007199254740993', 9007199254740994n],
    ['99999999999999999999999', 100000000000000000000000n],
    ['+00041', 42n],
    ['-7', 1n],
  ])('of p_%s_.png is %s', (digits, next) => {
    expect(nextCounter([`p_${digits}_.png`], 'p')).toBe(next);
  });

  it('is not taken from numbers of more digits than a name can hold', () => {
    const longest = `p_${'9'.repeat(200)}_.png`;
    expect(nextCounter([longest, 'p_00004_.png'], 'p')).toBe(5n);
  });
});

describe('outputs', () => {
  it('are saved beside files with counters of any size', async () => {
    writeFileSync(join(root, 'p_9007199254740993_.png'), '');
    const names = () => write(root, 'p', 2).map(({ filename }) => filename);
    expect(names()).toEqual(['p_9007199254740994_.png', 'p_9007199254740995_.png']);
    expect(names()).toEqual(['p_9007199254740996_.png', 'p_9007199254740997_.png']);
  });

  it('are numbered from the highest counter in the folder', () => {
    expect(write(root, 'ComfyUI', 2).map(({ filename }) => filename)).toEqual([
      'ComfyUI_00001_.png',
      'ComfyUI_00002_.png',
    ]);
    expect(write(root, 'ComfyUI')[0].filename).toBe('ComfyUI_00003_.png');
    expect(readdirSync(root)).toHaveLength(3);
    expect([...readFileSync(join(root, 'ComfyUI_00002_.png'))]).toEqual([1]);
  });

  it('are named by their size and the date', () => {
    expect(write(root, '%year%-%month%-%day%/%width%x%height%_%hour%%minute%%second%')[0]).toEqual({
      filename: '64x48_070809_00001_.png',
      subfolder: '2024-03-05',
      path: join(root, '2024-03-05', '64x48_070809_00001_.png'),
    });
  });

  it('are written to subfolders, which are created', () => {
    expect(write(root, 'a/b//c')[0].subfolder).toBe('a/b');
  });

  // os.path.basename(os.path.normpath(prefix)), followed by f"_{counter:05}_.png"
  it.each([
    ['', '._00001_.png'],
    ['.', '._00001_.png'],
    ['a/..', '._00001_.png'],
    ['sub/', 'sub_00001_.png'],
  ])('are named as in ComfyUI for the prefix %j', (prefix, filename) => {
    expect(write(root, prefix)[0]).toEqual({ filename, subfolder: '', path: join(root, filename) });
    expect(write(root, prefix)[0].filename).toBe(filename.replace('1_', '2_'));
  });

  it.each(['../x', '/tmp/x', 'a/../../x', '..', 'a/\0'])(
    'cannot be written outside of the folder by the prefix %j',
    (prefix) => {
      expect(() => write(root, prefix)).toThrow(/would save outside|nothing can be saved/);
      expect(readdirSync(root)).toEqual([]);
    },
  );

  it('are refused where the folder cannot be written to', () => {
    writeFileSync(join(root, 'file'), '');
    expect(() => write(join(root, 'file'), 'x')).toThrow('nothing can be saved');
    expect(() => write(join(root, 'file', 'sub'), 'x')).toThrow('nothing can be saved');
  });
});

describe('a large output', () => {
  async function* parts(end?: Error): AsyncGenerator<Uint8Array> {
    yield Buffer.from('one ');
    if (end) throw end;
    yield Buffer.from('file');
  }
  const writeLarge = (bytes: AsyncIterable<Uint8Array>) =>
    writeLargeOutput({
      root,
      prefix: 'models/m',
      extension: 'bin',
      size: { width: 0, height: 0 },
      now,
      parts: bytes,
    });

  it('is written part by part under the next counter', async () => {
    expect(await writeLarge(parts())).toMatchObject({
      filename: 'm_00001_.bin',
      subfolder: 'models',
    });
    expect(await writeLarge(parts())).toMatchObject({ filename: 'm_00002_.bin' });
    expect(readFileSync(join(root, 'models', 'm_00002_.bin'), 'utf8')).toBe('one file');
  });

  it('leaves no file when its parts fail', async () => {
    await expect(writeLarge(parts(new Error('cut')))).rejects.toMatchObject({
      code: 'DR_OUTPUT_UNWRITABLE',
    });
    expect(readdirSync(join(root, 'models'))).toEqual([]);
  });

  it('is saved beside files with counters of any size', async () => {
    mkdirSync(join(root, 'models'));
    writeFileSync(join(root, 'models', 'm_9007199254740993_.bin'), '');
    expect(await writeLarge(parts())).toMatchObject({ filename: 'm_9007199254740994_.bin' });
  });
});
