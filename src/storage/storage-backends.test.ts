// What a storage promises, on folders and on a bucket; and what a bucket does when the service
// fails.
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
import { createBucket } from './bucket.ts';
import { openBucketStorage } from './bucket-storage.ts';
import { openFolders } from './folders.ts';
import { openStorage } from './open-storage.ts';
import { type Storage, stringsIn } from './storage.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'darkroom-places-'));
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

function suite(open: () => Promise<{ one: Storage; other: Storage }>): void {
  // two machines that share the place
  let one: Storage;
  let other: Storage;
  beforeAll(async () => {
    ({ one, other } = await open());
  });

  it('what one adds the other finds, reads and lists', async () => {
    expect(await one.find('input', 'a.png')).toBeUndefined();
    expect(await one.add('input', 'a.png', bytes('a'))).toBe('a.png');
    expect(await one.add('input', 'sub/ä + b&c (1).png', bytes('deep'))).toBe(
      'sub/ä + b&c (1).png',
    );
    for (let i = 0; i < 7; i++) await one.add('temp', `t${i}.png`, bytes(String(i)));
    expect(await other.find('input', 'a.png')).toMatchObject({
      name: 'a.png',
      size: 1,
      modified: expect.any(Date),
    });
    expect(await text(other, 'input', 'sub/ä + b&c (1).png')).toBe('deep');
    expect((await other.list('temp')).map(({ name }) => name).sort()).toEqual([
      't0.png',
      't1.png',
      't2.png',
      't3.png',
      't4.png',
      't5.png',
      't6.png',
    ]);
    expect((await other.list('input')).map(({ name }) => name)).toEqual(['a.png']);
    expect(await text(other, 'input', 'none.png')).toBeUndefined();
  });

  it('a name that is taken is numbered, unless it is the same file; replacing replaces', async () => {
    expect(await other.add('input', 'a.png', bytes('a'))).toBe('a.png');
    expect(await other.add('input', 'a.png', bytes('b'))).toBe('a (1).png');
    expect(await one.add('input', 'a.png', bytes('b'))).toBe('a (1).png');
    expect(await one.add('input', 'deep/a.png', bytes('b'))).toBe('deep/a.png');
    expect(await one.add('input', 'deep/a.png', bytes('c'))).toBe('deep/a (1).png');
    await one.replace('input', 'a.png', bytes('new'));
    expect(await text(other, 'input', 'a.png')).toBe('new');
  });

  it('outputs get ComfyUI’s counters, over both, and are never overwritten', async () => {
    const save = (storage: Storage, prefix: string, ...files: string[]) =>
      storage.save({ ...request, prefix, files: files.map(bytes) });
    const [first, second] = await save(one, 'sub/p', '1', '2');
    expect([first, second]).toMatchObject([
      { filename: 'p_00001_.txt', subfolder: 'sub' },
      { filename: 'p_00002_.txt', subfolder: 'sub' },
    ]);
    expect(readFileSync(second.path, 'utf8')).toBe('2');
    const both = await Promise.all(
      [one, other].flatMap((storage) =>
        Array.from({ length: 6 }, (_, i) => save(storage, 'race', `${i}`)),
      ),
    );
    const names = both.map(([file]) => file.filename);
    expect(new Set(names).size).toBe(12);
    expect([...names].sort().at(-1)).toBe('race_00012_.txt');
    async function* parts() {
      yield bytes('large ');
      yield bytes('file');
    }
    const large = await other.saveLarge({ ...request, prefix: 'sub/p', parts: parts() });
    expect([
      large.filename,
      await text(one, 'output', 'sub/p_00003_.txt'),
      readFileSync(large.path, 'utf8'),
    ]).toEqual(['p_00003_.txt', 'large file', 'large file']);
    async function* broken() {
      yield bytes('half');
      throw new Error('the node failed');
    }
    await expect(other.saveLarge({ ...request, prefix: 'half', parts: broken() })).rejects.toThrow(
      'the node failed',
    );
    expect((await one.list('output')).filter(({ name }) => name.startsWith('half'))).toEqual([]);
  });

  it('files that a prompt names can be read here, as they are now', async () => {
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
    await other.refreshInputNames();
    expect(folders.inputFiles()).toEqual(['a (1).png', 'a.png', 'in.png']);
  });

  it('nothing leads out of its folder', async () => {
    for (const name of [
      '../secret',
      '/etc/passwd',
      'a/../../secret',
      '..\\secret',
      '',
      '.',
      '..',
      'a\0b',
      'x/',
    ]) {
      expect(await one.find('input', name), name).toBeUndefined();
      expect(await one.read('input', name), name).toBeUndefined();
      expect(await one.localPath('input', name), name).toBeUndefined();
      if (name !== 'x/' && !name.includes('\0'))
        await expect(one.replace('input', name, bytes('x')), name).rejects.toThrow();
    }
    for (const prefix of ['../p', '/p', 'a/../../p'])
      await expect(
        one.save({ ...request, prefix, files: [bytes('x')] }),
        prefix,
      ).rejects.toMatchObject({ code: 'DR_OUTPUT_UNWRITABLE' });
  });
}

