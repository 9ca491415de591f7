// Quantised weights of files against ComfyUI: what a fully connected layer makes of them, and what
// they are as float32.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { expectExact, expectGolden, type Golden, golden } from '../../../test/support/golden.ts';
import { isBlockType } from '../../formats/gguf/block-types.ts';
import { openModelFile } from '../../formats/model-file.ts';
import { hadamard } from '../../formats/quantised/hadamard.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import type { TensorInfo } from '../../formats/tensor-info.ts';
import { createGraph } from '../../onnx/builder.ts';
import { int8SumsSaturate } from '../../runtime/saturation.ts';
import { openSession } from '../../runtime/session.ts';
import { sizeOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Rounding, type Weights, weightsOf } from '../weights/tensors.ts';
import { linear } from './blocks.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-stored-'));
afterAll(() => rmSync(root, { recursive: true }));

/**
 * Writes the tensors `file/…` of a case as those of a layer, and opens the file. `copies`: how
 * often each of the layer's outputs is repeated.
 */
async function openCase(
  g: Golden,
  one: Golden['cases'][number],
  { rounding, copies = 1 }: { readonly rounding?: Rounding; readonly copies?: number } = {},
) {
  const file = join(root, `${one.id}-${copies}.safetensors`);
  const outputs = g.tensor(one.inputs['file/weight']).shape[0];
  const stored = Object.entries(one.inputs).flatMap(([name, at]) =>
    name.startsWith('file/') ? [[name.replace('file/', 'layer.'), g.tensor(at)] as const] : [],
  );
  const json = one.params.json ?? (one.params.format && { format: one.params.format });
  const isDescribed =
    stored.some(([name]) => /comfy_quant/.test(name)) || !one.inputs['file/weight_scale'];
  await writeSafetensors(file, {
    ...Object.fromEntries(
      stored.map(([name, { dtype, shape, data }]) => {
        const times = shape[0] === outputs ? copies : 1;
        const bytes = Buffer.alloc(times * data.byteLength, new Uint8Array(data.buffer));
        return [
          name,
          // without a typed array of its own it would be encoded
          {
            dtype: dtype as 'F32',
            shape: shape.map((size, axis) => (axis === 0 ? times * size : size)),
            data: new Uint8Array(bytes),
          },
        ];
      }),
    ),
    ...(!isDescribed && { 'layer.comfy_quant': bytesOf(JSON.stringify(json)) }),
  });
  const opened = await openModelFile(file);
  return { opened, weights: weightsOf(file, opened.tensors, '', { rounding }) };
}

const bytesOf = (text: string) => {
  const data = new TextEncoder().encode(text);
  return { dtype: 'U8' as const, shape: [data.length], data };
};

/** A layer's output for x [..., K], as one session computes it. */
async function layerOutput(
  weights: Weights,
  x: Tensor,
  { avoidInt8Saturation = false, hasBranch = false } = {},
): Promise<Tensor> {
  const g = createGraph();
  const width = x.shape.at(-1)!;
  const input = g.input('x', ['m', width]);
  const branch = {
    rank: 1,
    scale: () => g.floats([0]),
    down: () => g.floats(new Float32Array(width), [1, width]),
    up: () =>
      g.floats(new Float32Array(weights.shape('layer.weight')[0]), [
        weights.shape('layer.weight')[0],
        1,
      ]),
  };
  const w = hasBranch ? { ...weights, branches: () => [branch] } : weights;
  g.output('y', linear({ g, w }, input, 'layer'), ['m', 'n']);
  const session = await openSession(g.serialize(), {
    name: 'a layer',
    folder: g.folder(),
    threads: 1,
    providers: ['cpu'],
    avoidInt8Saturation: avoidInt8Saturation || (await int8SumsSaturate()),
  });
  const rows = tensor([x.data.length / width, width], x.data);
  const { y } = await session.run({ x: rows }, ['y']);
  await session.close();
  return tensor([...x.shape.slice(0, -1), y.shape[1]], y.data);
}

/** x w^T + bias. */
const product = (x: Tensor, w: Tensor, bias: Tensor): number[] => {
  const [n, k] = w.shape;
  return Array.from({ length: (x.data.length / k) * n }, (_, i) => {
    const row = Math.floor(i / n) * k;
    let sum = bias.data[i % n];
    for (let j = 0; j < k; j++) sum += x.data[row + j] * w.data[(i % n) * k + j];
    return sum;
  });
};

const worst = (actual: ArrayLike<number>, expected: readonly number[]): number =>
  Math.max(...expected.map((value, i) => Math.abs(value - actual[i])));

describe('fp8 weights', () => {
  const g = golden('weights', 'fp8');
  const layers = g.cases.filter(({ outputs }) => outputs.out);
  it.each(layers)('$id', async (one) => {
    const { opened, weights } = await openCase(g, one);
    expectGolden(g, one.id, one.outputs.out, await layerOutput(weights, g.float(one.inputs.x)));
    if (one.outputs.dequantised)
      expectGolden(g, one.id, one.outputs.dequantised, await opened.read('layer.weight'));
    await opened.close();
  });
});

