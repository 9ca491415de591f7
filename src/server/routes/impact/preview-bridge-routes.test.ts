import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testPng } from '../../../../test/support/files/images.ts';
import { type TestServer, testServer } from '../../../../test/support/server.ts';

const ID = 'a.png [output]';

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ noQueue: true });
  writeFileSync(join(test.folders.output, 'a.png'), await testPng());
  writeFileSync(join(test.root, 'secret.txt'), 'SECRET');
});
afterAll(() => test.close());

const get = (action: string, id: string) =>
  test.get(`/impact/${action}/pb_id_image?id=${encodeURIComponent(id)}`);

it('the id of an image is the name of its file', async () => {
  const query = 'node_id=1&filename=a.png&type=output&subfolder=';
  expect((await test.get(`/impact/set/pb_id_image?${query}`)).body).toBe(ID);
});

it('an id leads to the image', async () => {
  expect((await get('validate', ID)).statusCode).toBe(200);
  expect((await get('get', ID)).json()).toEqual({
    filename: 'a.png',
    type: 'output',
    subfolder: '',
  });
  expect((await get('view', ID)).headers['content-type']).toBe('image/png');
});

it('an id of a file outside of the folders is refused', async () => {
  expect((await get('view', '../secret.txt [output]')).statusCode).toBe(400);
});
