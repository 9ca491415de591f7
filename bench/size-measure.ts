// One process of size.ts: plain|streamed|kept|int8|int8-kept CACHE FILE PART INPUTS OUTPUT EVALUATIONS. Loads a
// network, evaluates it, writes its outputs and prints the figures as JSON.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { openSafetensors } from '../src/formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../src/formats/safetensors/safetensors-write.ts';
import { loadDiffusionModel } from '../src/models/checkpoint/load.ts';
import { loadTextEncoder } from '../src/models/clip/load.ts';
import { loadControlNet } from '../src/models/controlnet/load.ts';
import { isInt8Recipe } from '../src/models/layers/int8.ts';
import { createModelRuntime } from '../src/models/model-runtime.ts';
import { loadUpscaler } from '../src/models/upscaler/load.ts';
import { loadVae } from '../src/models/vae/load.ts';
import { createPrepackedStore } from '../src/models/weights/prepacked-store.ts';
import { systemMemory } from '../src/runtime/memory.ts';
import { createSessionCache } from '../src/runtime/session-cache.ts';
import type { Tensor } from '../src/tensor/tensor.ts';
import { asDenoiserInputs, type Inputs } from './size-inputs.ts';

type Evaluate = () => Promise<Readonly<Record<string, Tensor>>>;

const [variant, cache, file, part, inputsFile, output, evaluations] = process.argv.slice(2);

let [began, loading] = [0, 0];
const onNote = (text: string): void => console.error(text);
const folder = join(cache, 'derived');
/** So little that a large network's weights stay in its file. */
const STREAMED_BYTES = 3e9;
const isInt8 = variant.startsWith('int8');
const runtime = createModelRuntime({
  precision: isInt8 ? 'int8' : 'fp32',
  onNote,
  memory:
    variant === 'streamed'
      ? { ...systemMemory, available: () => Math.min(STREAMED_BYTES, systemMemory.available()) }
      : systemMemory,
  int8Weights: isInt8 ? createPrepackedStore({ folder, onNote, recipes: isInt8Recipe }) : undefined,
  prepacked: variant === 'kept' ? createPrepackedStore({ folder, onNote }) : undefined,
  sessionCache: variant.endsWith('kept')
    ? createSessionCache({ folder: join(cache, 'sessions'), onNote })
    : undefined,
  onLoad: () => {
    began = performance.now();
  },
  onLoaded: () => {
    loading += performance.now() - began;
  },
});

async function denoiser(inputs: Inputs): Promise<Evaluate> {
  const { denoiser: network } = await loadDiffusionModel(file, runtime);
  return async () => ({ out: await network.evaluate(asDenoiserInputs(inputs)) });
}

/** Evaluates a part on its inputs. */
const PARTS: Readonly<Record<string, (inputs: Inputs) => Promise<Evaluate>>> = {
  unet: denoiser,
  transformer: denoiser,
  encoder: async ({ tokens }) => {
    const encoder = await loadTextEncoder(file, runtime);
    const [rows, length] = tokens.shape;
    let evaluation = 0;
    return async () => {
      // results of equal prompts are cached
      const first = evaluation++;
      const chunks = Array.from({ length: rows }, (_, row) =>
        Array.from(tokens.data.subarray(row * length, (row + 1) * length), (id) => id + first),
      );
      const options = { layer: 'last', finalNorm: true, project: false } as const;
      return { out: (await encoder.encode(chunks, options)).hidden };
    };
  },
  vae: async ({ z }) => {
    const vae = await loadVae(file, runtime);
    return async () => ({ out: await vae.decode(z) });
  },
  upscaler: async ({ pixels }) => {
    const upscaler = await loadUpscaler(file, runtime);
    return async () => ({ out: await upscaler.upscale(pixels) });
  },
  controlnet: async (inputs) => {
    const network = await loadControlNet(file, runtime);
    const hint = await network.prepareHint(inputs['hint']);
    return async () => {
      const { output: skips, middle } = await network.evaluate({
        ...asDenoiserInputs(inputs),
        hint,
        strength: 1,
      });
      // ComfyUI's order is that of the input blocks
      const all = [...skips.toReversed(), middle];
      return Object.fromEntries(all.flatMap((t, i) => (t ? [[`${i}`, t]] : [])));
    };
  },
};

// this thread is blocked while a network loads
const shared = new SharedArrayBuffer(8);
const most = new Float64Array(shared);
const watcher = new Worker(
  `const { workerData } = require('node:worker_threads'); const { readFileSync } = require('node:fs'); const most = new Float64Array(workerData);
   setInterval(() => { const kb = Number(/RssAnon:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]); most[0] = Math.max(most[0], kb * 1024); }, 20);`,
  { eval: true, workerData: shared },
);

const opened = await openSafetensors(inputsFile);
const inputs = Object.fromEntries(
  await Promise.all(
    [...opened.tensors.keys()].map(async (name) => [name, await opened.read(name)] as const),
  ),
);
await opened.close();
const evaluate = await PARTS[part](inputs);
const times: number[] = [];
let result: Awaited<ReturnType<Evaluate>> = {};
for (let i = 0; i < Number(evaluations); i++) {
  const [started, before] = [performance.now(), loading];
  result = await evaluate();
  times.push((performance.now() - started - (loading - before)) / 1000);
}
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
await watcher.terminate();
await writeSafetensors(
  output,
  Object.fromEntries(
    Object.entries(result).map(([name, { shape, data }]) => [name, { dtype: 'F32', shape, data }]),
  ),
);
await runtime.close();
console.log(JSON.stringify({ load: loading / 1000, times, peak, anonymous: most[0] }));