/** Those with the most inputs, whose outputs are repeated least. */
const WIDE = new Set(['int8_2', 'int8_3']);

describe('int8 weights', () => {
  const g = golden('weights', 'int8');
  const layers = g.cases.filter(({ outputs }) => outputs.out);
  it.each(layers)('$id', async (one) => {
    const { opened, weights } = await openCase(g, one);
    const x = g.float(one.inputs.x);
    expectGolden(g, one.id, one.outputs.out, await layerOutput(weights, x));
    const careful = await layerOutput(weights, x, { avoidInt8Saturation: true });
    expectGolden(g, one.id, one.outputs.out, careful);
    expectGolden(g, one.id, one.outputs.dequantised, await opened.read('layer.weight'));
    await opened.close();
  });

  it.each(layers)(
    '$id dequantised: beside a LoRA, and in a text encoder of float16',
    async (one) => {
      const x = g.float(one.inputs.x);
      const { weights } = await openCase(g, one);
      const encoder = (await openCase(g, one, { rounding: 'f16' })).weights;
      const expected = product(
        x,
        g.float(one.outputs.dequantised),
        g.float(one.inputs['file/bias']),
      );
      const largest = Math.max(...expected.map(Math.abs));
      const bias = Math.max(...g.float(one.inputs['file/bias']).data.map(Math.abs));
      const beside = await layerOutput(weights, x, { hasBranch: true });
      expect(worst(beside.data, expected)).toBeLessThan(1e-5 * largest);
      // the bias is rounded there
      const rounded = await layerOutput(encoder, x);
      expect(worst(rounded.data, expected)).toBeLessThan(1e-5 * largest + bias / 2048);
    },
  );

  it.each(layers.filter(({ id }) => WIDE.has(id)))(
    '$id as a wide layer, part by part',
    async (one) => {
      const { shape } = g.tensor(one.inputs['file/weight']);
      const [n, k] = shape;
      const copies = Math.ceil(2 ** 22 / sizeOf(shape));
      const x = g.float(one.inputs.x);
      const rows = x.data.length / k;
      const times = Math.ceil(700 / rows);
      const many = tensor(
        [times * rows, k],
        Float32Array.from({ length: times * rows * k }, (_, i) => x.data[i % x.data.length]),
      );
      const narrow = await layerOutput((await openCase(g, one)).weights, x);
      const wide = await layerOutput((await openCase(g, one, { copies })).weights, many);
      expect(wide.shape).toEqual([times * rows, copies * n]);
      let different = 0;
      for (let row = 0; row < times * rows; row++)
        for (let column = 0; column < copies * n; column++)
          if (wide.data[row * copies * n + column] !== narrow.data[(row % rows) * n + (column % n)])
            different++;
      expect(different).toBe(0);
    },
  );

  it.each(['4', '16', '64'])('the Hadamard matrix of size %s', (size) => {
    expectExact(g, `hadamard_${size}`, `hadamard_${size}/H`, hadamard(Number(size)));
  });
});

describe('blocks of GGUF', () => {
  const g = golden('weights', 'gguf');
  const cases = g.cases.filter(({ params }) => isBlockType(params.type));

  const blockWeights = (
    { id, params, inputs }: Golden['cases'][number],
    arithmetic: 'f16' | 'f32',
  ) => {
    const { data } = g.tensor(inputs.bytes);
    const file = join(root, `${id}.bin`);
    writeFileSync(file, data as Uint8Array);
    const info: TensorInfo = {
      dtype: 'F32',
      shape: params.shape,
      offset: 0,
      byteLength: data.length,
      blocks: { type: params.type, arithmetic },
    };
    return weightsOf(file, new Map([['layer.weight', info]]), '');
  };

  /** The values of a weight, or of rows of it, as a session computes them when it opens. */
  async function values(weights: Weights, rows?: readonly [number, number]): Promise<Tensor> {
    const g = createGraph();
    g.output('y', weights.value(g, 'layer.weight', { rows }), []);
    const session = await openSession(g.serialize(), {
      name: 'a weight',
      folder: g.folder(),
      threads: 1,
      providers: ['cpu'],
    });
    const { y } = await session.run({}, ['y']);
    await session.close();
    return y;
  }

  it.each(cases)('$id', async (one) => {
    const { id, params, inputs, outputs } = one;
    for (const [arithmetic, output] of [
      ['f16', outputs.default],
      ['f32', outputs.float32],
    ] as const) {
      const weights = blockWeights(one, arithmetic);
      const all = await values(weights);
      expect(all.shape).toEqual(params.shape);
      expectExact(g, id, output, all.data);
      const some = await values(weights, [2, 4]);
      const width = params.shape[1];
      expect(some.data).toEqual(all.data.slice(2 * width, 4 * width));
    }
    const y = await layerOutput(blockWeights(one, 'f16'), g.float(inputs.x));
    expectGolden(g, id, outputs.linear_default, y);
  });
});
