// What is removed from temp folders, what stays, and what other servers that use them are spared.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BUCKET, startS3, type TestS3 } from '../../test/support/files/s3.ts';
import { openBucketStorage } from './bucket/bucket-storage.ts';
import {
  holdTempFolder,
  startTempCleaning,
  type TempCleaning,
  type TempCleaningOptions,
} from './clean-temp.ts';
import { createFolderStorage } from './folder-storage.ts';
import type { Storage } from './storage.ts';
import { TEMP_MARKER } from './temp-lock.ts';

const HOUR_MS = 3600 * 1000;
let root: string;
let temp: string;
let storage: Storage;
let started: TempCleaning[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-temp-'));
  temp = join(root, 'temp');
  storage = createFolderStorage({ input: join(root, 'input'), output: join(root, 'output'), temp });
  started = [];
});
afterEach(() => {
  for (const cleaning of started) cleaning.stop();
});

const write = (name: string, ageMs = 0, bytes = 1): void => {
  const path = join(temp, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.alloc(bytes));
  const time = new Date(Date.now() - ageMs);
  utimesSync(path, time, time);
};
const names = async (): Promise<string[]> =>
  (await storage.temp.list())
    .map(({ name }) => name)
    .filter((name) => name !== TEMP_MARKER)
    .sort();
const start = async (options: Partial<TempCleaningOptions> = {}): Promise<TempCleaning> => {
  const cleaning = await startTempCleaning(storage, { jobs: async () => [], ...options });
  started.push(cleaning);
  return cleaning;
};
/** A server that ran and ended. */
const earlierRun = async (): Promise<void> => (await start()).stop();

describe('the start of a server', () => {
  it('empties the temp folder of earlier runs', async () => {
    await earlierRun();
    write('ComfyUI_temp_abcde_00001_.png');
    write('PreviewBridge/PB-1_00001_.png');
    write('deep/er/upload.png');
    await start();
    expect(readdirSync(temp)).toEqual([TEMP_MARKER]);
  });

  it('keeps the files that waiting jobs read', async () => {
    await earlierRun();
    write('a.png');
    write('sub/b é.png');
    write('c.png');
    const jobs = [
      '{"1": {"image": "a.png [temp]"}}',
      '[["sub\\\\b \\u00e9.png [temp]"], 1.0, NaN]',
    ];
    await start({ jobs: async () => jobs });
    expect(await names()).toEqual(['a.png', 'sub/b é.png']);
  });

  it('leaves the folder of a server that runs, and then empties it', async () => {
    const other = await start();
    write('a.png');
    const second = await start();
    expect(await names()).toEqual(['a.png']);
    other.stop();
    const third = await start();
    expect(await names()).toEqual(['a.png']);
    second.stop();
    third.stop();
    await start();
    expect(await names()).toEqual([]);
  });

  it('leaves the folder of an engine that runs', async () => {
    await earlierRun();
    write('a.png');
    await holdTempFolder(temp);
    await start();
    expect(await names()).toEqual(['a.png']);
  });

  it('removes nothing but old previews where there were other files before', async () => {
    write('holiday.png', 9 * HOUR_MS);
    write('ComfyUI_00001_.png', 2 * HOUR_MS);
    write('ComfyUI_temp_abcde_00001_.png', 2 * HOUR_MS);
    write('ComfyUI_temp_abcde_00002_.png');
    await earlierRun();
    const left = ['ComfyUI_00001_.png', 'ComfyUI_temp_abcde_00002_.png', 'holiday.png'];
    expect(await names()).toEqual(left);
    await start();
    expect(await names()).toEqual(left);
  });

  it('never empties a folder that contains others', async () => {
    const otherFolders = [join(temp, 'models')];
    (await start({ otherFolders })).stop();
    write('models/a.safetensors', 0);
    await start({ otherFolders });
    expect(await names()).toEqual(['models/a.safetensors']);
  });

  it('does not follow links', async () => {
    await earlierRun();
    mkdirSync(join(root, 'precious'));
    writeFileSync(join(root, 'precious', 'a.png'), '');
    symlinkSync(join(root, 'precious'), join(temp, 'link'));
    await start();
    expect(await names()).toEqual([]);
    expect(existsSync(join(root, 'precious', 'a.png'))).toBe(true);
  });

  it('goes on with a temp folder that cannot be created', async () => {
    writeFileSync(temp, 'a file');
    const problems: string[] = [];
    await start({ onProblem: (message) => problems.push(message) });
    expect(problems).toEqual([`temporary files in ${temp} could not be removed`]);
  });
});

describe('a server that runs', () => {
  it('removes what is old', async () => {
    const { clean } = await start();
    write('old.png', 25 * HOUR_MS);
    write('new.png', 23 * HOUR_MS);
    await clean();
    expect(await names()).toEqual(['new.png']);
  });

  it('removes the oldest files over the limit, but none that a job reads', async () => {
    const { clean } = await start({
      limits: { bytes: 250 },
      jobs: async () => ['["a.png [temp]"]'],
    });
    for (const [i, name] of ['d', 'c', 'b', 'a'].entries()) write(`${name}.png`, i * 1000, 100);
    await clean();
    expect(await names()).toEqual(['a.png', 'c.png', 'd.png']);
  });
});

describe('a bucket', () => {
  let s3: TestS3;
  beforeAll(async () => {
    s3 = await startS3();
  });
  afterAll(() => s3.close());

  it('loses its old temporary files, as other servers may use it', async () => {
    storage = await openBucketStorage(`s3://${BUCKET}/p`, {
      cache: join(root, 'cache'),
      environment: s3.environment,
    });
    for (const name of ['old.png', 'sub/old.png', 'new.png'])
      await storage.replace('temp', name, Buffer.from(name));
    await storage.replace('output', 'old.png', Buffer.from('x'));
    for (const [key, object] of s3.objects)
      if (key.includes('old'))
        s3.objects.set(key, { ...object, modified: new Date(Date.now() - 25 * HOUR_MS) });
    await start();
    expect(await names()).toEqual(['new.png']);
    expect(await storage.find('output', 'old.png')).toBeDefined();
  });
});
