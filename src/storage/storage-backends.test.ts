// The interface Storage over folders and over a bucket, and a bucket whose service fails.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUCKET, startS3, type TestS3 } from '../../test/support/files/s3.ts';
import type { DarkroomError } from '../errors.ts';
import { openBucketStorage } from './bucket/bucket-storage.ts';
import { openFolders } from './folders.ts';
import { openStorage } from './open-storage.ts';
import { type Storage, stringsIn } from './storage.ts';

const temporaryFolder = () => mkdtempSync(join(tmpdir(), 'darkroom-storage-'));
const bytes = (text: string) => Buffer.from(text);
const now = new Date(2024, 2, 5);
const request = { type: 'output', extension: 'txt', size: { width: 8, height: 8 }, now } as const;

const text = async (
  storage: Storage,
  type: 'input' | 'output' | 'temp',
  name: string,
): Promise<string | undefined> => {
  const stream = await storage.read(type, name);
  return stream && (await buffer(stream)).toString();
};

/** Two storages at the same location, as on two machines. */
interface TwoMachines {
  readonly one: Storage;
  readonly other: Storage;
}

const namesIn = async (storage: Storage, type: 'input' | 'output' | 'temp'): Promise<string[]> =>
  (await storage.list(type)).map(({ name }) => name).sort();

function testSharedStorage(open: () => Promise<TwoMachines>): void {
  let one: Storage;
  let other: Storage;
  beforeAll(async () => {
    ({ one, other } = await open());
  });

  it('has the files that another machine has added', async () => {
    expect(await one.find('input', 'a.png')).toBeUndefined();
    expect(await one.add('input', 'a.png', bytes('a'))).toBe('a.png');
    expect(await other.find('input', 'a.png')).toMatchObject({
      name: 'a.png',
      size: 1,
      modified: expect.any(Date),
    });
    expect(await text(other, 'input', 'none.png')).toBeUndefined();
  });

  it('adds, replaces and reads parts of files of this machine', async () => {
    const path = join(temporaryFolder(), 'upload');
    for (const [content, name] of [
      ['m', 'm.bin'],
      ['m', 'm.bin'],
      ['n', 'm (1).bin'],
      ['x'.repeat(200), 'm (2).bin'],
      ['x'.repeat(200), 'm (2).bin'],
    ]) {
      writeFileSync(path, content);
      expect(await one.add('temp', 'moved/m.bin', { path })).toBe(`moved/${name}`);
      expect(await text(other, 'temp', `moved/${name}`)).toBe(content);
    }
    writeFileSync(path, 'new');
    await one.replace('temp', 'moved/m.bin', { path });
    expect(await text(other, 'temp', 'moved/m.bin')).toBe('new');
    const part = await other.read('temp', 'moved/m.bin', { start: 1, end: 2 });
    expect((await buffer(part!)).toString()).toBe('ew');
  });

  it('has files in subfolders and with special characters', async () => {
    const name = 'sub/ä + b&c (1).png';
    expect(await one.add('input', name, bytes('deep'))).toBe(name);
    expect(await text(other, 'input', name)).toBe('deep');
  });

  it('lists the files directly in a folder', async () => {
    const names = Array.from({ length: 7 }, (_, i) => `t${i}.png`);
    for (const [i, name] of names.entries()) await one.add('temp', name, bytes(String(i)));
    expect(await namesIn(other, 'temp')).toEqual(names);
    expect(await namesIn(other, 'input')).toEqual(['a.png']);
  });

  it('numbers a name that is taken by other content', async () => {
    expect(await other.add('input', 'a.png', bytes('a'))).toBe('a.png');
    expect(await other.add('input', 'a.png', bytes('b'))).toBe('a (1).png');
    expect(await one.add('input', 'a.png', bytes('b'))).toBe('a (1).png');
    expect(await one.add('input', 'deep/a.png', bytes('b'))).toBe('deep/a.png');
    expect(await one.add('input', 'deep/a.png', bytes('c'))).toBe('deep/a (1).png');
  });

  it('replaces a file on request', async () => {
    await one.replace('input', 'a.png', bytes('new'));
    expect(await text(other, 'input', 'a.png')).toBe('new');
  });

  describe('saves outputs', () => {
    const save = (storage: Storage, prefix: string, ...files: string[]) =>
      storage.save({ ...request, prefix, files: files.map(bytes) });
    async function* parts(...texts: (string | Error)[]): AsyncGenerator<Uint8Array> {
      for (const part of texts) {
        if (part instanceof Error) throw part;
        yield bytes(part);
      }
    }

    it('under ComfyUI’s counters', async () => {
      const [first, second] = await save(one, 'sub/p', '1', '2');
      expect(first).toMatchObject({ filename: 'p_00001_.txt', subfolder: 'sub' });
      expect(second).toMatchObject({ filename: 'p_00002_.txt', subfolder: 'sub' });
      expect(readFileSync(second.path, 'utf8')).toBe('2');
    });

    it('of two machines under different counters', async () => {
      const saved = await Promise.all(
        [one, other].flatMap((storage) =>
          Array.from({ length: 6 }, (_, i) => save(storage, 'race', `${i}`)),
        ),
      );
      const names = saved.map(([file]) => file.filename);
      expect(new Set(names).size).toBe(12);
      expect([...names].sort().at(-1)).toBe('race_00012_.txt');
    });

    it('part by part', async () => {
      const large = await other.saveLarge({
        ...request,
        prefix: 'sub/p',
        parts: parts('large ', 'file'),
      });
      expect(large.filename).toBe('p_00003_.txt');
      expect(await text(one, 'output', 'sub/p_00003_.txt')).toBe('large file');
      expect(readFileSync(large.path, 'utf8')).toBe('large file');
    });

    it('not at all when their parts fail', async () => {
      const broken = parts('half', new Error('the node failed'));
      await expect(other.saveLarge({ ...request, prefix: 'half', parts: broken })).rejects.toThrow(
        'the node failed',
      );
      const names = await namesIn(one, 'output');
      expect(names.filter((name) => name.startsWith('half'))).toEqual([]);
    });
  });

  it('provides the current content of the files that a prompt names', async () => {
    const folders = openFolders({ ...other.folders, inputNames: other.inputNames });
    await one.replace('input', 'in.png', bytes('first'));
    const prompt = {
      1: {
        inputs: {
          image: 'in.png',
          text: 'a cat. Nothing else',
          list: ['p_00001_.txt [output]', 'sub/p_00001_.txt [output]'],
        },
      },
    };
    await other.fetchMentioned(stringsIn(prompt));
    expect(readFileSync(folders.inputPath('in.png'), 'utf8')).toBe('first');
    expect(readFileSync(folders.inputPath('sub/p_00001_.txt [output]'), 'utf8')).toBe('1');
    expect(folders.hasInput('p_00001_.txt [output]')).toBe(false);
    await one.replace('input', 'in.png', bytes('second'));
    await Promise.all([
      other.fetchMentioned(stringsIn(prompt)),
      other.fetchMentioned(stringsIn(prompt)),
    ]);
    expect(readFileSync(folders.inputPath('in.png'), 'utf8')).toBe('second');
  });

  it('lists the names of inputs', async () => {
    const folders = openFolders({ ...other.folders, inputNames: other.inputNames });
    await other.refreshInputNames();
    expect(folders.inputFiles()).toEqual(['a (1).png', 'a.png', 'in.png']);
  });

  it.each([
    '../secret',
    '/etc/passwd',
    'a/../../secret',
    '..\\secret',
    '',
    '.',
    '..',
    'a\0b',
    'x/',
  ])('has no file %j', async (name) => {
    expect(await one.find('input', name)).toBeUndefined();
    expect(await one.read('input', name)).toBeUndefined();
    expect(await one.localPath('input', name)).toBeUndefined();
    if (name !== 'x/' && !name.includes('\0'))
      await expect(one.replace('input', name, bytes('x'))).rejects.toThrow();
  });

  it.each(['../p', '/p', 'a/../../p'])('refuses to save under the prefix %j', async (prefix) => {
    await expect(one.save({ ...request, prefix, files: [bytes('x')] })).rejects.toMatchObject({
      code: 'DR_OUTPUT_UNWRITABLE',
    });
  });
}

