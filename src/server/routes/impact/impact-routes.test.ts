// What the Impact Pack adds to the server, with its own nodes: the SEGS picker.
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { node, type TestServer, testServer } from '../../../../test/support/server.ts';

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ builtIn: true });
});
afterAll(() => test.close());
const get = (url: string) =>
  test.server.app.inject({ method: 'GET', url, headers: { host: 'localhost' } });

it('a SEGS picker shows the parts that it last had, each dark outside of its mask', async () => {
  expect((await get('/impact/segs/picker/count?id=4')).statusCode).toBe(400);
  const prompt = {
    1: node('EmptyImage', { width: 64, height: 32, batch_size: 1, color: 0xff0000 }),
    2: node('SolidMask', { value: 1, width: 16, height: 16 }),
    3: node('SolidMask', { value: 0, width: 64, height: 32 }),
    5: node('MaskComposite', {
      destination: ['3', 0],
      source: ['2', 0],
      x: 8,
      y: 8,
      operation: 'add',
    }),
    6: node('MaskToSEGS', {
      mask: ['5', 0],
      combined: false,
      crop_factor: 2,
      bbox_fill: false,
      drop_size: 1,
      contour_fill: false,
    }),
    4: node('ImpactSEGSPicker', { picks: '1', segs: ['6', 0], fallback_image_opt: ['1', 0] }),
    7: node('SEGSPreview', {
      segs: ['4', 0],
      alpha_mode: true,
      min_alpha: 0.2,
      fallback_image_opt: ['1', 0],
    }),
  };
  const answer = await test.server.app.inject({
    method: 'POST',
    url: '/prompt?wait=1',
    headers: { host: 'localhost' },
    payload: JSON.stringify({ prompt }),
  });
  expect([answer.statusCode, answer.json().error]).toEqual([200, null]);
  expect((await get('/api/impact/segs/picker/count?id=4')).body).toBe('1');
  const view = await get('/impact/segs/picker/view?id=4&idx=0');
  expect([view.headers['content-type'], view.headers['content-disposition']]).toEqual([
    'image/png',
    'filename="40.png"',
  ]);
  const { data, info } = await sharp(view.rawPayload).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([32, 32, 3]);
  const red = (x: number, y: number): number => data[(y * info.width + x) * 3];
  expect([red(16, 16), red(1, 30)]).toEqual([255, 76]);
  for (const url of ['id=4&idx=1', 'id=4&idx=-1', 'id=other&idx=0', 'idx=0'])
    expect((await get(`/impact/segs/picker/view?${url}`)).statusCode, url).toBe(400);
});

it('the SAM editor says what to use instead', async () => {
  for (const what of ['prepare', 'release', 'detect']) {
    const answer = await test.server.app.inject({
      method: 'POST',
      url: `/sam/${what}`,
      headers: { host: 'localhost' },
      payload: '{}',
    });
    expect([answer.statusCode, answer.json().error.details]).toEqual([
      501,
      expect.stringContaining('SAMDetectorCombined'),
    ]);
  }
});
