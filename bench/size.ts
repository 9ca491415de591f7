// npm run bench:size -- FILE… [--part unet|vae|controlnet|upscaler] [--pixels N] [--rows N]
// [--evaluations N] [--rounds N] [--ours NAMES] [--cache DIR] [--python PATH --comfy DIR [--others
// NAMES]] [--under CMD]: full-size networks (make-checkpoints.ts writes files of random numbers):
// seconds to load, seconds of an evaluation, peak memory; each round in fresh processes, one after
// another. NAMES of ours: plain, kept (weights and sessions stored in DIR), int8. With a Python
// that has torch and ComfyUI's sources: the same with ComfyUI's modules on the same numbers
// (size.py: fused, default, bf16, openvino, openvino-bf16), interleaved with ours, and the distance
// of the results from the first of them. Evaluations: the median of those after the first of a
// process, where there are more. `--under`: a command that starts each process.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { identify } from '../src/formats/identify/identify.ts';
import { openModelFile } from '../src/formats/model-file.ts';
import { openSafetensors } from '../src/formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../src/formats/safetensors/safetensors-write.ts';
import { controlNetConfig } from '../src/models/controlnet/config.ts';
import { unetConfig } from '../src/models/unet/config.ts';
import { weightsOf } from '../src/models/weights/tensors.ts';
import { prepareNoise } from '../src/random/prepare-noise.ts';
import { ALLOCATOR_ENVIRONMENT } from '../src/runtime/memory.ts';
import { type Tensor, tensor } from '../src/tensor/tensor.ts';

/** The output of a measured process. */
interface Measured {
  readonly load: number;
  readonly times: readonly number[];
  /** Peak of resident bytes, and of anonymous ones. */
  readonly peak: number;
  readonly anonymous: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    part: { type: 'string', default: 'unet' },
    pixels: { type: 'string', default: '512' },
    rows: { type: 'string', default: '1' },
    evaluations: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '1' },
    ours: { type: 'string', default: 'plain' },
    cache: { type: 'string' },
    others: { type: 'string', default: 'fused' },
    python: { type: 'string' },
    comfy: { type: 'string' },
    under: { type: 'string' },
  },
});
const [cells, rows, evaluations, rounds] = [
  Number(values.pixels) / 8,
  ...[values.rows, values.evaluations, values.rounds].map(Number),
];

const median = (of: readonly number[]): number => [...of].sort((a, b) => a - b)[of.length >> 1];
const gb = (bytes: number): string => (bytes / 1e9).toFixed(1);

/** Inputs of a part, the same in every run. */
async function inputsOf(file: string): Promise<Record<string, Tensor>> {
  const normal = (seed: number, ...shape: number[]): Tensor => prepareNoise(shape, seed);
  if (values.part === 'upscaler') {
    const x = normal(1, rows, 8 * cells, 8 * cells, 3);
    return { pixels: tensor(x.shape, x.data.map(sigmoid)) };
  }
  if (values.part === 'vae') return { z: normal(1, rows, 4, cells, cells) };
  const { tensors, close } = await openModelFile(file);
  await close();
  const found = identify(tensors);
  const { contextDim, admChannels } =
    found.kind === 'controlnet'
      ? controlNetConfig(weightsOf(file, tensors, found.prefix))
      : unetConfig(weightsOf(file, tensors, 'denoiser' in found ? found.denoiser.prefix : ''));
  return {
    x: normal(1, rows, 4, cells, cells),
    timesteps: tensor(
      [rows],
      Float32Array.from({ length: rows }, (_, i) => 500 - 100 * i),
    ),
    context: normal(2, rows, 77, contextDim),
    ...(admChannels > 0 && { y: normal(3, rows, admChannels) }),
    ...(found.kind === 'controlnet' && {
      hint: tensor(
        [1, 3, 8 * cells, 8 * cells],
        normal(4, 1, 3, 8 * cells, 8 * cells).data.map(sigmoid),
      ),
    }),
  };
}

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

