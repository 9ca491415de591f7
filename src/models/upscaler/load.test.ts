// Upscale models of the fixture files against the originals: whole, in tiles, in strips, under
// other names; and when memory is short.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { difference, expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import { DarkroomError } from '../../errors.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { toNCHW, toNHWC } from '../../image/channel-order.ts';
import { createRuntime, type Runtime } from '../../runtime/runtime.ts';
import { full, type Tensor, zeros } from '../../tensor/tensor.ts';
import { weightsOf } from '../weights/tensors.ts';
import { loadUpscaler, type UpscaleModel } from './load.ts';
import { upscalerNetwork } from './network.ts';
import { upscalerArchitecture } from './upscaler-kinds.ts';

const runtime = createRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-upscaler-'));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const g = golden('networks', 'upscale');
const whole = g.cases.filter((c) => c.params.scale);
const load = (name: string): Promise<UpscaleModel> => loadUpscaler(fixtureModel(name), runtime);

describe('upscalers return the images of the originals', () => {
  it('whole and in tiles', async () => {
    expect(g.cases.length).toBe(11);
    for (const { id, params, inputs, outputs } of g.cases.filter((c) => c.outputs.out)) {
      const model = await load(params.model);
      if (params.scale) expect(model.scale, id).toBe(params.scale);
      const tiles = params.fn ? { tile: 16, overlap: 4 } : undefined;
      expectGolden(g, id, outputs.out, await model.upscale(g.float(inputs.image), { tiles }));
    }
  });

  it('in tiles of 512 with an overlap of 32', async () => {
    const { id, params, inputs, outputs } = g.cases.find((c) => c.outputs.out_cols_940_1060)!;
    const model = await load(params.model);
    const progress: { done: number; total: number }[] = [];
    const image = await model.upscale(g.float(inputs.image), {
      onTile: (done, total) => progress.push({ done, total }),
    });
    const [, height, width] = image.shape;
    const rows = Array.from({ length: height }, (_, y) => [
      ...image.data.subarray((y * width + 940) * 3, (y * width + 1060) * 3),
    ]);
    expectGolden(g, id, outputs.out_cols_940_1060, Float32Array.from(rows.flat()));
    expect(progress).toEqual([
      { done: 1, total: 2 },
      { done: 2, total: 2 },
    ]);
  });

  it('with the head in strips', async () => {
    for (const { id, params, inputs, outputs } of whole) {
      const file = fixtureModel(params.model);
      const { tensors, close } = await openSafetensors(file);
      await close();
      const architecture = upscalerArchitecture((prefix) => weightsOf(file, tensors, prefix));
      for (const pixels of [1, 4096]) {
        const out = await upscalerNetwork(
          architecture,
          file,
          runtime,
          pixels,
        )(toNCHW(g.float(inputs.image)));
        const { worst, bound } = difference(g, outputs.out, toNHWC(out).data);
        expect(worst, `${id} ${pixels}`).toBeLessThanOrEqual(bound);
      }
    }
  });

  it('under the names of BSRGAN and of training programs', async () => {
    const { inputs, outputs } = whole.find((c) => c.params.model === 'tiny_realesrgan_x4_new')!;
    const names: Record<string, (name: string) => string> = {
      bsrgan: (name) =>
        name
          .replace(/^body\.(\d+)\.rdb(\d)/, 'RRDB_trunk.$1.RDB$2')
          .replace('conv_body', 'trunk_conv')
          .replace('conv_up', 'upconv')
          .replace('conv_hr', 'HRconv'),
      trained: (name) => `params_ema.${name}`,
    };
    const source = await openSafetensors(fixtureModel('tiny_realesrgan_x4_new'));
    for (const [id, rename] of Object.entries(names)) {
      const entries = [...source.tensors.keys()].map(
        async (name) => [rename(name), { dtype: 'F32', ...(await source.read(name)) }] as const,
      );
      const file = join(folder, `${id}.safetensors`);
      await writeSafetensors(file, Object.fromEntries(await Promise.all(entries)));
      const { worst, bound } = difference(
        g,
        outputs.out,
        (await (await loadUpscaler(file, runtime)).upscale(g.float(inputs.image))).data,
      );
      expect(worst, id).toBeLessThanOrEqual(bound);
    }
    await source.close();
  });
});

describe('upscalers', () => {
  /** A runtime whose networks return twice the size, or fail when a side is above `limit`. */
  const limited = (limit: number): Runtime => ({
    ...runtime,
    network: () => ({
      async run({ x }): Promise<Record<string, Tensor>> {
        const [n, , h, w] = x.shape;
        if (Math.max(h, w) > limit)
          throw new DarkroomError('DR_OUT_OF_MEMORY', { message: 'not enough memory' });
        return { out: full([n, 3, 2 * h, 2 * w], 1.5) };
      },
    }),
  });

  it('halve their tiles until they fit in memory', async () => {
    const image = zeros([2, 300, 40, 3]);
    const model = await loadUpscaler(fixtureModel('tiny_srvgg_x2'), limited(200));
    const progress: { done: number; total: number }[] = [];
    const out = await model.upscale(image, {
      onTile: (done, total) => progress.push({ done, total }),
    });
    expect(progress).toEqual([1, 2, 3, 4, 5, 6].map((done) => ({ done, total: 6 })));
    expect(out.shape).toEqual([2, 600, 80, 3]);
    expect(new Set(out.data)).toEqual(new Set([1]));
  });

  it('throw if tiles of 128 pixels do not fit in memory', async () => {
    const model = await loadUpscaler(fixtureModel('tiny_srvgg_x2'), limited(100));
    await expect(model.upscale(zeros([2, 300, 40, 3]))).rejects.toMatchObject({
      code: 'DR_OUT_OF_MEMORY',
    });
  });

  it('stop when they are aborted', async () => {
    const model = await load('tiny_esrgan_x4_old');
    const control = new AbortController();
    const stopped = model.upscale(zeros([1, 40, 40, 3]), {
      signal: control.signal,
      tiles: { tile: 16, overlap: 4 },
      onTile: () => control.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: 'DR_INTERRUPTED' });
  });

  it('throw for images that do not have three channels', async () => {
    const model = await load('tiny_esrgan_x4_old');
    await expect(model.upscale(zeros([1, 8, 8, 4]))).rejects.toMatchObject({
      code: 'DR_SHAPE_MISMATCH',
      input: 'image',
    });
  });

  it('enlarge the smallest images', async () => {
    for (const [name, scale] of [
      ['tiny_realesrgan_x2_new', 2],
      ['tiny_esrgan_x4_old', 4],
      ['tiny_srvgg_x2', 2],
    ] as const)
      expect((await (await load(name)).upscale(zeros([1, 1, 3, 3]))).shape).toEqual([
        1,
        scale,
        3 * scale,
        3,
      ]);
  });

  it('throw for files of other kinds', async () => {
    await expect(load('tiny_vae')).rejects.toMatchObject({ code: 'DR_MODEL_UNSUPPORTED' });
  });
});
