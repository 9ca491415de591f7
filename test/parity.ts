// npm run parity: runs the test suite and writes docs/parity.md, the table of every tensor compared
// with the originals. With a folder as argument it takes what a run with DARKROOM_PARITY=FOLDER
// left there instead of running the suite again. The section on real weights is from the last
// npm run real-files.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Figure, realWeightsSection } from './real/figure.ts';

interface Row {
  readonly family: string;
  readonly group: string;
  readonly id: string;
  /** Worst absolute difference; null (Infinity in JSON) for a shape or NaN mismatch. */
  readonly worst: number | null;
  readonly bound: number;
}

function groupBy(list: readonly Row[], key: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of list) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return groups;
}

const given = process.argv[2];
const folder = given ?? mkdtempSync(join(tmpdir(), 'darkroom-parity-'));
const env = { ...process.env, DARKROOM_PARITY: folder };
const status = given
  ? 0
  : spawnSync('npx', ['vitest', 'run', '--reporter=dot'], { stdio: 'inherit', env }).status;
const rows = readdirSync(folder).flatMap((file) =>
  readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row),
);
if (!given) rmSync(folder, { recursive: true });

// test files report in no fixed order
rows.sort((a, b) => a.id.localeCompare(b.id));
const groups = groupBy(rows, (row) => `${row.family}/${row.group}`);
const share = (row: Row): number =>
  row.worst === null
    ? Number.POSITIVE_INFINITY
    : row.bound
      ? row.worst / row.bound
      : row.worst && Number.POSITIVE_INFINITY;
const worstOf = (list: readonly Row[]): Row => list.reduce((a, b) => (share(b) > share(a) ? b : a));
const show = (n: number | null): string =>
  n === null ? 'mismatch' : n === 0 ? '0' : n.toExponential(1);

const summary = [
  '| group | cases | tensors | worst case | difference | bound |',
  '|---|---|---|---|---|---|',
];
const details: string[] = [];
for (const [name, list] of [...groups].sort(([a], [b]) => a.localeCompare(b))) {
  const cases = groupBy(list, (row) => row.id);
  const worst = worstOf(list);
  summary.push(
    `| ${name} | ${cases.size} | ${list.length} | ${worst.id} | ${show(worst.worst)} | ` +
      `${show(worst.bound)} |`,
  );
  details.push(
    `<details><summary>${name}</summary>`,
    '',
    '| case | worst difference | bound |',
    '|---|---|---|',
  );
  for (const [id, tensors] of cases) {
    const row = worstOf(tensors);
    details.push(`| ${id.replaceAll('|', '\\|')} | ${show(row.worst)} | ${show(row.bound)} |`);
  }
  details.push('', '</details>', '');
}

const figures = JSON.parse(
  readFileSync(join(import.meta.dirname, 'real', 'figures.json'), 'utf8'),
) as Figure[];

writeFileSync(
  join(import.meta.dirname, '..', 'docs', 'parity.md'),
  `# Parity with the originals

Written by \`npm run parity\` from one run of the test suite. The references were made by ComfyUI v0.3.64 and the node packs on a CPU in fp32; those of
\`core_nodes/later\`, \`gligen\`, \`lora/bypass\`, \`lora/extract\`, \`lora/kinds\` and \`vision/photomaker\` by ComfyUI 0.33.0, files of \`image_files\` by Pillow 13.0 in v0.3.64.
A tensor passes when no value differs by more than max(2e-6, 1e-5 x the reference's largest value, 10 x the difference between two runs of the
original with other summation orders); a bound of 0 means that the values must be equal. The row of a case is its tensor nearest to its bound.

${realWeightsSection(figures)}
## Tensors of the test suite

${summary.join('\n')}

${details.join('\n')}`,
);
process.exitCode = status ?? 1;
