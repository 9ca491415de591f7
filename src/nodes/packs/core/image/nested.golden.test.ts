// Nodes with inputs that grow or follow from a choice, against ComfyUI 0.33.0's own
// (test/golden/core_nodes/make_nested.py).
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { noise } from '../../../../../test/support/files/rewrite.ts';
import {
  expectExact,
  expectGolden,
  type GoldenCase,
  golden,
} from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import { full, sizeOf } from '../../../../tensor/tensor.ts';

const g = golden('core_nodes', 'nested');

const made = (shape: readonly number[], seed: number, scale = 1, around = 0.5): Tensor => ({
  shape,
  data: noise(sizeOf(shape), seed, scale).map((value) => value + around),
});

type Run = (params: GoldenCase['params']) => Promise<Tensor>;

const first = async (type: string, inputs: Record<string, unknown>): Promise<Tensor> => {
  const [result] = await runNode<readonly Tensor[]>(type, inputs);
  return result;
};

const items = (shapes: readonly (readonly number[])[]): [string, Tensor][] =>
  shapes.map((shape, i) => [String(i), made(shape, 20 + i)]);

const RUNS: Readonly<Record<string, Run>> = {
  ResizeImageMaskNode: ({ shape, method, rule }) =>
    first('ResizeImageMaskNode', {
      input: made(shape, 1),
      scale_method: method,
      resize_type:
        rule.resize_type === 'match size' ? { ...rule, match: made([1, 6, 11], 9) } : rule,
    }),
  BatchImagesNode: ({ shapes }) =>
    first('BatchImagesNode', { images: Object.fromEntries(items(shapes)) }),
  BatchMasksNode: ({ shapes }) =>
    first('BatchMasksNode', { masks: Object.fromEntries(items(shapes)) }),
  BatchLatentsNode: async ({ shapes, batch_index }) => {
    const latents = items(shapes).map(([name, samples], i) => [
      name,
      { samples, ...(i === 1 && { batch_index: Array(samples.shape[0]).fill(7) }) },
    ]);
    const [latent] = await runNode<readonly { samples: Tensor; batch_index: number[] }[]>(
      'BatchLatentsNode',
      { latents: Object.fromEntries(latents) },
    );
    expect(latent.batch_index).toEqual(batch_index);
    return latent.samples;
  },
  ColorTransfer: ({ method, stats, ref, strength, flat }) =>
    first('ColorTransfer', {
      image_target: flat ? full([1, 4, 4, 3], 0.25) : made([3, 7, 9, 3], 31, 0.9),
      image_ref:
        ref === 'one' ? made([1, 5, 6, 3], 32, 0.6, 0.4) : made([2, 5, 6, 3], 33, 0.7, 0.6),
      method,
      source_stats: stats,
      strength,
    }),
};

describe.each(Object.keys(RUNS))('%s', (node) => {
  const cases = g.cases.filter(({ params }) => params.node === node);

  it.each(cases)('$id', async ({ id, params }) => {
    // torch makes an image without pixels, which no other node can use
    const isEmpty = !params.error && g.tensor(id).shape.includes(0);
    if (params.error || isEmpty)
      return void (await expect(RUNS[node](params)).rejects.toThrow(/./));
    expectGolden(g, id, id, await RUNS[node](params));
  });
});

/** What SaveImageAdvanced saves for a case. */
async function saved({ channels, format }: GoldenCase['params']): Promise<Buffer> {
  const image = made([1, 5, 6, channels], 40 + channels, 1.4);
  const inputs = { images: image, filename_prefix: 'a', format };
  let path = '';
  const context = testContext();
  await runNode('SaveImageAdvanced', inputs, {
    ...context,
    metadata: () => ({}),
    save: async (request) => {
      expect(request).toMatchObject({ extension: format.format, bareCounter: true });
      const files = await context.save(request);
      path = files[0].path;
      return files;
    },
  });
  return readFileSync(path);
}

describe('SaveImageAdvanced', () => {
  const cases = g.cases.filter(({ params }) => params.node === 'SaveImageAdvanced');
  const works = cases.filter(({ params }) => !params.error);

  it.each(works.filter(({ params }) => params.format.format === 'png'))(
    '$id has the values of ComfyUI',
    async ({ id, params }) => {
      const is16 = params.format.bit_depth === '16-bit';
      const file = sharp(await saved(params));
      expect(await file.metadata()).toMatchObject({ depth: is16 ? 'ushort' : 'uchar' });
      const space = params.channels === 1 ? (is16 ? 'grey16' : 'b-w') : is16 ? 'rgb16' : 'srgb';
      const raw = await file
        .toColourspace(space)
        .raw({ depth: is16 ? 'ushort' : 'uchar' })
        .toBuffer();
      const values = is16
        ? new Uint16Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length))
        : raw;
      expectExact(g, id, id, values);
    },
  );

  it.each(works.filter(({ params }) => params.format.format === 'exr'))(
    '$id is the file of ComfyUI, except for the name of the program',
    async ({ id, params }) => {
      const own = await saved(params);
      const theirs = Buffer.from(g.tensor(id).data as Uint8Array);
      const [ourStart, theirStart] = [own, theirs].map(pixelStart);
      const names = theirs.subarray(0, theirStart).toString('latin1');
      const named = names.replace('\x04\0\0\0lavc', '\x08\0\0\0darkroom');
      const height = 5;
      expect(own.subarray(0, ourStart - 8 * height).toString('latin1')).toBe(
        named.slice(0, ourStart - 8 * height),
      );
      const [ours, expected] = [own.subarray(ourStart), theirs.subarray(theirStart)];
      expect(ours.length).toBe(expected.length);
      for (let at = 0; at < ours.length; at += 4) {
        const [value, other] = [ours.readFloatLE(at), expected.readFloatLE(at)];
        expect(Math.abs(value - other)).toBeLessThanOrEqual(2e-6);
      }
    },
  );

  it('says which numbers of channels can be saved', async () => {
    const { params } = cases.find((one) => one.params.error)!;
    await expect(saved(params)).rejects.toThrow('images of 2 channels');
  });
});

/** Where the scan lines of an EXR file of 5 lines begin. */
function pixelStart(file: Buffer): number {
  let at = 8;
  while (file[at] !== 0) {
    const name = file.indexOf(0, at);
    const type = file.indexOf(0, name + 1);
    at = type + 5 + file.readInt32LE(type + 1);
  }
  return at + 1 + 8 * 5;
}
