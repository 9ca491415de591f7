import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../../test/support/server.ts';

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ noQueue: true });
});
afterAll(() => test.close());

it('/internal/logs returns the log as one text, /internal/logs/raw as entries', async () => {
  await test.get('/features');
  expect(typeof (await test.get('/internal/logs')).json()).toBe('string');
  expect((await test.get('/internal/logs/raw')).json().entries.length).toBeGreaterThan(0);
});

describe('/internal/folder_paths', () => {
  it('lists the folders of the kinds', async () => {
    expect((await test.get('/internal/folder_paths')).json().vae).toEqual([
      join(test.folders.models[0], 'vae'),
    ]);
  });

  it('is not under /api', async () => {
    expect((await test.get('/api/internal/folder_paths')).statusCode).toBe(404);
  });
});

describe('/internal/files', () => {
  it('lists the newest files first', async () => {
    writeFileSync(join(test.folders.temp, 'old.png'), '');
    utimesSync(join(test.folders.temp, 'old.png'), 1, 1);
    writeFileSync(join(test.folders.temp, 'new.png'), '');
    expect((await test.get('/internal/files/temp')).json()).toEqual(['new.png', 'old.png']);
  });

  it('refuses other folders', async () => {
    expect((await test.get('/internal/files/models')).json()).toEqual({
      error: 'Invalid directory type',
    });
  });
});
