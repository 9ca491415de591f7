// The SEGS picker with the built-in nodes: what its node sends is offered by the routes.
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { node, type TestServer, testServer } from '../../../../test/support/server.ts';

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ builtIn: true });
});
afterAll(() => test.close());

/** A SEGS picker (node 4) for one segment of 16 x 16 pixels at (8, 8) of a red image. */
const graph = {
  1: node('EmptyImage', { width: 64, height: 32, batch_size: 1, color: 0xff0000 }),
  2: node('SolidMask', { value: 1, width: 16, height: 16 }),
  3: node('SolidMask', { value: 0, width: 64, height: 32 }),
  4: node('ImpactSEGSPicker', { picks: '1', segs: ['6', 0], fallback_image_opt: ['1', 0] }),
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
  7: node('SEGSPreview', {
    segs: ['4', 0],
    alpha_mode: true,
    min_alpha: 0.2,
    fallback_image_opt: ['1', 0],
  }),
};

it('a picker whose node has not run offers nothing', async () => {
  expect((await test.get('/impact/segs/picker/count?id=4')).statusCode).toBe(400);
});

it('a picker offers the segments that its node had last', async () => {
  const job = await test.post('/prompt?wait=1', { prompt: graph });
  expect(job.json()).toMatchObject({ state: 'success', error: null });
  expect((await test.get('/api/impact/segs/picker/count?id=4')).body).toBe('1');
  const view = await test.get('/impact/segs/picker/view?id=4&idx=0');
  expect(view.headers).toMatchObject({
    'content-type': 'image/png',
    'content-disposition': 'filename="40.png"',
  });
  const { data, info } = await sharp(view.rawPayload).raw().toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: 32, height: 32, channels: 3 });
  const redAt = (x: number, y: number): number => data[(y * info.width + x) * 3];
  expect({ inside: redAt(16, 16), outside: redAt(1, 30) }).toEqual({ inside: 255, outside: 76 });
});

it.each(['id=4&idx=1', 'id=4&idx=-1', 'id=other&idx=0', 'idx=0'])(
  'there is no segment for %s',
  async (query) => {
    expect((await test.get(`/impact/segs/picker/view?${query}`)).statusCode).toBe(400);
  },
);
