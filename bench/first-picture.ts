// npm run bench:first [-- --python PATH --comfy DIR]: time to the first image in a fresh process,
// seconds per step and peak memory, with the embedded model. Each figure is the median of RUNS
// fresh processes of the built command line; memory is read from /proc (Linux). With a Python that
// has torch and ComfyUI's sources: the time to import its nodes (it cannot load a model of these
// sizes), interleaved with ours.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const RUNS = 5;
const WORKFLOWS = ['text-to-image', 'base-and-refiner', 'image-to-image', 'inpaint'];
const root = join(import.meta.dirname, '..');

interface Figures {
  readonly total: number;
  readonly perStep: number;
  readonly peak: number;
}

/** Peak resident memory of a process and its children, in MB. */
function peakMemory(pid: number): number {
  const status = (p: string): string => {
    try {
      return readFileSync(`/proc/${p}/status`, 'utf8');
    } catch {
      return '';
    }
  };
  const family = readdirSync('/proc').filter(
    (p) => p === String(pid) || status(p).includes(`PPid:\t${pid}\n`),
  );
  return family.reduce(
    (sum, p) => sum + Number(/VmHWM:\s+(\d+)/.exec(status(p))?.[1] ?? 0) / 1024,
    0,
  );
}

const { values } = parseArgs({
  options: { python: { type: 'string' }, comfy: { type: 'string' } },
});
const output = mkdtempSync(join(tmpdir(), 'darkroom-bench-'));

const ours = (workflow: string): string[] => {
  const inputs = ['--input', 'examples/input', '--output', output, '--json'];
  return [process.execPath, 'dist/cli/main.js', 'run', `examples/${workflow}.json`, ...inputs];
};

/**
 * ComfyUI up to the point where it would load a checkpoint, without its server and its extra nodes.
 */
const comfy = (python: string, folder: string): string[] => {
  const script = `import sys; sys.argv = ['comfy', '--cpu']; sys.path.insert(0, ${JSON.stringify(folder)})
import comfy.options; comfy.options.enable_args_parsing(); import nodes`;
  return [python, '-c', script];
};

async function measure([program, ...args]: readonly string[]): Promise<Figures> {
  const started = performance.now();
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const steps: number[] = [];
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, peakMemory(child.pid as number));
  }, 50);
  let last = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue;
    const event = JSON.parse(line);
    const now = performance.now();
    if (event.type === 'progress' && event.step > 1) steps.push((now - last) / 1000);
    last = now;
  }
  clearInterval(watch);
  if (child.exitCode)
    throw new Error(`${program} ${args.join(' ')} ended with exit status ${child.exitCode}`);
  return { total: (performance.now() - started) / 1000, perStep: median(steps), peak };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

console.log(
  `${cpus().length} x ${cpus()[0].model}, Node ${process.versions.node}, ${RUNS} runs each, in ` +
    'turn\n',
);
console.log('| workflow | first picture, s | s per step | peak memory, MB |\n|---|---|---|---|');
const commands = new Map(WORKFLOWS.map((name) => [name, ours(name)]));
if (values.python && values.comfy)
  commands.set('ComfyUI: its nodes imported', comfy(values.python, values.comfy));
const figures = new Map<string, Figures[]>([...commands.keys()].map((name) => [name, []]));
for (let run = 0; run < RUNS; run++)
  for (const [name, command] of commands) figures.get(name)!.push(await measure(command));
for (const [name, list] of figures) {
  const column = (pick: (f: Figures) => number): number => median(list.map(pick));
  const step = list[0].perStep ? column((f) => f.perStep).toFixed(3) : '';
  console.log(
    `| ${name} | ${column((f) => f.total).toFixed(2)} | ${step} | ` +
      `${column((f) => f.peak).toFixed(0)} |`,
  );
}
rmSync(output, { recursive: true });
