// A tiny Segment Anything model with random weights, compared with segment_anything and the Impact
// Pack (test/golden/sam/make.py).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  expectExact,
  expectGolden,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { fromBytes } from '../../image/image-bytes.ts';
import { loadSam, type Sam } from '../../models/sam/load.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Seg, Segs } from '../segs.ts';
import { type SamOptions, samMasks } from './sam-masks.ts';

const g = golden('sam', 'cases');
const runtime = createRuntime();
let folder = '';
let sam: Sam;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'darkroom-sam-'));
  const file = join(
    dirname(fileURLToPath(import.meta.url)),
    '../../../test/golden/sam/tiny_sam.safetensors.gz',
  );
  writeFileSync(join(folder, 'sam.safetensors'), gunzipSync(readFileSync(file)));
  sam = await loadSam(join(folder, 'sam.safetensors'), runtime);
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true, force: true });
});

const images = new Map<string, Tensor>();

/** The image that make.py draws. */
function imageOf(width: number, height: number): Tensor {
  const cached = images.get(`${width}x${height}`);
  if (cached) return cached;
  const bytes = new Uint8Array(width * height * 3);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i += 3) {
      bytes[i] = x * 7 + y * 3;
      bytes[i + 1] = Math.floor((x * x) / 9) + y;
      bytes[i + 2] = Math.floor(x / 13) * 31 + Math.floor(y / 11) * 57;
    }
  const image = fromBytes(bytes, [1, height, width, 3]);
  images.set(`${width}x${height}`, image);
  return image;
}

const BOXES = [
  [10, 12, 30, 40],
  [33, 20, 39, 60],
] as const;

/** The SEGS that make.py makes: boxes with ellipses. */
const segsOf = (width: number, height: number): Segs => ({
  width,
  height,
  segs: BOXES.map(([x1, y1, x2, y2]): Seg => {
    const [h, w] = [y2 - y1 + 12, x2 - x1 + 12];
    const distance = (i: number): number =>
      ((i % w) - w / 2) ** 2 / w ** 2 + (Math.floor(i / w) - h / 2) ** 2 / h ** 2;
    const data = Float32Array.from({ length: h * w }, (_, i) => (distance(i) < 0.16 ? 1 : 0));
    return {
      croppedMask: { shape: [h, w], data },
      confidence: 1,
      cropRegion: [x1 - 4, y1 - 4, x2 + 8, y2 + 8],
      bbox: [x1, y1, x2, y2],
      label: '',
    };
  }),
});

it('predicts the features, masks and scores of segment_anything', async () => {
  for (const [width, height] of [
    [150, 101],
    [64, 90],
  ]) {
    const image = imageOf(width, height);
    const name = `${width}x${height}`;
    expectGolden(g, name, `${name}.features`, (await sam.features(image)).data);
    const points = [
      [40.5, 30],
      [20, 60],
    ] as const;
    const { masks, scores } = await sam.predictLogits(image, {
      points,
      labels: [1, 0],
      box: [10, 12, 55, 70],
    });
    expectGolden(g, name, `${name}.low`, masks);
    expectGolden(g, name, `${name}.scores`, scores);
  }
});

it('predicts the masks of SEGS with every hint', async () => {
  const cases = g.cases as unknown as GoldenCase['params'][];
  expect(cases.length).toBe(27);
  for (const { name, width, height, options: values } of cases) {
    const [hint, dilation, threshold, bboxExpansion, maskHintThreshold, negative] = values;
    const options: SamOptions = {
      hint,
      dilation,
      threshold,
      bboxExpansion,
      maskHintThreshold,
      negative,
    };
    const { combined, batch } = await samMasks(
      sam,
      segsOf(width, height),
      imageOf(width, height),
      options,
    );
    expectExact(g, name, `${name}.combined`, combined.data);
    expectExact(g, name, `${name}.batch`, batch!.data);
  }
});

it('throws for a file of another model', async () => {
  const other = join(
    dirname(fileURLToPath(import.meta.url)),
    '../../../test/fixtures/tiny_vae.safetensors.gz',
  );
  writeFileSync(join(folder, 'vae.safetensors'), gunzipSync(readFileSync(other)));
  await expect(loadSam(join(folder, 'vae.safetensors'), runtime)).rejects.toThrow(
    'is not a Segment Anything model',
  );
});
