// 8-bit layers against the same arithmetic in plain TypeScript.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createGraph, type Value } from '../../onnx/builder.ts';
import { int8SumsSaturate } from '../../runtime/saturation.ts';
import { openSession } from '../../runtime/session.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { sizeOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { createPrepackedStore } from '../weights/prepacked-store.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import { conv, linear, type Net } from './blocks.ts';
import type { Scaling } from './int8.ts';
import { quantiseColumns } from './quantise.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-int8-'));
afterAll(() => rmSync(root, { recursive: true }));
const store = createPrepackedStore({ folder: join(root, 'derived') });

const numbers = (shape: readonly number[], seed: number): Tensor =>
  tensor(
    shape,
    Float32Array.from(
      { length: sizeOf(shape) },
      (_, i) => Math.sin(seed + 0.37 * i + 0.001 * i * i) * (1 + (i % 11 === 0 ? 4 : 0)),
    ),
  );

/** Writes a file of these tensors and returns its weights. */
async function weightsWith(
  name: string,
  tensors: Readonly<Record<string, Tensor>>,
): Promise<Weights> {
  const file = join(root, `${name}.safetensors`);
  await writeSafetensors(
    file,
    Object.fromEntries(
      Object.entries(tensors).map(([key, one]) => [key, { dtype: 'F32' as const, ...one }]),
    ),
  );
  const opened = await openSafetensors(file);
  await opened.close();
  return weightsOf(file, opened.tensors, '');
}

/** Returns the output of the layers of `make` for x, all of them in int8. */
async function evaluated(
  weights: Weights,
  scaling: Scaling,
  x: Tensor,
  make: (net: Net, x: Value) => Value,
): Promise<Tensor> {
  const build = (w: Weights) => {
    const g = createGraph();
    g.output('y', make({ g, w, int8: () => scaling }, g.input('x', x.shape)), ['a']);
    return g;
  };
  const ready = await store.ready(weights, build);
  const g = build({ ...ready, branches: weights.branches });
  const wideSums = await int8SumsSaturate();
  const session = await openSession(g.serialize(), {
    name: 'test',
    folder: g.folder(),
    threads: 1,
    providers: ['cpu'],
    avoidInt8Saturation: wideSums,
  });
  const { y } = await session.run({ x }, ['y']);
  await session.close();
  return y;
}

interface Steps {
  readonly steps: Float64Array;
  readonly scale: number;
}

/** DynamicQuantizeLinear (ONNX), as steps from the zero point. */
function byTensor(x: Float32Array): Steps {
  const [low, high] = [Math.min(0, ...x), Math.max(0, ...x)];
  const scale = Math.fround(Math.fround(high - low) / 255);
  const zero = roundHalfEven(Math.fround((0 - low) / scale));
  const clamp = (v: number): number => Math.min(255, Math.max(0, v));
  return {
    steps: Float64Array.from(x, (v) => clamp(roundHalfEven(Math.fround(v / scale)) + zero) - zero),
    scale,
  };
}

function byRow(x: Float32Array): Steps {
  const scale = Math.fround(
    x.reduce((most, v) => Math.max(most, Math.abs(v)), 0) * Math.fround(1 / 127),
  );
  return { steps: Float64Array.from(x, (v) => roundHalfEven(Math.fround(v / scale))), scale };
}

/** x [M, K] times a weight [N, K], both in steps, plus the bias. */
function product(x: Tensor, weight: Tensor, bias: Tensor, scaling: Scaling): Float64Array {
  const [m, k] = x.shape;
  const n = weight.shape[0];
  const { values, scales } = quantiseColumns(weight.data, n);
  const whole = byTensor(x.data);
  const y = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    const row = x.data.subarray(i * k, (i + 1) * k);
    const { steps, scale } =
      scaling === 'row'
        ? byRow(row)
        : { steps: whole.steps.subarray(i * k, (i + 1) * k), scale: whole.scale };
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += steps[l] * values[l * n + j];
      y[i * n + j] = sum * scale * scales[j] + bias.data[j];
    }
  }
  return y;
}

/** Expects differences far below a quantisation step, which is 1/127 of the largest value. */
function expectEqual(actual: Tensor, expected: Float64Array): void {
  const most = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  expect(actual.data.length).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++)
    worst = Math.max(worst, Math.abs(actual.data[i] - expected[i]));
  expect(worst).toBeLessThan(2e-6 * most);
}

/** Returns the im2col rows of a convolution, [B H' W', C k k], with 0 outside of the image. */
function columns({ shape: [b, c, h, w], data }: Tensor, kernel: number, stride: number): Tensor {
  const half = kernel >> 1;
  const [oh, ow] = [Math.ceil(h / stride), Math.ceil(w / stride)];
  const rows: number[] = [];
  for (let n = 0; n < b; n++)
    for (let y = 0; y < oh; y++)
      for (let x = 0; x < ow; x++)
        for (let channel = 0; channel < c; channel++)
          for (let i = -half; i <= half; i++)
            for (let j = -half; j <= half; j++) {
              const [py, px] = [y * stride + i, x * stride + j];
              rows.push(
                py < 0 || px < 0 || py >= h || px >= w
                  ? 0
                  : data[((n * c + channel) * h + py) * w + px],
              );
            }
  return tensor([b * oh * ow, kernel * kernel * c], Float32Array.from(rows));
}

