// Joined tensors read and enter graphs as one tensor that is stored like them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { noiseTensor } from '../../test/support/files/rewrite.ts';
import { weightsOf } from '../models/weights/tensors.ts';
import { createGraph } from '../onnx/builder.ts';
import { createRuntime } from '../runtime/runtime.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { openSource } from './byte-source.ts';
import { openSafetensors } from './safetensors/safetensors.ts';
import { writeSafetensors } from './safetensors/safetensors-write.ts';
import { type TensorFile, type TensorInfo, tensorReader } from './tensor-file.ts';
import { joinRows, rowsOf } from './tensor-rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-rows-'));
const file = join(folder, 'parts.safetensors');
const parts = [noiseTensor([3, 2], 1), noiseTensor([1, 2], 2), noiseTensor([4, 2], 3)];
const runtime = createRuntime({ threads: 1 });
let stored: ReadonlyMap<string, TensorInfo>;

beforeAll(async () => {
  await writeSafetensors(file, {
    ...Object.fromEntries(
      ['v', 'q', 'k'].map((name, i) => [name, { dtype: 'F32', ...parts[[2, 0, 1][i]] }]),
    ),
    half: { dtype: 'F16', shape: [1, 2], data: new Uint8Array(4) },
  });
  const opened = await openSafetensors(file);
  stored = opened.tensors;
  await opened.close();
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const rows = (...tensors: readonly Tensor[]): number[] => tensors.flatMap(({ data }) => [...data]);
const of = (...names: string[]): TensorInfo[] => names.map((name) => stored.get(name)!);
const reader = async (tensor: TensorInfo): Promise<TensorFile> =>
  tensorReader(await openSource(file), { tensors: new Map([['joined', tensor]]), metadata: {} });

/** The values of a graph that returns a view of a tensor. */
async function inGraph(tensor: TensorInfo, view: object, dims: number[]): Promise<number[]> {
  const { out } = await runtime
    .network({
      file,
      part: `rows ${JSON.stringify([view, tensor])}`,
      outputs: ['out'],
      build: () => {
        const graph = createGraph();
        const weights = weightsOf(file, new Map([['joined', tensor]]), '');
        const zero = graph.input('zero', [1]);
        const value = weights.value(graph, 'joined', view);
        graph.output('out', graph.op('Add', [value, zero]), dims);
        return graph;
      },
    })
    .run({ zero: { shape: [1], data: new Float32Array(1) } });
  return [...out.data];
}

it('reads joined tensors and their rows', async () => {
  const joined = joinRows('qkv', of('q', 'k', 'v'));
  const file = await reader(joined);
  expect(await file.read('joined')).toEqual({
    shape: [8, 2],
    data: Float32Array.from(rows(...parts)),
  });
  expect([...(await file.readRows('joined', [7, 3, 0])).data]).toEqual(
    [7, 3, 0].flatMap((row) => rows(...parts).slice(2 * row, 2 * row + 2)),
  );
  await file.close();
  const middle = await reader(rowsOf(joined, [2, 6]));
  expect([...(await middle.read('joined')).data]).toEqual(rows(...parts).slice(4, 12));
  await middle.close();
});

it('swaps the halves of a tensor', async () => {
  const [, , , v] = of('q', 'k', 'half', 'v');
  const file = await reader(joinRows('v', [rowsOf(v, [2, 4]), rowsOf(v, [0, 2])]));
  const values = rows(parts[2]);
  expect([...(await file.read('joined')).data]).toEqual([
    ...values.slice(4),
    ...values.slice(0, 4),
  ]);
  await file.close();
});

it('adds joined tensors and their rows to graphs', async () => {
  const joined = joinRows('qkv', of('q', 'k', 'v'));
  expect(await inGraph(joined, {}, [8, 2])).toEqual(rows(...parts));
  expect(await inGraph(joined, { rows: [3, 4] }, [1, 2])).toEqual(rows(parts[1]));
  expect(await inGraph(joined, { rows: [2, 6], dims: [8] }, [8])).toEqual(
    rows(...parts).slice(4, 12),
  );
});

it('names the tensor whose parts do not fit together', () => {
  expect(() => joinRows('qkv.weight', of('q', 'half'))).toThrow(
    'the parts of qkv.weight do not fit together: F32 [3,2] and F16 [1,2]',
  );
});
