// npm run bench:size -- FILE… [--part unet|transformer|encoder|vae|controlnet|upscaler] [--pixels N]
// [--tokens N] [--rows N] [--evaluations N] [--rounds N] [--ours NAMES] [--cache DIR] [--python PATH
// --comfy DIR [--others NAMES]] [--reference NAME or FILE] [--outputs DIR] [--under CMD]: full-size
// networks (make-checkpoints.ts writes files of random numbers): seconds to load, seconds of an
// evaluation, peak memory; each round in fresh processes, one after another. NAMES of ours: plain,
// streamed (float32 that reads its weights from the file in each evaluation), kept (weights and
// sessions stored in DIR), int8 (prepared in DIR), int8-kept (both). With a Python that has torch
// and ComfyUI's sources: the same with ComfyUI's modules on the same numbers (size.py: fused,
// default, bf16, openvino, openvino-bf16), interleaved with ours, and the distance of the results
// from the first of them, from another program of this run, or from the file of an earlier one.
// Evaluations: the median of those after the first of a process, where there are more. `--outputs`:
// keeps the results. `--under`: a command that starts each process.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSafetensors } from '../src/formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../src/formats/safetensors/safetensors-write.ts';
import { ALLOCATOR_ENVIRONMENT } from '../src/runtime/memory.ts';
import { INPUTS } from './size-inputs.ts';

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
    tokens: { type: 'string', default: '77' },
    rows: { type: 'string', default: '1' },
    evaluations: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '1' },
    ours: { type: 'string', default: 'plain' },
    cache: { type: 'string' },
    others: { type: 'string', default: 'fused' },
    python: { type: 'string' },
    comfy: { type: 'string' },
    reference: { type: 'string' },
    outputs: { type: 'string' },
    under: { type: 'string' },
  },
});
const [pixels, tokens, rows, evaluations, rounds] = [
  values.pixels,
  values.tokens,
  values.rows,
  values.evaluations,
  values.rounds,
].map(Number);

const median = (of: readonly number[]): number => [...of].sort((a, b) => a - b)[of.length >> 1];
const gb = (bytes: number): string => (bytes / 1e9).toFixed(1);

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
  readonly isOwn: boolean;
  readonly command: readonly string[];
}

/** Ours, then the others. */
function programs(): Program[] {
  const { ours, others, python, comfy, cache = join(root, 'cache') } = values;
  const own = (name: string): Program => ({
    name,
    isOwn: true,
    command: [process.execPath, '--import', 'tsx', join(here, 'size-measure.ts'), name, cache],
  });
  const other = (name: string): Program => ({
    name,
    isOwn: false,
    command: [python!, join(here, 'size.py'), comfy!, name],
  });
  const named = (list: string): string[] => list.split(',').filter(Boolean);
  return [...named(ours).map(own), ...(python && comfy ? named(others).map(other) : [])];
}

async function compare(file: string): Promise<void> {
  const inputs = join(root, 'inputs.safetensors');
  const given = await INPUTS[values.part](file, { rows, pixels, tokens });
  await writeSafetensors(
    inputs,
    Object.fromEntries(
      Object.entries(given).map(([name, { shape, data }]) => [name, { dtype: 'F32', shape, data }]),
    ),
  );
  const outputs = values.outputs ?? root;
  mkdirSync(outputs, { recursive: true });
  const runs = programs().map((program) => ({
    ...program,
    output: join(outputs, `${basename(file)}-${pixels}-${program.name}.safetensors`),
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
  const compared = ended.find(({ isOwn }) => !isOwn);
  const { reference = compared?.name ?? '' } = values;
  const referenceFile = ended.find(({ name }) => name === reference)?.output ?? reference;
  for (const run of ended) {
    const of = (what: 'load' | 'peak' | 'anonymous'): number =>
      median(run.measured.map((one) => one[what]));
    const ratio = compared ? (secondsOf(run) / secondsOf(compared)).toFixed(2) : '';
    const error =
      referenceFile && run.output !== referenceFile
        ? (await distance(run.output, referenceFile)).toExponential(1)
        : '';
    const cells = [
      ...[basename(file), values.part, values.pixels, rows],
      run.isOwn ? `Darkroom, ${run.name}` : run.name,
      ...[of('load').toFixed(1), secondsOf(run).toFixed(2), ratio],
      ...[gb(of('peak')), gb(of('anonymous')), error],
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

/** The median of the evaluations after the first of each process. */
const secondsOf = ({ measured }: { measured: readonly Measured[] }): number =>
  median(measured.flatMap(({ times }) => (times.length > 1 ? times.slice(1) : times)));

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
