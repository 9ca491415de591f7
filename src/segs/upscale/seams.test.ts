// SEGSUpscaler over tiles with a fixture model: no seams where tiles meet, and no memory leaks.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, it } from 'vitest';
import { fixtureModel, golden } from '../../../test/support/golden.ts';
import { RULES } from '../../../test/support/rules.ts';
import { conditioningOf, fixtureModels } from '../../../test/support/sampling.ts';
import { loadCheckpoint } from '../../models/checkpoint/load.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { makeTileSegs } from '../make/tile-segs.ts';
import type { Segs } from '../segs.ts';
import { enlargeImage, resampleSegs, type SegsUpscaleSettings } from './segs-upscale.ts';

const models = fixtureModels();
const runtime = createRuntime({ threads: 1 });
afterAll(async () => {
  await models.close();
  await runtime.close();
});

/** Smooth waves of colour without edges. */
const waves = (width: number, height: number): Tensor => ({
  shape: [1, height, width, 3],
  data: Float32Array.from({ length: width * height * 3 }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 0.5 + 0.3 * Math.sin(x / 17 + c) * Math.cos(y / 13 - c);
  }),
});

async function settings(steps: number): Promise<SegsUpscaleSettings> {
  const g = golden('seeds', 'segs_upscaler');
  const { vae } = await loadCheckpoint(fixtureModel('tiny_sd1'), runtime);
  return {
    rules: RULES,
    sampler: {
      model: await models.model('sd1'),
      seed: 5n,
      steps,
      cfg: 3,
      samplerName: 'euler',
      scheduler: 'normal',
      denoise: 0.6,
      positive: conditioningOf(g, 'sp'),
      negative: conditioningOf(g, 'sn'),
    },
    vae: vae!,
    feather: 0,
    noiseMaskFeather: 0,
    inpaintModel: false,
  };
}

/**
 * The mean difference of neighbouring pixels at the columns and rows `borders`, divided by that of
 * all others.
 */
function seam({ shape, data }: Tensor, borders: ReadonlySet<number>): number {
  const [, height, width] = shape;
  const sums = { border: 0, inside: 0 };
  const counts = { border: 0, inside: 0 };
  const add = (position: number, a: number, b: number): void => {
    const kind = borders.has(position) ? 'border' : 'inside';
    sums[kind] += Math.abs(data[a] - data[b]);
    counts[kind] += 1;
  };
  const line = width * 3;
  for (let y = 0; y < height; y++)
    for (let i = 0; i < line; i++) {
      const here = y * line + i;
      if (i >= 3) add(Math.floor(i / 3), here, here - 3);
      if (y >= 1) add(y, here, here - line);
    }
  return sums.border / counts.border / (sums.inside / counts.inside);
}

describe('SEGSUpscaler over tiles', () => {
  it('leaves no seams where the tiles are feathered', async () => {
    const image = waves(96, 96);
    const segs = makeTileSegs(image.shape, {
      bboxSize: 64,
      cropFactor: 1.5,
      minOverlap: 16,
      filterSegsDilation: 0,
    });
    expect(segs.segs.length).toBe(4);
    const common = await settings(2);
    const enlarged = await enlargeImage(image, { factor: 1, supersample: false });
    const edges = new Set(
      segs.segs
        .flatMap(({ bbox: [x1, y1, x2, y2] }) => [x1, y1, x2, y2])
        .filter((v) => v > 0 && v < 96),
    );
    const measure = async (feather: number): Promise<number> =>
      seam(await resampleSegs(enlarged, segs, { ...common, feather }), edges);
    expect(seam(enlarged, edges)).toBeLessThan(1.2);
    const [hard, soft] = [await measure(0), await measure(8)];
    expect(hard).toBeGreaterThan(1.5);
    expect(soft).toBeLessThan(1.2);
  });

  it('does not leak memory over 200 segments', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const image = waves(80, 40);
    const one = makeTileSegs([1, 16, 16, 3], {
      bboxSize: 16,
      cropFactor: 1,
      minOverlap: 0,
      filterSegsDilation: 0,
    }).segs[0];
    const segs: Segs = {
      height: 40,
      width: 80,
      segs: Array.from({ length: 200 }, (_, i) => {
        const [x, y] = [(i % 5) * 16, (Math.floor(i / 5) % 2) * 16];
        return { ...one, cropRegion: [x, y, x + 16, y + 16], bbox: [x, y, x + 16, y + 16] };
      }),
    };
    const used: number[] = [];
    const resident: number[] = [];
    await resampleSegs(image, segs, {
      ...(await settings(1)),
      onSegment(done) {
        if (done % 50) return;
        collect();
        // buffers are freed later than the heap; their size is part of the resident memory
        const { heapUsed, rss } = process.memoryUsage();
        used.push(heapUsed / 2 ** 20);
        resident.push(rss / 2 ** 20);
      },
    });
    expect(used.length).toBe(4);
    expect(used[3] - used[0]).toBeLessThan(1);
    expect(resident[3] - resident[0]).toBeLessThan(48);
  });
});
