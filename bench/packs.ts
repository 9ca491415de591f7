// npm run bench:packs: what packs cost at the start of the built command line, with 0, 10 and 100
// packs of five nodes each whose run() imports a module of 80 kB that is not needed here. The first
// start compiles them; the others are medians, interleaved.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-packs-'));
const main = join(root, 'dist', 'cli', 'main.js');
const RUNS = 9;
const NODES = 5;
const env = { ...process.env, DARKROOM_CACHE: join(folder, 'cache') };

const nodeOf = (pack: number, i: number): string => `defineNode({
  type: 'Bench${pack}n${i}',
  display: 'Bench',
  category: 'bench',
  inputs: { image: socket('IMAGE'), amount: float({ default: 1 }), mode: combo(['a', 'b']) },
  outputs: [output('IMAGE')],
  run: async ({ image, amount }) => outputs((await import('./heavy.ts')).apply(image, amount)),
})`;

function writePack(path: string, pack: number): void {
  mkdirSync(path, { recursive: true });
  const nodes = Array.from({ length: NODES }, (_, i) => nodeOf(pack, i));
  const helpers = 'combo, defineNode, definePack, float, output, outputs, socket';
  writeFileSync(
    join(path, 'pack.ts'),
    `import { ${helpers} } from 'darkroom-engine/pack';\n` +
      `export default definePack({ title: 'Bench ${pack}', api: '1.0', nodes: [${nodes.join(', ')}] });\n`,
  );
  const table = Array.from({ length: 20_000 }, (_, i) => i % 997).join(',');
  writeFileSync(
    join(path, 'heavy.ts'),
    `export const TABLE: readonly number[] = [${table}];\nexport const apply = <T>(x: T): T => x;\n`,
  );
}

function seconds(args: readonly string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    env,
  });
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return (performance.now() - began) / 1000;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1];

const measured = [0, 10, 100].map((count) => {
  const packs = join(folder, `packs-${count}`);
  mkdirSync(packs);
  for (let i = 0; i < count; i++) writePack(join(packs, `bench-${i}`), i);
  const args = ['nodes', 'list', '--quiet', ...(count > 0 ? ['--nodes', packs] : [])];
  return { count, args, first: seconds(args), times: [] as number[] };
});
for (let run = 0; run < RUNS; run++)
  for (const { args, times } of measured) times.push(seconds(args));
rmSync(folder, { recursive: true });

console.log(`${cpus().length} x ${cpus()[0].model}, Node ${process.versions.node}\n`);
console.log('| packs | nodes of packs | first start, s | later starts, s |\n|---|---|---|---|');
for (const { count, first, times } of measured)
  console.log(
    `| ${count} | ${count * NODES} | ${first.toFixed(2)} | ${median(times).toFixed(2)} |`,
  );
