import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPng } from '../../../../test/support/files/images.ts';
import { type TestServer, testServer } from '../../../../test/support/server.ts';

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ noQueue: true });
  mkdirSync(join(test.folders.output, 'sub'));
  writeFileSync(join(test.folders.output, 'a.png'), await testPng({ alpha: 100 }));
  writeFileSync(join(test.folders.output, 'sub', 'b.png'), await testPng());
  writeFileSync(join(test.folders.input, 'page.html'), '<script>alert(1)</script>');
  writeFileSync(join(test.folders.input, 'text.txt'), 'not an image');
  writeFileSync(join(test.root, 'secret.txt'), 'SECRET');
});
afterAll(() => test.close());

describe('/view', () => {
  it('sends a file of the output folder', async () => {
    const response = await test.get('/view?filename=a.png');
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'image/png',
      'content-disposition': 'filename="a.png"',
    });
    expect(response.rawPayload).toEqual(readFileSync(join(test.folders.output, 'a.png')));
  });

  it.each([
    '/api/view?filename=b.png&subfolder=sub&type=output',
    `/view?filename=${encodeURIComponent('page.html [input]')}`,
  ])('finds %s', async (url) => {
    expect((await test.get(url)).statusCode).toBe(200);
  });

  it('responds to HEAD', async () => {
    const { app } = test.server;
    const response = await app.inject({ method: 'HEAD', url: '/view?filename=a.png' });
    expect(response.statusCode).toBe(200);
    const { length } = readFileSync(join(test.folders.output, 'a.png'));
    expect(response.headers['content-length']).toBe(String(length));
    expect(response.body).toBe('');
  });

  it('responds with 304 to a client that has the file', async () => {
    const { headers } = await test.get('/view?filename=a.png');
    const since = { 'if-modified-since': headers['last-modified'] as string };
    expect((await test.get('/view?filename=a.png', since)).statusCode).toBe(304);
  });

  it('sends HTML as a download', async () => {
    const { headers } = await test.get('/view?filename=page.html&type=input');
    expect(headers['content-type']).toBe('application/octet-stream');
  });

  it.each([
    ['preview=webp', { format: 'webp' }],
    ['preview=jpeg;50', { format: 'jpeg', channels: 3 }],
    ['preview=jpeg&channel=a', { format: 'webp', channels: 4 }],
    ['channel=rgb', { format: 'png', channels: 3 }],
  ])('encodes an image anew for %s', async (query, metadata) => {
    const response = await test.get(`/view?filename=a.png&${query}`);
    expect(response.statusCode).toBe(200);
    expect(await sharp(response.rawPayload).metadata()).toMatchObject(metadata);
  });

  it('sends the alpha on black for channel=a', async () => {
    const response = await test.get('/view?filename=a.png&channel=a');
    const pixels = await sharp(response.rawPayload).raw().toBuffer();
    expect([...pixels.subarray(0, 4)]).toEqual([0, 0, 0, 100]);
  });

  it.each([
    ['/view', 404],
    ['/view?filename=', 400],
    ['/view?filename=none.png', 404],
    ['/view?filename=../secret.txt', 400],
    ['/view?filename=/etc/passwd', 400],
    ['/view?filename=secret.txt&subfolder=..', 403],
    ['/view?filename=passwd&subfolder=/etc', 403],
    ['/view?filename=a.png&type=elsewhere', 400],
    ['/view?filename=a.png%00', 400],
    ['/view?filename=sub', 404],
    ['/view?filename=text.txt&type=input&preview=webp', 400],
  ])('refuses %s with %i', async (url, status) => {
    expect((await test.get(url)).statusCode).toBe(status);
  });
});

describe('large images', () => {
  const largest = { width: 8192, height: 8192 };
  const create = async (name: string, size: { width: number; height: number }) => {
    const image = sharp({ create: { ...size, channels: 3, background: 'black' } });
    await image.png({ compressionLevel: 9 }).toFile(join(test.folders.output, name));
  };

  it('are sent as they are, but not decoded', async () => {
    await create('large.png', { ...largest, width: 8193 });
    for (const query of ['preview=webp', 'preview=jpeg;80', 'channel=rgb', 'channel=a']) {
      const response = await test.get(`/view?filename=large.png&${query}`);
      expect(response.statusCode).toBe(400);
      expect(response.body).toBe(
        'large.png has 8193 × 8192 pixels, more than 67108864, and is not decoded. ' +
          'Request the file itself.',
      );
    }
    expect((await test.get('/view?filename=large.png')).statusCode).toBe(200);
  });

  it('are decoded up to the limit', async () => {
    await create('largest.png', { width: 8192 * 64, height: 128 });
    expect((await test.get('/view?filename=largest.png&channel=rgb')).statusCode).toBe(200);
  });
});

it('/view draws no SVG', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>';
  writeFileSync(join(test.folders.output, 'a.svg'), svg);
  expect((await test.get('/view?filename=a.svg&preview=webp')).statusCode).toBe(400);
});

it('/view/validate reports whether a file of the input folder exists', async () => {
  const existing = await test.get('/view/validate?filename=text.txt&subfolder=');
  expect(existing.statusCode).toBe(200);
  expect((await test.get('/view/validate?filename=none&subfolder=')).statusCode).toBe(400);
});
