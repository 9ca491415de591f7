// npm run bench:profile -- FILE [--pixels N] [--rows N] [--tokens N] [--threads N]
// [--precision NAME] [--cache DIR]: the time of a diffusion network's evaluation by operator: the
// second of two, on one thread unless said, from ONNX Runtime's own profile; and the speed of
// products relative to large matrix products of the same type. With --cache, prepacked weights
// (Winograd) and prepared int8 weights are used; without, the graph over the file.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadDiffusionModel } from '../src/models/checkpoint/load.ts';
import { isInt8Recipe } from '../src/models/layers/int8.ts';
import { createModelRuntime } from '../src/models/model-runtime.ts';
import { createPrepackedStore } from '../src/models/weights/prepacked-store.ts';
import { createGraph, type Graph, type Value } from '../src/onnx/builder.ts';
import { resolvePrecision } from '../src/runtime/precision.ts';
import { openSession } from '../src/runtime/session.ts';
import { full } from '../src/tensor/tensor.ts';
import { asDenoiserInputs, INPUTS } from './size-inputs.ts';

/** One type and its shape per argument. */
type Shapes = readonly Readonly<Record<string, readonly number[]>>[];

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  /** Microseconds. */
  readonly dur: number;
  readonly args?: {
    readonly op_name?: string;
    readonly input_type_shape?: Shapes;
    readonly output_type_shape?: Shapes;
  };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pixels: { type: 'string', default: '512' },
    rows: { type: 'string', default: '2' },
    tokens: { type: 'string', default: '77' },
    threads: { type: 'string', default: '1' },
    precision: { type: 'string' },
    cache: { type: 'string' },
  },
});

const [pixels, rows, tokens, threads] = [
  values.pixels,
  values.rows,
  values.tokens,
  values.threads,
].map(Number);

const SIDE = 1024;
const TIMES = 16;

/** Billions of operations per second of large products, the best of five. */
async function peak(product: (g: Graph, a: Value) => Value): Promise<number> {
  const g = createGraph();
  let y = g.input('x', [SIDE, SIDE]);
  for (let i = 0; i < TIMES; i++) y = product(g, y);
  g.output('y', y, [SIDE, SIDE]);
  const session = await openSession(g.serialize(), {
    name: 'products',
    folder: '',
    threads,
    providers: ['cpu'],
  });
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 6; i++) {
    const began = performance.now();
    await session.run({ x: full([SIDE, SIDE], 1) }, ['y']);
    if (i > 0) least = Math.min(least, performance.now() - began);
  }
  await session.close();
  return (TIMES * 2 * SIDE ** 3) / least / 1e6;
}

const weights = (type: 'f32' | 'i8') => ({
  type,
  dims: [SIDE, SIDE],
  bytes: new Uint8Array(SIDE * SIDE * (type === 'f32' ? 4 : 1)),
});

const PEAKS = {
  float32: () => peak((g, a) => g.op('MatMul', [a, g.inlineRaw(weights('f32'))])),
  int8: () =>
    peak((g, a) => {
      const [steps, scale, zero] = g.outputsOf('DynamicQuantizeLinear', [a], 3);
      return g.op('com.microsoft.MatMulIntegerToFloat', [
        steps,
        g.inlineRaw(weights('i8')),
        scale,
        g.floats([1], []),
        zero,
      ]);
    }),
};

const size = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);
const INT8 = new Set(['MatMulIntegerToFloat', 'DynamicQuantizeMatMul']);

/**
 * Additions and multiplications of a product; 0 for other operators. Winograd convolutions count
 * the operations executed, not those they replace.
 */
function operations({ args }: Event): number {
  const [a, b] = (args?.input_type_shape ?? []).map((argument) => Object.values(argument)[0]);
  const [out] = (args?.output_type_shape ?? []).map((argument) => Object.values(argument)[0]);
  switch (args?.op_name) {
    case 'Conv':
      return 2 * size(out) * size(b.slice(1));
    case 'Gemm':
    case 'MatMul':
    case 'MatMulIntegerToFloat':
    case 'DynamicQuantizeMatMul':
      return 2 * size(out) * a[a.length - 1];
    case 'MultiHeadAttention':
      return 4 * size(a) * b[1];
    default:
      return 0;
  }
}

const stores = (folder: string) => ({
  prepacked: createPrepackedStore({ folder }),
  int8Weights: createPrepackedStore({ folder, recipes: isInt8Recipe }),
});

const folder = mkdtempSync(join(tmpdir(), 'darkroom-bench-profile-'));
try {
  const runtime = createModelRuntime({
    threads,
    precision: resolvePrecision(values.precision, 'cpu'),
    ...(values.cache && stores(join(values.cache, 'derived'))),
    profile: join(folder, 'profile'),
  });
  const inputs = asDenoiserInputs(
    await INPUTS['transformer'](positionals[0], { pixels, rows, tokens }),
  );
  const { denoiser } = await loadDiffusionModel(positionals[0], runtime);
  for (let i = 0; i < 2; i++) await denoiser.evaluate(inputs);
  await runtime.close();
  const [file] = readdirSync(folder);
  const events = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Event[];
  const last = events.filter(({ name }) => name === 'model_run').at(-1)!;
  const found = new Map<string, { time: number; operations: number }>();
  for (const event of events) {
    const operator = event.args?.op_name;
    // an If contains others, which are counted separately
    if (
      event.cat !== 'Node' ||
      !event.name.endsWith('_kernel_time') ||
      event.ts < last.ts ||
      !operator ||
      operator === 'If'
    )
      continue;
    const { time, operations: before } = found.get(operator) ?? { time: 0, operations: 0 };
    found.set(operator, { time: time + event.dur, operations: before + operations(event) });
  }
  const total = [...found.values()].reduce((sum, { time }) => sum + time, 0);
  const [float32, int8] = [await PEAKS.float32(), await PEAKS.int8()];
  console.log(
    `${basename(positionals[0])}, ${values.pixels} px, ${rows} rows, ${threads} threads: ` +
      `${(total / 1e6).toFixed(2)} s`,
  );
  console.log(
    `products of ${SIDE}³: ${float32.toFixed(0)} GFLOP/s in float32, ${int8.toFixed(0)} GOP/s ` +
      'in int8\n',
  );
  console.log(
    '| operator | s | share | billions of operations | of the peak |\n|---|---|---|---|---|',
  );
  for (const [name, { time, operations: count }] of [...found].sort(
    (a, b) => b[1].time - a[1].time,
  )) {
    if (time < total / 200) continue;
    const reached = count / time / 1e3 / (INT8.has(name) ? int8 : float32);
    const speed =
      count > 0 ? `${(count / 1e9).toFixed(0)} | ${(100 * reached).toFixed(0)} %` : '| ';
    console.log(
      `| ${name} | ${(time / 1e6).toFixed(2)} | ${((100 * time) / total).toFixed(1)} % | ` +
        `${speed} |`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
