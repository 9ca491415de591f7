// npx tsx bench/network.ts CONFIG [--runs N] [--threads N] [--cache DIR] [--precision NAME]
// [--save FILE]: one contender (Darkroom) of the network benchmark.
// Prints one line of JSON: seconds to load, seconds of each evaluation (the first apart), resident memory after loading and at its peak,
// in GB. CONFIG: KIND:FILE:SIZE with KIND unet (one evaluation with both sides of cfg), decode (VAE), upscale; SIZE in pixels a side.
// Inputs are the same for all contenders: sines, written down in `sines`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadCheckpoint } from '../src/runtime/checkpoint.ts';
import { derivedStore } from '../src/runtime/derived.ts';
import { keptSessions } from '../src/runtime/kept-sessions.ts';
import { precisionOf } from '../src/runtime/precision.ts';
import { createRuntime, type Runtime } from '../src/runtime/runtime.ts';
import { loadUpscaler } from '../src/runtime/upscaler.ts';
import { sizeOf, type Tensor } from '../src/tensor/tensor.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    cache: { type: 'string' },
    precision: { type: 'string' },
    save: { type: 'string' },
  },
});
const [kind, file, size] = positionals[0].split(':');
const pixels = Number(size);

/** sin(0.37 i + seed) of each index, in float32. */
const sines = (shape: readonly number[], seed: number, scale = 1): Tensor => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => scale * Math.sin(0.37 * i + seed)),
});

const memory = (what: 'VmRSS' | 'VmHWM' | 'RssFile'): number => {
  const found = new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Math.round(Number(found) / 1e4) / 100;
};

async function prepare(runtime: Runtime): Promise<() => Promise<Tensor>> {
  if (kind === 'upscale') {
    const upscaler = await loadUpscaler(file, runtime);
    const x = sines([1, pixels, pixels, 3], 1);
    const picture = { shape: x.shape, data: x.data.map((v) => 0.5 + v / 2) };
    return () => upscaler.upscale(picture);
  }
  const { unet, vae } = await loadCheckpoint(file, runtime);
  const cells = pixels / 8;
  if (kind === 'decode') {
    const z = sines([1, 4, cells, cells], 1);
    return () => vae!.decode(z);
  }
  const inputs = {
    x: sines([2, 4, cells, cells], 1),
    timesteps: Float32Array.of(500, 500),
    context: sines([2, 77, unet!.contextDim], 2, 0.5),
    ...(unet!.admChannels > 0 && { y: sines([2, unet!.admChannels], 3, 0.5) }),
  };
  return () => unet!.evaluate(inputs);
}

const notes: string[] = [];
const note = (text: string): void => void notes.push(text);
const { cache } = values;
const stores = cache && {
  derived: derivedStore({ folder: join(cache, 'derived'), note }),
  sessions: keptSessions({ folder: join(cache, 'sessions'), note }),
};
let [loadStart, load] = [0, 0];
let loaded = [0, 0, 0];
const runtime = createRuntime({
  threads: Number(values.threads),
  precision: precisionOf(values.precision, 'cpu'),
  ...(stores || {}),
  onLoad: () => {
    loadStart = performance.now();
  },
  onLoaded: () => {
    load = seconds(loadStart);
    loaded = [memory('VmRSS'), memory('RssFile'), memory('VmHWM')];
  },
});
const seconds = (since: number): number => Math.round(performance.now() - since) / 1000;

const evaluate = await prepare(runtime);
let result = await evaluate();
const times: number[] = [];
for (let i = 0; i < Number(values.runs); i++) {
  const began = performance.now();
  result = await evaluate();
  times.push(seconds(began));
}
if (values.save) writeFileSync(values.save, new Uint8Array(result.data.buffer, result.data.byteOffset, result.data.byteLength));
console.log(
  JSON.stringify({
    contender: 'darkroom',
    config: positionals[0],
    threads: Number(values.threads),
    load,
    times,
    best: Math.min(...times),
    loaded: { rss: loaded[0], mapped: loaded[1], peak: loaded[2] },
    rss: memory('VmRSS'),
    mapped: memory('RssFile'),
    peak: memory('VmHWM'),
    notes,
  }),
);
await runtime.close();