function measure(command: readonly string[], job: readonly string[]): Measured {
  const [program, ...rest] = [...(values.under?.split(' ') ?? []), ...command, ...job];
  const said = execFileSync(program, rest, {
    env: { ...ALLOCATOR_ENVIRONMENT, ...process.env },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  return JSON.parse(said.trim().split('\n').at(-1)!) as Measured;
}

/** Root mean square of the differences over all results, relative to that of the second. */
async function distance(own: string, reference: string): Promise<number> {
  const [a, b] = [await openSafetensors(own), await openSafetensors(reference)];
  let [differences, squares] = [0, 0];
  for (const name of b.tensors.keys()) {
    const [x, y] = [(await a.read(name)).data, (await b.read(name)).data];
    if (x.length !== y.length)
      throw new Error(`internal: ${name} has ${x.length} values, the reference ${y.length}`);
    for (let i = 0; i < y.length; i++) {
      differences += (x[i] - y[i]) ** 2;
      squares += y[i] ** 2;
    }
  }
  await Promise.all([a.close(), b.close()]);
  return Math.sqrt(differences / squares);
}

const root = mkdtempSync(join(tmpdir(), 'darkroom-bench-size-'));
const here = import.meta.dirname;

interface Program {
  readonly name: string;
  readonly command: readonly string[];
}

/** Ours, then the others. */
function programs(): Program[] {
  const { ours, others, python, comfy, cache = join(root, 'cache') } = values;
  const own = (name: string): Program => ({
    name: `Darkroom, ${name}`,
    command: [process.execPath, '--import', 'tsx', join(here, 'size-measure.ts'), name, cache],
  });
  const other = (name: string): Program => ({
    name,
    command: [python!, join(here, 'size.py'), comfy!, name],
  });
  return [...ours.split(',').map(own), ...(python && comfy ? others.split(',').map(other) : [])];
}

async function compare(file: string): Promise<void> {
  const inputs = join(root, 'inputs.safetensors');
  const given = await inputsOf(file);
  await writeSafetensors(
    inputs,
    Object.fromEntries(
      Object.entries(given).map(([name, { shape, data }]) => [name, { dtype: 'F32', shape, data }]),
    ),
  );
  const runs = programs().map((program, i) => ({
    ...program,
    output: join(root, `${i}.safetensors`),
    measured: [] as Measured[],
  }));
  for (let round = 0; round < rounds; round++)
    for (const { name, command, output, measured } of runs)
      try {
        measured.push(measure(command, [file, values.part, inputs, output, String(evaluations)]));
      } catch (error) {
        console.error(`${name}: ${(error as Error).message}`);
      }
  const ended = runs.filter(({ measured }) => measured.length > 0);
  const reference = ended.find(({ name }) => !name.startsWith('Darkroom'));
  const secondsOf = ({ measured }: { measured: readonly Measured[] }): number =>
    median(measured.flatMap(({ times }) => (times.length > 1 ? times.slice(1) : times)));
  for (const run of ended) {
    const of = (what: 'load' | 'peak' | 'anonymous'): number =>
      median(run.measured.map((one) => one[what]));
    const ratio = reference ? (secondsOf(run) / secondsOf(reference)).toFixed(2) : '';
    const error =
      reference && run !== reference
        ? (await distance(run.output, reference.output)).toExponential(1)
        : '';
    const times = [of('load').toFixed(1), secondsOf(run).toFixed(2), ratio];
    console.log(
      '| ' +
        `${[basename(file), values.part, values.pixels, rows, run.name, ...times, gb(of('peak')), gb(of('anonymous')), error].join(' | ')} ` +
        '|',
    );
  }
}

try {
  console.log(
    `${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.versions.node}; ` +
      `${values.rounds} rounds, ${evaluations} evaluations each\n`,
  );
  console.log(
    '| file | part | px | rows | program | load, s | evaluation, s | ratio | peak memory, GB | ' +
      'of it anonymous | relative RMS error |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|---|---|');
  for (const file of positionals) await compare(file);
} finally {
  rmSync(root, { recursive: true });
}
