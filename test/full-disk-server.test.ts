// A full or read-only disk under a server: requests that save a file say what is wrong, and leave
// what was saved before.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFolderStorage } from '../src/storage/folder-storage.ts';
import { testPng } from './support/files/images.ts';
import { type SmallDisk, smallDisk } from './support/files/small-disk.ts';
import { type TestServer, testServer } from './support/server.ts';

const probe = smallDisk(1);
probe?.remove();

type Send = (test: TestServer) => ReturnType<TestServer['post']>;

const upload = async (test: TestServer, fields: Record<string, string> = {}) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('image', new Blob([Buffer.from(await testPng())]), 'x.png');
  return test.server.app.inject({ method: 'POST', url: '/upload/image', payload: form });
};

/** What is sent, and the option that names another folder. */
const REQUESTS: readonly (readonly [string, Send, string])[] = [
  ['POST /userdata', (test) => test.post('/userdata/new.json', '{}'), '--user-directory'],
  [
    'POST /userdata in a new folder',
    (test) => test.post('/userdata/deep%2Fer%2Fnew.json', '{}'),
    '--user-directory',
  ],
  ['POST /settings', (test) => test.post('/settings', { a: 2 }), '--user-directory'],
  ['POST /settings/a', (test) => test.post('/settings/a', '2'), '--user-directory'],
  ['POST /upload/image', (test) => upload(test), '--input'],
  ['POST /upload/image with overwrite', (test) => upload(test, { overwrite: 'true' }), '--input'],
];

describe.skipIf(!probe)('a disk that nothing can be written to', () => {
  let disk: SmallDisk;
  let test: TestServer;
  beforeEach(async () => {
    disk = smallDisk(2)!;
    const folders = {
      input: join(disk.path, 'input'),
      output: join(disk.path, 'output'),
      temp: join(disk.path, 'temp'),
    };
    for (const folder of Object.values(folders)) mkdirSync(folder);
    test = await testServer({
      noQueue: true,
      storage: createFolderStorage(folders),
      user: join(disk.path, 'user'),
    });
    await test.post('/userdata/old.json', '{"old": 1}');
    await test.post('/settings', { a: 1 });
  });
  afterEach(async () => {
    await test.close();
    disk.remove();
  });

  const expectOldFiles = async (): Promise<void> => {
    const files = readdirSync(join(disk.path, 'user', 'default'), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
    expect(files.sort()).toEqual(['comfy.settings.json', 'old.json']);
    expect(readFileSync(join(disk.path, 'user/default/old.json'), 'utf8')).toBe('{"old": 1}');
    expect((await test.get('/settings')).json()).toEqual({ a: 1 });
  };

  it.each(REQUESTS)('%s on a full disk', async (_, send, option) => {
    await disk.fill(0);
    const { statusCode, body } = await send(test);
    expect({ statusCode, body }).toEqual({
      statusCode: 507,
      body: expect.stringMatching(
        new RegExp(
          `nothing can be saved in ${disk.path}.*ENOSPC.*` +
            `The disk is full \\(0 kB free\\); free space, or name another folder with ${option}`,
        ),
      ),
    });
    await expectOldFiles();
  });

  /** They need no space. */
  const CHANGES: typeof REQUESTS = [
    [
      'POST /userdata/…/move',
      (test) => test.post('/userdata/old.json/move/deep%2Fer%2Fnew.json'),
      '--user-directory',
    ],
    [
      'DELETE /userdata/…',
      (test) => test.server.app.inject({ method: 'DELETE', url: '/userdata/old.json' }),
      '--user-directory',
    ],
  ];

  it.each([...REQUESTS, ...CHANGES])('%s on a read-only disk', async (_, send, option) => {
    execFileSync('mount', ['-o', 'remount,ro', disk.path]);
    const { statusCode, body } = await send(test);
    expect({ statusCode, body }).toEqual({
      statusCode: 507,
      body: expect.stringMatching(
        new RegExp(
          `nothing can be saved in ${disk.path}.*EROFS.*` +
            `The disk is read-only; name another folder with ${option}`,
        ),
      ),
    });
    await expectOldFiles();
  });

  it('still refuses invalid names with 400', async () => {
    expect((await test.post('/userdata/old.json%2Fnew.json', '{}')).statusCode).toBe(400);
    expect((await test.post(`/userdata/${'x'.repeat(300)}.json`, '{}')).statusCode).toBe(400);
  });
});