describe('a storage of folders', () => {
  testSharedStorage(async () => {
    const location = temporaryFolder();
    return { one: await openStorage(location), other: await openStorage(location) };
  });

  it('is refused where the location is a file, or a URL of another scheme', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expect(openStorage(file)).rejects.toMatchObject({ code: 'DR_BAD_USAGE' });
    await expect(openStorage('ftp://a/b')).rejects.toMatchObject({
      code: 'DR_BAD_USAGE',
      hint: expect.stringContaining('s3://'),
    });
  });

  it('does not list links whose target is missing', async () => {
    const root = temporaryFolder();
    mkdirSync(join(root, 'input'));
    symlinkSync('nowhere', join(root, 'input', 'dangling'));
    expect(await (await openStorage(root)).list('input')).toEqual([]);
  });
});

describe('a storage in a bucket', () => {
  let s3: TestS3;
  beforeAll(async () => {
    s3 = await startS3();
  });
  afterAll(() => s3.close());
  const open = (location = `s3://${BUCKET}/team/a`, environment: Record<string, string> = {}) =>
    openBucketStorage(location, {
      environment: { ...s3.environment, ...environment },
      cache: temporaryFolder(),
      restMs: 1,
      partBytes: 4,
    });
  testSharedStorage(async () => ({ one: await open(), other: await open() }));

  const failure = (promise: Promise<unknown>): Promise<DarkroomError> =>
    promise.then(
      () => Promise.reject(new Error('no error')),
      (e) => e,
    );

  it('writes only keys with its prefix', () => {
    expect([...s3.objects.keys()].every((key) => key.startsWith('team/a/'))).toBe(true);
    expect(s3.objects.get('team/a/output/sub/p_00001_.txt')?.bytes.toString()).toBe('1');
  });

  it('sends one conditional request for an unchanged file', async () => {
    const storage = await open();
    await storage.replace('input', 'same.png', bytes('same'));
    await storage.fetchMentioned(['same.png']);
    const before = s3.requests.length;
    const path = await storage.localPath('input', 'same.png');
    expect(s3.requests.slice(before)).toEqual(['GET']);
    s3.objects.delete('team/a/input/same.png');
    expect(await storage.localPath('input', 'same.png')).toBeUndefined();
    expect(() => readFileSync(path!)).toThrow('ENOENT');
  });

  it('removes copies that were not used for a day', async () => {
    const cache = temporaryFolder();
    const { environment } = s3;
    const openWithCache = () =>
      openBucketStorage(`s3://${BUCKET}/team/a`, { environment, cache, restMs: 1 });
    const storage = await openWithCache();
    const [old] = await storage.save({ ...request, prefix: 'old', files: [bytes('old')] });
    const [young] = await storage.save({ ...request, prefix: 'young', files: [bytes('young')] });
    const yesterday = Date.now() / 1000 - 25 * 3600;
    utimesSync(old.path, yesterday, yesterday);
    await (await openWithCache()).fetchMentioned([]);
    await expect.poll(() => existsSync(old.path)).toBe(false);
    expect(existsSync(young.path)).toBe(true);
    expect(await text(storage, 'output', old.filename)).toBe('old');
  });

  describe('is refused', () => {
    it('for wrong credentials', async () => {
      expect(await failure(open(undefined, { AWS_SECRET_ACCESS_KEY: 'wrong' }))).toMatchObject({
        code: 'DR_STORAGE',
        message: expect.stringContaining('403 SignatureDoesNotMatch'),
        hint: expect.stringContaining('AWS_SECRET_ACCESS_KEY'),
      });
      const other = await failure(open(undefined, { AWS_ACCESS_KEY_ID: 'other' }));
      expect(other.message).toContain('403 InvalidAccessKeyId');
    });

    it('without credentials', async () => {
      expect(await failure(open(undefined, { AWS_ACCESS_KEY_ID: '' }))).toMatchObject({
        code: 'DR_BAD_USAGE',
        hint: expect.stringContaining('S3_ENDPOINT'),
      });
    });

    it('when the bucket does not exist', async () => {
      expect((await failure(open('s3://elsewhere'))).message).toContain('404 NoSuchBucket');
    });

    it.each(['s3://', 's3://a', 's3://Bucket_/x', `s3://${BUCKET}/../x`])(
      'at the location %s',
      async (location) => {
        expect((await failure(open(location))).code).toMatch(/^DR_(BAD_USAGE|STORAGE)$/);
      },
    );

    it('when its service ignores If-None-Match', async () => {
      s3.overwrites = true;
      expect((await failure(open(`s3://${BUCKET}/other`))).message).toContain('If-None-Match');
      s3.overwrites = false;
    });
  });

  it('cannot be read without a signature', async () => {
    const unsigned = await fetch(`${s3.environment.S3_ENDPOINT}/${BUCKET}/team/a/input/a.png`);
    expect(unsigned.status).toBe(403);
  });

  describe('whose service fails', () => {
    it('sends its requests again', async () => {
      const storage = await open();
      s3.failures.push(503, 'cut', 500);
      expect(await storage.add('temp', 'late.png', bytes('late'))).toBe('late.png');
    });

    it('does not write a file twice when only the answer was lost', async () => {
      const storage = await open();
      s3.failures.push('cut after');
      expect(await storage.add('temp', 'once.png', bytes('once'))).toBe('once.png');
      // the failures of listing the counters, and of writing the file
      s3.failures.push(503, 'cut', 'cut after');
      await storage.save({ ...request, prefix: 'lost', files: [bytes('x')] });
      const names = await namesIn(storage, 'output');
      expect(names.filter((name) => name.startsWith('lost'))).toEqual(['lost_00001_.txt']);
    });

    it('reports a failure after five attempts', async () => {
      const storage = await open();
      s3.failures.push('cut', 'cut', 'cut', 'cut', 'cut');
      expect(await failure(storage.replace('temp', 'x', bytes('x')))).toMatchObject({
        code: 'DR_STORAGE',
        message: expect.stringContaining('5 attempts'),
      });
    });

    it('reports a service that has ended', async () => {
      const ended = await startS3();
      const storage = await openBucketStorage(`s3://${BUCKET}`, {
        environment: ended.environment,
        cache: temporaryFolder(),
        restMs: 1,
      });
      await ended.close();
      const saving = storage.save({ ...request, prefix: 'p', files: [bytes('x')] });
      expect(await failure(saving)).toMatchObject({
        code: 'DR_STORAGE',
        message: expect.stringContaining("can't be reached"),
        hint: expect.stringContaining('S3_ENDPOINT'),
      });
    });
  });
});
