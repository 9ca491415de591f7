// Winograd convolutions, and convolutions after an upsampling, against direct convolutions in
// double precision.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createGraph, type Value } from '../../onnx/builder.ts';
import { openSession } from '../../runtime/session.ts';
import { sizeOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { createPrepackedStore } from '../weights/prepacked-store.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import { conv, type Net, upsampleConvTo } from './blocks.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-winograd-'));
afterAll(() => rmSync(root, { recursive: true }));

const [IN, OUT] = [160, 128];
/** Pseudo-random numbers between -1 and 1. */
const numbers = (shape: readonly number[], seed: number): Tensor => {
  let state = seed;
  return tensor(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return state / 2 ** 31;
    }),
  );
};

const kernel = numbers([OUT, IN, 3, 3], 7);
const bias = numbers([OUT], 8);

async function openWeights(): Promise<Weights> {
  const file = join(root, 'conv.safetensors');
  await writeSafetensors(file, {
    'layer.weight': { dtype: 'F32', shape: kernel.shape, data: kernel.data },
    'layer.bias': { dtype: 'F32', shape: bias.shape, data: bias.data },
  });
  const { tensors, close } = await openSafetensors(file);
  await close();
  return weightsOf(file, tensors, '');
}

/**
 * Returns the largest difference from a direct convolution in double precision, relative to the
 * largest value.
 */
function relativeError({ shape: [batch, , height, width], data }: Tensor, result: Tensor): number {
  let [most, largest] = [0, 0];
  for (let b = 0; b < batch; b++)
    for (let k = 0; k < OUT; k += 37)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          let sum = bias.data[k];
          for (let c = 0; c < IN; c++)
            for (let i = -1; i <= 1; i++)
              for (let j = -1; j <= 1; j++) {
                if (y + i < 0 || y + i >= height || x + j < 0 || x + j >= width) continue;
                sum +=
                  data[((b * IN + c) * height + y + i) * width + x + j] *
                  kernel.data[(k * IN + c) * 9 + (i + 1) * 3 + j + 1];
              }
          most = Math.max(
            most,
            Math.abs(sum - result.data[((b * OUT + k) * height + y) * width + x]),
          );
          largest = Math.max(largest, Math.abs(sum));
        }
  return most / largest;
}

async function evaluated(
  weights: Weights,
  make: (net: Net, x: Value) => Value,
  inputs: Readonly<Record<string, Tensor>>[],
): Promise<Tensor[]> {
  const g = createGraph();
  const x = g.input('x', ['B', IN, 'H', 'W']);
  g.output('out', make({ g, w: weights }, x), ['B', OUT, 'h', 'w']);
  const session = await openSession(g.serialize(), {
    name: 'test',
    folder: g.folder(),
    threads: 1,
    providers: ['cpu'],
  });
  const results: Tensor[] = [];
  for (const one of inputs) results.push((await session.run(one, ['out'])).out);
  await session.close();
  return results;
}

describe('3x3 convolutions', () => {
  it.each([
    [2, 2e-6],
    [4, 3e-6],
  ] as const)(
    'by Winograd in tiles of %d equal direct ones, also where tiles do not divide the size',
    async (winograd, bound) => {
      const layer = (net: Net, x: Value): Value => conv({ ...net, winograd }, x, 'layer');
      const sizes = [
        [2, IN, 8, 12],
        [1, IN, 7, 9],
        [1, IN, 1, 2],
      ];
      const build = (weights: Weights): Value => layer({ g: createGraph(), w: weights }, 'x');
      const weights = await createPrepackedStore({ folder: join(root, 'derived') }).ready(
        await openWeights(),
        build,
      );
      expect(weights.prepacked).toBeDefined();
      const inputs = sizes.map((shape, i) => ({ x: numbers(shape, i + 1) }));
      const results = await evaluated(weights, layer, inputs);
      const direct = await evaluated(await openWeights(), layer, inputs);
      for (const [i, { x }] of inputs.entries()) {
        expect(relativeError(x, results[i])).toBeLessThan(bound);
        expect(results[i].data).not.toEqual(direct[i].data);
        expect(results[i].shape).toEqual(direct[i].shape);
      }
    },
  );

  it('after an upsampling to twice the size, or one less, equal direct ones', async () => {
    const like = (h: number, w: number): Tensor => tensor([1, 1, h, w], new Float32Array(h * w));
    const small = numbers([2, IN, 5, 6], 3);
    const layer = (net: Net, x: Value): Value =>
      upsampleConvTo(net, x, net.g.input('like', [1, 1, 'a', 'b']), 'layer');
    const sizes = [
      [10, 12],
      [9, 12],
      [9, 11],
    ];
    const results = await evaluated(
      await openWeights(),
      layer,
      sizes.map(([h, w]) => ({ x: small, like: like(h, w) })),
    );
    for (const [i, [h, w]] of sizes.entries()) {
      const large = tensor([2, IN, h, w], new Float32Array(2 * IN * h * w));
      for (let plane = 0; plane < 2 * IN; plane++)
        for (let y = 0; y < h; y++)
          for (let x = 0; x < w; x++)
            large.data[(plane * h + y) * w + x] = small.data[(plane * 5 + (y >> 1)) * 6 + (x >> 1)];
      expect(relativeError(large, results[i])).toBeLessThan(1e-6);
    }
  });
});
