// Upscale models of the fixture files against the originals, whole and in tiles; memory, cancelling, refusals.
import { afterAll, describe, expect, it } from 'vitest';
import { expectGolden, fixtureModel, golden } from '../../test/support/golden.ts';
import { createRuntime } from './runtime.ts';
import { loadUpscaler, type UpscaleModel } from './upscaler.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

const g = golden('networks', 'upscale');
const load = (name: string): Promise<UpscaleModel> => loadUpscaler(fixtureModel(name), runtime);

describe('upscalers', () => {
  it('give the pictures of the originals, whole and in tiles', async () => {
    expect(g.cases.length).toBe(11);
    for (const { id, params, inputs, outputs } of g.cases.filter((c) => c.outputs.out)) {
      const model = await load(params.model);
      if (params.scale) expect(model.scale, id).toBe(params.scale);
      const tiles = params.fn ? { tile: 16, overlap: 4 } : undefined;
      expectGolden(g, id, outputs.out, await model.upscale(g.float(inputs.image), { tiles }));
    }
  });

  it('works in tiles of 512 with 32 shared', async () => {
    const { id, params, inputs, outputs } = g.cases.find((c) => c.outputs.out_cols_940_1060)!;
    const model = await load(params.model);
    const seen: [number, number][] = [];
    const image = await model.upscale(g.float(inputs.image), { onTile: (done, total) => seen.push([done, total]) });
    const [, height, width] = image.shape;
    const rows = Array.from({ length: height }, (_, y) => [...image.data.subarray((y * width + 940) * 3, (y * width + 1060) * 3)]);
    expectGolden(g, id, outputs.out_cols_940_1060, Float32Array.from(rows.flat()));
    expect(seen).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });
});
