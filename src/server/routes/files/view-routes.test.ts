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

  // what aiohttp's FileResponse responds to these
  it.each([
    ['bytes=0-3', 206, 'bytes 0-3/10', '0123'],
    ['bytes=4-', 206, 'bytes 4-9/10', '456789'],
    ['bytes=-3', 206, 'bytes 7-9/10', '789'],
    ['bytes=-30', 206, 'bytes 0-9/10', '0123456789'],
    ['bytes=8-30', 206, 'bytes 8-9/10', '89'],
    ['bytes=10-', 416, 'bytes */10', ''],
    ['bytes=5-4', 416, 'bytes */10', ''],
    ['bytes=-', 416, 'bytes */10', ''],
    ['bytes=0-1,4-5', 416, 'bytes */10', ''],
    ['lines=0-1', 416, 'bytes */10', ''],
  ])('responds to the range %s with %i', async (range, status, contentRange, body) => {
    writeFileSync(join(test.folders.output, 'ten.txt'), '0123456789');
    const response = await test.get('/view?filename=ten.txt', { range });
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-range']).toBe(contentRange);
    expect(response.body).toBe(body);
    expect(response.headers['content-length']).toBe(String(body.length));
  });

  it('responds to conditions on the ETag and the date', async () => {
    const { headers } = await test.get('/view?filename=a.png');
    const etag = headers['etag'] as string;
    expect(etag).toMatch(/^"[0-9a-f]+-[0-9a-f]+"$/);
    expect(headers['accept-ranges']).toBe('bytes');
    const date = headers['last-modified'] as string;
    const old = 'Thu, 01 Jan 1970 00:00:00 GMT';
    const range = 'bytes=0-0';
    const cases: [number, Record<string, string>][] = [
      [304, { 'if-none-match': etag }],
      [304, { 'if-none-match': `"x", W/${etag}` }],
      [304, { 'if-none-match': '*' }],
      [200, { 'if-none-match': '"x"', 'if-modified-since': date }],
      [200, { 'if-modified-since': old }],
      [200, { 'if-modified-since': 'no date' }],
      [412, { 'if-match': '"x"' }],
      [200, { 'if-match': etag }],
      [412, { 'if-unmodified-since': old }],
      [200, { 'if-unmodified-since': date }],
      [206, { range, 'if-range': etag }],
      [206, { range, 'if-range': date }],
      [200, { range, 'if-range': '"x"' }],
      [200, { range, 'if-range': old }],
    ];
    for (const [status, conditions] of cases)
      expect([(await test.get('/view?filename=a.png', conditions)).statusCode, conditions]).toEqual(
        [status, conditions],
      );
  });

  it('names a download in any script', async () => {
    const name = "Füchse (1) 'ä' 漢.txt";
    writeFileSync(join(test.folders.output, name), '');
    const { headers } = await test.get(`/view?filename=${encodeURIComponent(name)}`);
    // urllib.parse.quote(name, safe="!#$&+-.^_`|~")
    expect(headers['content-disposition']).toBe(
      `filename="F_chse (1) '_' _.txt"; ` +
        "filename*=UTF-8''F%C3%BCchse%20%281%29%20%27%C3%A4%27%20%E6%BC%A2.txt",
    );
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

describe('previews of a size', () => {
  const sizeOf = async (query: string) => {
    const response = await test.get(`/view?${query}`);
    expect(response.statusCode).toBe(200);
    const { format, width, height } = await sharp(response.rawPayload).metadata();
    return { format, width, height };
  };
  const draw = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: 'black' } });

  it('are at most that long, and upright', async () => {
    const file = join(test.folders.input, 'turned.jpg');
    await draw(400, 200).withMetadata({ orientation: 6 }).jpeg().toFile(file);
    expect(await sizeOf('filename=turned.jpg&type=input&preview=webp&size=100')).toEqual({
      format: 'webp',
      width: 50,
      height: 100,
    });
  });

  it('are never larger than the image, and have limits', async () => {
    await draw(40, 20).png().toFile(join(test.folders.input, 'small.png'));
    const query = 'filename=small.png&type=input&preview=webp';
    expect(await sizeOf(`${query}&size=100`)).toMatchObject({ width: 40 });
    expect(await sizeOf(`${query}&size=0`)).toMatchObject({ width: 16 });
    expect(await sizeOf(`${query}&size=x`)).toMatchObject({ width: 40 });
  });

  it('are made of images that are too large to be decoded', async () => {
    await draw(13_000, 13_000)
      .png({ compressionLevel: 9 })
      .toFile(join(test.folders.input, 'huge.png'));
    expect(await sizeOf('filename=huge.png&type=input&preview=webp&size=256')).toMatchObject({
      width: 256,
    });
    await draw(13_000, 13_000)
      .png({ progressive: true })
      .toFile(join(test.folders.input, 'laced.png'));
    const laced = await test.get('/view?filename=laced.png&type=input&preview=webp&size=256');
    expect(laced.statusCode).toBe(400);
  });
});

describe('images that sharp does not read, or that are damaged', () => {
  const ppm = Buffer.concat([Buffer.from('P6 2 1 255\n'), Buffer.from([9, 8, 7, 1, 2, 3])]);

  it('are encoded anew', async () => {
    writeFileSync(join(test.folders.output, 'a.ppm'), ppm);
    const response = await test.get('/view?filename=a.ppm&channel=rgb');
    expect(response.statusCode).toBe(200);
    expect([...(await sharp(response.rawPayload).raw().toBuffer())]).toEqual([9, 8, 7, 1, 2, 3]);
    const { headers } = await test.get('/view?filename=a.ppm');
    expect(headers['content-type']).toBe('image/x-portable-pixmap');
  });

  it('are shown as far as they can be decoded', async () => {
    const jpeg = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
      .jpeg()
      .toBuffer();
    writeFileSync(join(test.folders.output, 'cut.jpg'), jpeg.subarray(0, -2));
    writeFileSync(join(test.folders.output, 'cut.png'), (await testPng()).subarray(0, -16));
    for (const name of ['cut.jpg', 'cut.png'])
      expect((await test.get(`/view?filename=${name}&preview=webp`)).statusCode, name).toBe(200);
  });

  it('are refused when they have too many pixels', async () => {
    writeFileSync(join(test.folders.output, 'huge.ppm'), 'P6 60000 60000 255\n');
    const response = await test.get('/view?filename=huge.ppm&preview=webp');
    expect(response.statusCode).toBe(400);
    expect(response.body).toContain('huge.ppm has 60000 × 60000 pixels');
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
