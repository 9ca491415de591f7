import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../../test/support/server.ts';

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ noQueue: true });
});
afterAll(() => test.close());

it('/system_stats reports the ComfyUI version and one device', async () => {
  const { system, devices } = (await test.get('/system_stats')).json();
  expect(system).toMatchObject({ os: 'posix', comfyui_version: '0.33.0' });
  expect(devices).toHaveLength(1);
});

it('/features reports the upload limit of 100 MiB', async () => {
  expect((await test.get('/features')).json()).toEqual({
    supports_preview_metadata: true,
    max_upload_size: 104857600,
  });
});