describe('folders', () => {
  suite(async () => {
    const place = folder();
    return { one: await openStorage(place), other: await openStorage(place) };
  });

  it('a place that can be none is said', async () => {
    const root = folder();
    writeFileSync(join(root, 'file'), '');
    await expect(openStorage(join(root, 'file'))).rejects.toMatchObject({ code: 'DR_BAD_USAGE' });
    await expect(openStorage('ftp://a/b')).rejects.toMatchObject({
      code: 'DR_BAD_USAGE',
      hint: expect.stringContaining('s3://'),
    });
    mkdirSync(join(root, 'input'));
    symlinkSync('nowhere', join(root, 'input', 'dangling'));
    expect(await (await openStorage(root)).list('input')).toEqual([]);
  });
});

describe('a bucket', () => {
  let s3: TestS3;
  beforeAll(async () => {
    s3 = await startS3();
  });
  afterAll(() => s3.close());
  const opened = (place = `s3://${BUCKET}/team/a`, environment: Record<string, string> = {}) =>
    openBucketStorage(place, {
      environment: { ...s3.environment, ...environment },
      cache: folder(),
      restMs: 1,
      partBytes: 4,
    });
  suite(async () => ({ one: await opened(), other: await opened() }));

  const failure = (promise: Promise<unknown>): Promise<DarkroomError> =>
    promise.then(
      () => Promise.reject(new Error('no error')),
      (e) => e,
    );

  it('keeps everything below its prefix', () => {
    expect([...s3.objects.keys()].every((key) => key.startsWith('team/a/'))).toBe(true);
    expect(s3.objects.get('team/a/output/sub/p_00001_.txt')?.bytes.toString()).toBe('1');
  });

  it('is asked for what changed only', async () => {
    const storage = await opened();
    await storage.replace('input', 'same.png', bytes('same'));
    await storage.fetchMentioned(['same.png']);
    const before = s3.requests.length;
    const path = await storage.localPath('input', 'same.png');
    expect(s3.requests.slice(before)).toEqual(['GET']);
    s3.objects.delete('team/a/input/same.png');
    expect(await storage.localPath('input', 'same.png')).toBeUndefined();
    expect(() => readFileSync(path!)).toThrow('ENOENT');
  });

  it('forgets copies that nobody has used for a day', async () => {
    const cache = folder();
    const { environment } = s3;
    const open = () =>
      openBucketStorage(`s3://${BUCKET}/team/a`, { environment, cache, restMs: 1 });
    const storage = await open();
    const [old] = await storage.save({ ...request, prefix: 'old', files: [bytes('old')] });
    const [young] = await storage.save({ ...request, prefix: 'young', files: [bytes('young')] });
    const yesterday = Date.now() / 1000 - 25 * 3600;
    utimesSync(old.path, yesterday, yesterday);
    await (await open()).fetchMentioned([]);
    await expect.poll(() => existsSync(old.path)).toBe(false);
    expect([existsSync(young.path), await text(storage, 'output', old.filename)]).toEqual([
      true,
      'old',
    ]);
  });

  it('says what is wrong with credentials, bucket, region and place', async () => {
    const wrong = await failure(opened(undefined, { AWS_SECRET_ACCESS_KEY: 'wrong' }));
    expect([wrong.code, wrong.message, wrong.hint]).toEqual([
      'DR_STORAGE',
      expect.stringContaining('403 SignatureDoesNotMatch'),
      expect.stringContaining('AWS_SECRET_ACCESS_KEY'),
    ]);
    expect((await failure(opened(undefined, { AWS_ACCESS_KEY_ID: 'other' }))).message).toContain(
      '403 InvalidAccessKeyId',
    );
    expect((await failure(opened('s3://elsewhere'))).message).toContain('404 NoSuchBucket');
    expect(await failure(opened(undefined, { AWS_ACCESS_KEY_ID: '' }))).toMatchObject({
      code: 'DR_BAD_USAGE',
      hint: expect.stringContaining('S3_ENDPOINT'),
    });
    for (const place of ['s3://', 's3://a', 's3://Bucket_/x', `s3://${BUCKET}/../x`])
      expect((await failure(opened(place))).code, place).toMatch(/^DR_(BAD_USAGE|STORAGE)$/);
    const unsigned = await fetch(`${s3.environment.S3_ENDPOINT}/${BUCKET}/team/a/input/a.png`);
    expect(unsigned.status).toBe(403);
  });

  it('is tried again while the service or the network fails, and given up with a sentence', async () => {
    const storage = await opened();
    s3.failures.push(503, 'cut', 500);
    expect(await storage.add('temp', 'late.png', bytes('late'))).toBe('late.png');
    // heard, but its answer was lost: it is not written twice
    s3.failures.push('cut after');
    expect(await storage.add('temp', 'once.png', bytes('once'))).toBe('once.png');
    // the list of what is there, then the file itself
    s3.failures.push(503, 'cut', 'cut after');
    await storage.save({ ...request, prefix: 'lost', files: [bytes('x')] });
    expect(
      (await storage.list('output'))
        .filter(({ name }) => name.startsWith('lost'))
        .map(({ name }) => name),
    ).toEqual(['lost_00001_.txt']);
    s3.failures.push('cut', 'cut', 'cut', 'cut', 'cut');
    expect(await failure(storage.replace('temp', 'x', bytes('x')))).toMatchObject({
      code: 'DR_STORAGE',
      message: expect.stringContaining('5 attempts'),
    });
    const gone = await startS3();
    const environment = gone.environment;
    const other = await openBucketStorage(`s3://${BUCKET}`, {
      environment,
      cache: folder(),
      restMs: 1,
    });
    await gone.close();
    expect(
      await failure(other.save({ ...request, prefix: 'p', files: [bytes('x')] })),
    ).toMatchObject({
      code: 'DR_STORAGE',
      message: expect.stringContaining("can't be reached"),
      hint: expect.stringContaining('S3_ENDPOINT'),
    });
  });

  it('whose service overwrites what it must not is refused', async () => {
    s3.overwrites = true;
    expect((await failure(opened('s3://pictures/other'))).message).toContain('If-None-Match');
    s3.overwrites = false;
  });

  it('sends large files in parts, each signed; one that fails leaves nothing', async () => {
    const { environment } = s3;
    const bucket = createBucket({
      name: BUCKET,
      environment,
      restMs: 1,
      attempts: 2,
      partBytes: 5,
    });
    const content = bytes('twelve bytes');
    const part = async (at: number, length: number) => content.subarray(at, at + length);
    s3.failures.push('cut');
    expect(await bucket.putLarge('big', content.length, part, true)).toBe(true);
    expect(s3.objects.get('big')?.bytes.toString()).toBe('twelve bytes');
    expect(await bucket.putLarge('big', content.length, part, true)).toBe(false);
    const breaking = async (at: number, length: number) =>
      at > 0 ? Promise.reject(new Error('disk')) : part(at, length);
    await expect(bucket.putLarge('never', content.length, breaking, true)).rejects.toThrow('disk');
    expect(s3.objects.has('never')).toBe(false);
  });
});
