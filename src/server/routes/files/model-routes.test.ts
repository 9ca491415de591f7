import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPng } from '../../../../test/support/files/images.ts';
import { type TestServer, testServer } from '../../../../test/support/server.ts';

let test: TestServer;
let checkpoints: string;
beforeAll(async () => {
  test = await testServer({ noQueue: true });
  checkpoints = join(test.folders.models[0], 'checkpoints');
  const header = Buffer.from(JSON.stringify({ __metadata__: { title: 'T' } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(join(checkpoints, 'm.safetensors'), Buffer.concat([length, header]));
  writeFileSync(join(checkpoints, 'broken.safetensors'), 'x');
  writeFileSync(join(test.folders.output, 'a.png'), await testPng());
});
afterAll(() => test.close());

describe('/models', () => {
  it('lists the kinds', async () => {
    expect((await test.get('/models')).json()).toContain('upscale_models');
  });

  it.each([
    ['checkpoints', ['broken.safetensors', 'm.safetensors']],
    ['clip', []],
  ])('lists the files of %s', async (kind, files) => {
    expect((await test.get(`/models/${kind}`)).json()).toEqual(files);
  });

  it('responds with 404 to other kinds', async () => {
    expect((await test.get('/models/none')).statusCode).toBe(404);
    expect((await test.get('/experiment/models/none')).statusCode).toBe(404);
  });
});

describe('/experiment/models', () => {
  it('lists kinds with their folders, except kinds that have no models', async () => {
    const kinds = (await test.get('/experiment/models')).json();
    expect(kinds[0]).toEqual({ name: 'checkpoints', folders: [checkpoints] });
    expect(kinds.map(({ name }: { name: string }) => name)).not.toContain('configs');
  });

  it('lists files with size and dates', async () => {
    expect((await test.get('/experiment/models/checkpoints')).json()[1]).toEqual({
      name: 'm.safetensors',
      pathIndex: 0,
      size: expect.any(Number),
      modified: expect.any(Number),
      created: expect.any(Number),
    });
  });

  it('shows the image beside a model', async () => {
    const url = '/experiment/models/preview/checkpoints/0/m.safetensors';
    expect((await test.get(url)).statusCode).toBe(404);
    writeFileSync(join(checkpoints, 'm.preview.png'), await testPng());
    expect((await test.get(url)).headers['content-type']).toBe('image/webp');
  });

  it('shows no image outside of the folder', async () => {
    const url = '/experiment/models/preview/checkpoints/0/..%2F..%2Foutput%2Fa.png';
    expect((await test.get(url)).statusCode).toBe(404);
  });
});

describe('/view_metadata', () => {
  it('returns the metadata of a safetensors file', async () => {
    const response = await test.get('/view_metadata/checkpoints?filename=m.safetensors');
    expect(response.json()).toEqual({ title: 'T' });
  });

  it.each([
    'checkpoints',
    'checkpoints?filename=broken.safetensors',
    'checkpoints?filename=m.ckpt',
    'none?filename=m.safetensors',
  ])('has nothing for %s', async (path) => {
    expect((await test.get(`/view_metadata/${path}`)).statusCode).toBe(404);
  });
});
