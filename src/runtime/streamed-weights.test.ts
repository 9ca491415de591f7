// Networks whose weights stay in their files compute what others compute, but for the order of
// sums.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { noise } from '../../test/support/files/rewrite.ts';
import { maxDifference } from '../../test/support/golden.ts';
import { openSafetensors } from '../formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../formats/safetensors/safetensors-write.ts';
import { conv, linear, upsampleConv } from '../models/layers/blocks.ts';
import { streamedWeights } from '../models/weights/streamed.ts';
import { type Rounding, type Weights, weightsOf } from '../models/weights/tensors.ts';
import { createGraph, type Graph } from '../onnx/builder.ts';
import { tensor } from '../tensor/tensor.ts';
import type { Memory } from './memory.ts';
import { createRuntime } from './runtime.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-streamed-'));
afterAll(() => rmSync(folder, { recursive: true }));

const WIDTH = 1024;
const x = tensor([3, WIDTH], noise(3 * WIDTH, 1));
const CHANNELS = 64;
const image = tensor([1, CHANNELS, 9, 7], noise(CHANNELS * 9 * 7, 2));

/** A file of square layers, 4 MB each as float32. */
async function layersIn(
  dtype: 'F16' | 'BF16' | 'F32',
  rounding?: Rounding,
  layers = 4,
): Promise<Weights> {
  const file = join(folder, `${dtype}.safetensors`);
  const layer = (i: number) => ({
    dtype,
    shape: [WIDTH, WIDTH],
    data: noise(WIDTH * WIDTH, i).map((value) => value / 16),
  });
  await writeSafetensors(
    file,
    Object.fromEntries(Array.from({ length: layers }, (_, i) => [`${i}.weight`, layer(i)])),
  );
  const opened = await openSafetensors(file);
  await opened.close();
  return weightsOf(file, opened.tensors, '', { rounding });
}

function graphOf(weights: Weights): Graph {
  const g = createGraph();
  let value = g.input('x', ['M', WIDTH]);
  for (let i = 0; weights.has(`${i}.weight`); i++)
    value = g.op('Tanh', [linear({ g, w: weights }, value, `${i}`, [0, WIDTH])]);
  g.output('out', value, ['M', WIDTH]);
  return g;
}

const memoryOf = (bytes: number): Memory => ({ limit: () => bytes, available: () => bytes });

/** A runtime's notes and result for the layers, which say that they are `bytes` large. */
async function evaluate(weights: Weights, memory: Memory, bytes: number) {
  const notes: string[] = [];
  const runtime = createRuntime({ threads: 1, memory, onNote: (note) => notes.push(note) });
  const network = runtime.network({
    file: weights.file,
    part: 'layers',
    outputs: ['out'],
    build: () => ({ ...graphOf(weights), weightBytes: () => bytes }),
    buildStreamed: () => graphOf(streamedWeights(weights)),
  });
  const { out } = await network.run({ x });
  await runtime.close();
  const again = await network.run({ x });
  expect(maxDifference(again.out, out)).toBe(0);
  await runtime.close();
  return { out, notes };
}

it.each([
  ['F16', undefined],
  ['BF16', undefined],
  ['BF16', 'f16'],
  ['F32', undefined],
  ['F32', 'f16'],
] as const)('of %s, rounded to %s', async (dtype, rounding) => {
  const weights = await layersIn(dtype, rounding);
  const large = await evaluate(weights, memoryOf(64e9), 40e9);
  expect(large.notes).toEqual([]);
  const streamed = await evaluate(weights, memoryOf(8e9), 40e9);
  expect(streamed.notes).toEqual([
    `${dtype}.safetensors (layers) would take 41.2 GB of memory, 8.0 GB are free: ` +
      'its weights are read from the file in each evaluation, which takes longer',
  ]);
  expect(maxDifference(streamed.out, large.out)).toBeLessThan(1e-6);
});

it('of convolutions', async () => {
  const file = join(folder, 'convolutions.safetensors');
  const count = CHANNELS * CHANNELS * 9;
  const kernel = (i: number) => ({
    dtype: 'F16' as const,
    shape: [CHANNELS, CHANNELS, 3, 3],
    data: noise(count, i).map((value) => value / 16),
  });
  const names = ['a', 'b', 'enlarged'];
  await writeSafetensors(
    file,
    Object.fromEntries(names.map((name, i) => [`${name}.weight`, kernel(i)])),
  );
  const opened = await openSafetensors(file);
  await opened.close();
  const weights = weightsOf(file, opened.tensors, '');
  const [inMemory, streamed] = [weights, streamedWeights(weights)].map((over) => {
    const net = { g: createGraph(), w: over };
    const shape = [1, CHANNELS, 'H', 'W'];
    const b = conv(net, conv(net, net.g.input('x', shape), 'a'), 'b');
    net.g.output('out', upsampleConv(net, b, 'enlarged'), shape);
    return net.g;
  });
  // of a and b one at a time; the kernel after an upsampling is computed ahead
  expect(inMemory.weightBytes() - streamed.weightBytes()).toBe(4 * count);
  const runtime = createRuntime({ threads: 1, memory: memoryOf(64e9) });
  const resultOf = (graph: Graph, part: string) =>
    runtime.network({ file, part, outputs: ['out'], build: () => graph }).run({ x: image });
  const [first, second] = [await resultOf(inMemory, 'held'), await resultOf(streamed, 'streamed')];
  await runtime.close();
  expect(maxDifference(second.out, first.out)).toBeLessThan(1e-5);
});

it.each([
  [2 ** 29, 'in its file', 4 * WIDTH ** 2],
  [2 ** 29 - 1, 'in memory', 2 ** 29 - 1],
])('a network of few evaluations keeps weights of %i bytes %s', async (bytes, _, reported) => {
  const weights = await layersIn('BF16');
  const sizes: number[] = [];
  const runtime = createRuntime({
    threads: 1,
    memory: memoryOf(64e9),
    onNote: expect.unreachable,
    onSize: (_spec, size) => sizes.push(size),
  });
  const network = runtime.network({
    file: weights.file,
    part: 'layers',
    outputs: ['out'],
    prefersStreamed: true,
    build: () => ({ ...graphOf(weights), weightBytes: () => bytes }),
    buildStreamed: () => graphOf(streamedWeights(weights)),
  });
  await network.run({ x });
  await runtime.close();
  expect(sizes).toEqual([reported]);
});

it('take the memory of one layer at a time', async () => {
  const layers = 24;
  const weights = await layersIn('BF16', undefined, layers);
  const anonymous = (): number =>
    Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024;
  const runtime = createRuntime({ threads: 1, memory: memoryOf(8e9) });
  const network = runtime.network({
    file: weights.file,
    part: 'layers',
    outputs: ['out'],
    build: () => ({ ...graphOf(weights), weightBytes: () => 40e9 }),
    buildStreamed: () => graphOf(streamedWeights(weights)),
  });
  const before = anonymous();
  await network.run({ x });
  await network.run({ x });
  expect(anonymous() - before).toBeLessThan(0.5 * layers * 4 * WIDTH ** 2);
  await runtime.close();
});
