import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPng } from '../../../../test/support/files/images.ts';
import { type TestServer, testServer } from '../../../../test/support/server.ts';
import { readImageTexts } from '../../../image/codec/image-text.ts';

interface TestFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ noQueue: true });
});
afterAll(() => test.close());

const upload = (url: string, fields: Record<string, string>, file?: TestFile) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (file) form.append('image', new Blob([Buffer.from(file.bytes)]), file.name);
  return test.server.app.inject({ method: 'POST', url, payload: form });
};

describe('/upload/image', () => {
  const save = async (file: TestFile, fields: Record<string, string> = {}) =>
    (await upload('/upload/image', fields, file)).json();

  it('saves a file, once for the same content', async () => {
    const file = { name: 'same.png', bytes: await testPng({ alpha: 1 }) };
    const saved = { name: 'same.png', subfolder: '', type: 'input' };
    expect(await save(file)).toEqual(saved);
    expect(await save(file)).toEqual(saved);
  });

  it('saves another file of the same name under a free name', async () => {
    const first = { name: 'x.png', bytes: await testPng({ alpha: 1 }) };
    const second = { name: 'x.png', bytes: await testPng({ alpha: 2 }) };
    await save(first);
    expect((await save(second)).name).toBe('x (1).png');
    expect((await save(second)).name).toBe('x (1).png');
  });

  it('overwrites a file with overwrite=true', async () => {
    const second = { name: 'over.png', bytes: await testPng({ alpha: 2 }) };
    await save({ name: 'over.png', bytes: await testPng({ alpha: 1 }) });
    expect((await save(second, { overwrite: 'true' })).name).toBe('over.png');
    expect(readFileSync(join(test.folders.input, 'over.png'))).toEqual(second.bytes);
  });

  it('saves into a subfolder of another folder', async () => {
    const file = { name: 'x.png', bytes: await testPng() };
    const fields = { subfolder: 'deep/er', type: 'temp' };
    expect(await save(file, fields)).toEqual({ name: 'x.png', ...fields });
    expect(existsSync(join(test.folders.temp, 'deep', 'er', 'x.png'))).toBe(true);
  });

  it.each<Record<string, string>>([
    { subfolder: '../..' },
    { subfolder: '/tmp' },
    { type: 'models' },
  ])('refuses %o', async (fields) => {
    const file = { name: 'x.png', bytes: await testPng() };
    expect((await upload('/upload/image', fields, file)).statusCode).toBe(400);
  });

  it('refuses a form without a file, and a body that is not a form', async () => {
    expect((await upload('/upload/image', {})).statusCode).toBe(400);
    expect((await test.post('/upload/image', {})).statusCode).toBe(400);
  });

  it('writes no file outside of the folder', async () => {
    await upload('/upload/image', {}, { name: '../../../escaped.png', bytes: await testPng() });
    expect(existsSync(join(test.root, 'escaped.png'))).toBe(false);
  });
});

describe('/upload/mask', () => {
  let mask: TestFile;
  beforeAll(async () => {
    mask = { name: 'mask.png', bytes: await testPng({ alpha: 7 }) };
    const original = await testPng({ texts: { prompt: '{"1": 2}' } });
    writeFileSync(join(test.folders.input, 'original.png'), original);
  });
  const uploadMask = (original: unknown) =>
    upload('/upload/mask', { original_ref: JSON.stringify(original) }, mask);

  it('saves the original with the alpha of the mask; its texts stay', async () => {
    const response = await uploadMask({ filename: 'original.png', type: 'input' });
    expect(response.json()).toEqual({ name: 'mask.png', subfolder: '', type: 'input' });
    const saved = readFileSync(join(test.folders.input, 'mask.png'));
    expect(readImageTexts(saved, 'mask.png')).toEqual({ prompt: '{"1": 2}' });
    expect([...(await sharp(saved).raw().toBuffer()).subarray(0, 4)]).toEqual([20, 60, 100, 7]);
  });

  it.each([
    5,
    {},
    { filename: '../secret.txt' },
    { filename: 'none.png' },
    { filename: '/etc/passwd' },
  ])('refuses the original %j', async (original) => {
    expect((await uploadMask(original)).statusCode).toBe(400);
  });

  it('turns the original as its EXIF says, where the request wants that', async () => {
    const draw = (width: number, height: number, background: object | string) =>
      sharp({ create: { width, height, channels: 4, background } });
    const photo = await draw(30, 20, 'red').withMetadata({ orientation: 6 }).jpeg().toBuffer();
    writeFileSync(join(test.folders.input, 'turned.jpg'), photo);
    const upright = await draw(20, 30, { r: 0, g: 0, b: 0, alpha: 1 }).png().toBuffer();
    const save = (fields: Record<string, string>) => {
      const original = JSON.stringify({ filename: 'turned.jpg', type: 'input' });
      const file = { name: 'turned-mask.png', bytes: upright };
      return upload('/upload/mask', { original_ref: original, ...fields }, file);
    };
    expect((await save({})).statusCode).toBe(400);
    expect((await save({ upright: 'true' })).statusCode).toBe(200);
    const saved = readFileSync(join(test.folders.input, 'turned-mask.png'));
    expect(await sharp(saved).metadata()).toMatchObject({ width: 20, height: 30 });
  });

  it('refuses a mask with too many pixels', async () => {
    const create = { width: 8193, height: 8192, channels: 3, background: 'black' } as const;
    const bytes = await sharp({ create }).png({ compressionLevel: 9 }).toBuffer();
    const original = JSON.stringify({ filename: 'original.png', type: 'input' });
    const file = { name: 'large.png', bytes };
    const response = await upload('/upload/mask', { original_ref: original }, file);
    expect(response.statusCode).toBe(400);
    expect(response.body).toContain('8193 × 8192 pixels');
  });

  it('refuses an original outside of its folder', async () => {
    const original = { filename: 'original.png', type: 'input', subfolder: '../..' };
    expect((await uploadMask(original)).statusCode).toBe(403);
  });
});

it('bodies above the limit are refused', async () => {
  const small = await testServer({ noQueue: true, maxUploadBytes: 5000, maxJsonBytes: 5000 });
  try {
    const form = new FormData();
    form.append('image', new Blob([Buffer.alloc(20_000)]), 'large.bin');
    const { app } = small.server;
    const response = await app.inject({ method: 'POST', url: '/upload/image', payload: form });
    expect(response.statusCode).toBe(413);
    expect(existsSync(join(small.folders.input, 'large.bin'))).toBe(false);
    expect((await small.post('/prompt', 'x'.repeat(6000))).statusCode).toBe(413);
    expect((await small.get('/features')).json().max_upload_size).toBe(5000);
  } finally {
    await small.close();
  }
});
