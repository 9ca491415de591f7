// npm run bench:start: start time of the built command line: version and help, an image with the
// embedded model in a fresh process, and the same with its results in a --cache. Medians,
// interleaved; `node -e 0` is Node's own start.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-start-'));
const main = join(root, 'dist', 'cli', 'main.js');
const picture = [
  main,
  'run',
  join(root, 'examples', 'text-to-image.json'),
  '--output',
  join(folder, 'output'),
  '--quiet',
];
const cached = [...picture, '--cache', join(folder, 'cache')];

interface Measured {
  readonly name: string;
  readonly args: readonly string[];
  readonly runs: number;
  readonly times: number[];
}

const MEASURED: readonly Measured[] = [
  { name: 'node -e 0', args: ['-e', '0'], runs: 20, times: [] },
  { name: 'darkroom --version', args: [main, '--version'], runs: 20, times: [] },
  { name: 'darkroom --help', args: [main, '--help'], runs: 20, times: [] },
  { name: 'darkroom nodes', args: [main, 'nodes'], runs: 5, times: [] },
  { name: 'darkroom run text-to-image', args: picture, runs: 5, times: [] },
  { name: 'the same, its results in --cache', args: cached, runs: 5, times: [] },
];

function seconds(args: readonly string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return (performance.now() - began) / 1000;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1];

// unpacks the model and fills the cache
seconds(cached);
for (let run = 0; run < 20; run++)
  for (const { args, runs, times } of MEASURED) if (run < runs) times.push(seconds(args));
rmSync(folder, { recursive: true });

console.log(`${cpus().length} x ${cpus()[0].model}, Node ${process.versions.node}\n`);
console.log('| command | s | runs |\n|---|---|---|');
for (const { name, runs, times } of MEASURED)
  console.log(`| ${name} | ${median(times).toFixed(3)} | ${runs} |`);
