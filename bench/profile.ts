// npm run bench:profile -- FILE [--pixels N] [--rows N] [--precision NAME] [--cache DIR]: where the time of a UNet's evaluation goes, by operator: the
// second of two, on one thread, as ONNX Runtime's own profile tells it. With --cache, kept weights (Winograd); without, the graph on the file.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareNoise } from '../src/random/noise.ts';
import { loadDiffusionModel } from '../src/runtime/checkpoint.ts';
import { derivedStore } from '../src/runtime/derived.ts';
import { precisionOf } from '../src/runtime/precision.ts';
import { createRuntime } from '../src/runtime/runtime.ts';

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  /** Microseconds. */
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pixels: { type: 'string', default: '512' },
    rows: { type: 'string', default: '2' },
    precision: { type: 'string' },
    cache: { type: 'string' },
  },
});
const [cells, rows] = [Number(values.pixels) / 8, Number(values.rows)];
const folder = mkdtempSync(join(tmpdir(), 'darkroom-bench-profile-'));
try {
  const runtime = createRuntime({
    threads: 1,
    precision: precisionOf(values.precision, 'cpu'),
    derived: values.cache ? derivedStore({ folder: join(values.cache, 'derived') }) : undefined,
    profile: join(folder, 'profile'),
  });
  const { unet } = await loadDiffusionModel(positionals[0], runtime);
  const inputs = {
    x: prepareNoise([rows, 4, cells, cells], 1),
    timesteps: new Float32Array(rows).fill(500),
    context: prepareNoise([rows, 77, unet.contextDim], 2),
    y: unet.admChannels > 0 ? prepareNoise([rows, unet.admChannels], 3) : undefined,
  };
  for (let i = 0; i < 2; i++) await unet.evaluate(inputs);
  await runtime.close();
  const [file] = readdirSync(folder);
  const events = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Event[];
  const last = events.filter(({ name }) => name === 'model_run').at(-1)!;
  const times = new Map<string, number>();
  // an If holds others, which are counted by themselves
  for (const { cat, name, ts, dur, args } of events)
    if (cat === 'Node' && name.endsWith('_kernel_time') && ts >= last.ts && args?.op_name && args.op_name !== 'If')
      times.set(args.op_name, (times.get(args.op_name) ?? 0) + dur);
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  console.log(`${basename(positionals[0])}, ${values.pixels} px, ${rows} rows, one thread: ${(total / 1e6).toFixed(2)} s\n`);
  console.log('| operator | s | share |\n|---|---|---|');
  for (const [name, time] of [...times].sort((a, b) => b[1] - a[1]))
    if (time > total / 200) console.log(`| ${name} | ${(time / 1e6).toFixed(2)} | ${((100 * time) / total).toFixed(1)} % |`);
} finally {
  rmSync(folder, { recursive: true });
}