describe('8-bit layers', () => {
  const weight = numbers([72, 68], 1);
  const bias = numbers([72], 2);
  const x = numbers([10, 68], 3);

  it.each(['tensor', 'row'] as const)(
    'compute linear layers with one scale per %s',
    async (scaling) => {
      const weights = await weightsWith(`linear-${scaling}`, {
        'a.weight': weight,
        'a.bias': bias,
      });
      expectEqual(
        await evaluated(weights, scaling, x, (net, v) => linear(net, v, 'a')),
        product(x, weight, bias, scaling),
      );
      const part = (t: Tensor): Tensor =>
        tensor([24, ...t.shape.slice(1)], t.data.slice(t.data.length / 3, (2 * t.data.length) / 3));
      const some = await evaluated(weights, scaling, x, (net, v) => linear(net, v, 'a', [24, 48]));
      expectEqual(some, product(x, part(weight), part(bias), scaling));
    },
  );

  it.each([1, 640, 641, 1281])(
    'compute wide linear layers part by part, of %i rows',
    async (count) => {
      const [wide, bias] = [numbers([2048, 2048], 1), numbers([2048], 2)];
      const weights = await weightsWith(`wide-${count}`, { 'a.weight': wide, 'a.bias': bias });
      const x = numbers([count, 2048], 3);
      const y = await evaluated(weights, 'row', x, (net, v) => linear(net, v, 'a'));
      expect(y.shape).toEqual([count, 2048]);
      const last = count - 1;
      for (const row of new Set([0, last >> 1, Math.min(640, last), last])) {
        const rowOf = (t: Tensor): Tensor =>
          tensor([1, 2048], t.data.slice(row * 2048, (row + 1) * 2048));
        expectEqual(rowOf(y), product(rowOf(x), wide, bias, 'row'));
      }
    },
  );

  it.each([
    [3, 1],
    [3, 2],
    [1, 1],
  ])('compute convolutions with kernel %i and stride %i', async (side, stride) => {
    const kernel = numbers([65, 64, side, side], 4);
    const b = numbers([65], 5);
    const image = numbers([2, 64, 6, 7], 6);
    const weights = await weightsWith(`conv-${side}-${stride}`, {
      'a.weight': kernel,
      'a.bias': b,
    });
    const got = await evaluated(weights, 'tensor', image, (net, v) =>
      conv(net, v, 'a', { stride }),
    );
    const flat = product(
      columns(image, side, stride),
      tensor([65, side * side * 64], kernel.data),
      b,
      'tensor',
    );
    const [, , oh, ow] = got.shape;
    expect(got.shape).toEqual([2, 65, Math.ceil(6 / stride), Math.ceil(7 / stride)]);
    const positions = oh * ow;
    const nchw = Float64Array.from({ length: flat.length }, (_, i) => {
      const [n, rest] = [Math.floor(i / (65 * positions)), i % (65 * positions)];
      return flat[(n * positions + (rest % positions)) * 65 + Math.floor(rest / positions)];
    });
    expectEqual(got, nchw);
  });

  it('add the branch of a LoRA in float32', async () => {
    const [down, up] = [numbers([4, 68], 7), numbers([72, 4], 8)];
    const plain = await weightsWith('lora', { 'a.weight': weight, 'a.bias': bias, down, up });
    const weights: Weights = {
      ...plain,
      branches: () => [
        {
          rank: 4,
          scale: (g) => g.floats([0.5]),
          down: (g, dims) => plain.value(g, 'down', { dims }),
          up: (g, dims) => plain.value(g, 'up', { dims }),
        },
      ],
    };
    const expected = product(x, weight, bias, 'tensor');
    for (let i = 0; i < 10; i++)
      for (let r = 0; r < 4; r++) {
        let low = 0;
        for (let l = 0; l < 68; l++) low += x.data[i * 68 + l] * down.data[r * 68 + l];
        for (let j = 0; j < 72; j++) expected[i * 72 + j] += 0.5 * low * up.data[j * 4 + r];
      }
    expectEqual(await evaluated(weights, 'tensor', x, (net, v) => linear(net, v, 'a')), expected);
  });

  it('use new weights when the model file is replaced', async () => {
    const layer = (net: Net, v: Value): Value => linear(net, v, 'a');
    await evaluated(
      await weightsWith('replaced', { 'a.weight': weight, 'a.bias': bias }),
      'tensor',
      x,
      layer,
    );
    const other = numbers([72, 68], 9);
    const weights = await weightsWith('replaced', { 'a.weight': other, 'a.bias': bias });
    expectEqual(await evaluated(weights, 'tensor', x, layer), product(x, other, bias, 'tensor'));
  });

  it('are float32 where no prepacked weights are stored', async () => {
    const weights = await weightsWith('nowhere', { 'a.weight': weight, 'a.bias': bias });
    const g = createGraph();
    const y = linear({ g, w: weights, int8: () => 'tensor' }, g.input('x', x.shape), 'a');
    expect(y).toMatch(/^Gemm/);
  });
});
