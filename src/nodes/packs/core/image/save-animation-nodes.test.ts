// Animations: their frames, durations and the workflow in them.
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { noise } from '../../../../../test/support/files/rewrite.ts';
import { testContext } from '../../../../../test/support/run-node.ts';
import { readImageTexts } from '../../../../image/codec/image-text.ts';
import { encodePng, readChunks } from '../../../../image/codec/png.ts';
import { toBytes } from '../../../../image/image-bytes.ts';
import { map, sliceBatch, type Tensor, tensor } from '../../../../tensor/tensor.ts';
import type { SavedFile } from '../../../context.ts';
import { NODES } from '../../../index.ts';

const randomImages = (count: number): Tensor =>
  map(tensor([count, 12, 16, 3], noise(count * 576, 3)), (value) => value + 0.5);
const texts = { prompt: '{"1": "ä fox"}', workflow: '{"nodes": []}', darkroom: '{"version": 1}' };

async function save(
  type: string,
  inputs: Record<string, unknown>,
): Promise<{ file: Buffer; ui: Record<string, readonly unknown[]> }> {
  const context = { ...testContext(), metadata: () => texts };
  const result = await NODES.get(type)!.run(
    { filename_prefix: 'a', fps: 6, ...inputs } as never,
    context,
  );
  const ui = result.ui!;
  return { file: readFileSync((ui.images[0] as SavedFile).path), ui };
}

it('SaveAnimatedWEBP saves every frame for int(1000 / fps) milliseconds', async () => {
  const images = randomImages(3);
  const { file, ui } = await save('SaveAnimatedWEBP', {
    images,
    lossless: true,
    quality: 80,
    method: 'fastest',
  });
  const { pages, pageHeight, delay, loop } = await sharp(file, { animated: true }).metadata();
  expect({ pages, pageHeight, delay, loop }).toEqual({
    pages: 3,
    pageHeight: 12,
    delay: [166, 166, 166],
    loop: 0,
  });
  expect(
    Buffer.compare(
      await sharp(file, { animated: true }).removeAlpha().raw().toBuffer(),
      Buffer.from(toBytes(images)),
    ),
  ).toBe(0);
  expect(readImageTexts(file, 'a.webp')).toMatchObject({
    prompt: '{"1": "\\u00e4 fox"}',
    workflow: '{"nodes": []}',
  });
  expect(ui.animated).toEqual([true]);
});

it('SaveAnimatedWEBP saves one image as a still image, smaller if lossy', async () => {
  const images = randomImages(1);
  const { file, ui } = await save('SaveAnimatedWEBP', {
    images,
    lossless: true,
    quality: 80,
    method: 'default',
  });
  const lossy = await save('SaveAnimatedWEBP', {
    images,
    lossless: false,
    quality: 0,
    method: 'slowest',
  });
  expect((await sharp(file).metadata()).pages ?? 1).toBe(1);
  expect(lossy.file.length).toBeLessThan(file.length);
  expect(readImageTexts(lossy.file, 'a.webp').workflow).toBe('{"nodes": []}');
  expect(ui.animated).toEqual([false]);
});

it('SaveAnimatedPNG writes a control chunk before each frame, and texts at the end', async () => {
  const images = randomImages(3);
  const { file, ui } = await save('SaveAnimatedPNG', { images, compress_level: 9 });
  const parts = [...readChunks(file)];
  expect(
    parts.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1] || type === 'comf'),
  ).toEqual([
    ...['IHDR', 'acTL'],
    ...['fcTL', 'IDAT'],
    ...['fcTL', 'fdAT'],
    ...['fcTL', 'fdAT'],
    ...['comf', 'comf', 'comf'],
    'IEND',
  ]);
  expect(parts.find(({ type }) => type === 'acTL')!.data).toEqual(
    Buffer.from([0, 0, 0, 3, 0, 0, 0, 0]),
  );
  const control = parts.filter(({ type }) => type === 'fcTL').map(({ data }) => data);
  expect(
    control.map((data) => ({
      width: data.readUInt32BE(4),
      height: data.readUInt32BE(8),
      delay: data.readUInt16BE(20),
      delayUnit: data.readUInt16BE(22),
    })),
  ).toEqual(Array(3).fill({ width: 16, height: 12, delay: 166, delayUnit: 1000 }));
  const sequenceNumbers = parts
    .filter(({ type }) => type === 'fcTL' || type === 'fdAT')
    .map(({ data }) => data.readUInt32BE(0));
  expect(sequenceNumbers).toEqual(sequenceNumbers.map((_, i) => i));
  // the last frame equals the same image in its own file
  const last = parts
    .slice(parts.findLastIndex(({ type }) => type === 'fcTL'))
    .filter(({ type }) => type === 'fdAT');
  const alone = await encodePng(
    { width: 16, height: 12, channels: 3, bytes: toBytes(sliceBatch(images, 2, 3)) },
    { level: 9 },
  );
  const rows = (data: Buffer[]): Buffer => inflateSync(Buffer.concat(data));
  const expected = [...readChunks(alone)]
    .filter(({ type }) => type === 'IDAT')
    .map(({ data }) => data);
  expect(rows(last.map(({ data }) => data.subarray(4)))).toEqual(rows(expected));
  // a reader without APNG support sees the first frame
  expect(
    Buffer.compare(
      await sharp(file).raw().toBuffer(),
      Buffer.from(toBytes(sliceBatch(images, 0, 1))),
    ),
  ).toBe(0);
  expect(readImageTexts(file, 'a.png')).toEqual({ ...texts, prompt: '{"1": "\\u00e4 fox"}' });
  expect(ui.animated).toEqual([true]);
});
