// npm run fuzz: runs each parser on inputs that are mutated towards new code, and keeps those that
// it fails on.  npm run fuzz -- [PARSER …] [--seconds 600] [--seed 1] [--out FILE]
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleTarget } from './bundle.ts';
import { judge } from './judge.ts';
import { minimise } from './minimise.ts';
import { PARSERS, type Parser } from './parsers.ts';
import { type FuzzFigures, runFuzzer } from './run-fuzzer.ts';
import type { FuzzTarget } from './target.ts';

interface ParserResult extends FuzzFigures {
  readonly parser: string;
  readonly seconds: number;
  readonly findings: readonly string[];
}

const NICE = 10;
const MAX_BYTES = 4096;
const WORK = fileURLToPath(new URL('../../.cache/fuzz', import.meta.url));
const KEPT = fileURLToPath(new URL('./findings', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: join(WORK, 'results.json') },
  },
});
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
const parsers = positionals.length > 0 ? positionals : Object.keys(PARSERS);
const unknown = parsers.filter((name) => !Object.hasOwn(PARSERS, name));
if (unknown.length > 0 || !(seconds >= 1)) {
  console.error(`usage: npm run fuzz -- [PARSER …] [--seconds 600] [--seed 1] [--out FILE]
parsers: ${Object.keys(PARSERS).join(', ')}`);
  process.exit(2);
}
setPriority(0, NICE);
const results: ParserResult[] = [];
for (const name of parsers) {
  const result = await fuzz(name as Parser);
  results.push(result);
  mkdirSync(WORK, { recursive: true });
  writeFileSync(values.out, `${JSON.stringify(results, undefined, 2)}\n`);
  print(result);
}
// targets may have opened servers
process.exit(results.some(({ findings }) => findings.length > 0) ? 1 : 0);

async function fuzz(name: Parser): Promise<ParserResult> {
  const folder = join(WORK, name);
  const found = join(folder, 'findings');
  rmSync(found, { recursive: true, force: true });
  mkdirSync(join(folder, 'corpus'), { recursive: true });
  const target = await PARSERS[name]();
  for (const seed of [...(await target.seeds()), ...keptInputs(name)])
    writeFileSync(join(folder, 'corpus', sha1(seed)), seed);
  const module = join(folder, 'bundle.mjs');
  const figures = await runFuzzer({
    ...(await bundleTarget(name, module)),
    ...{ module, seconds, seed, findings: found, corpus: join(folder, 'corpus') },
    maxBytes: target.maxBytes ?? MAX_BYTES,
  });
  return { parser: name, seconds, ...figures, findings: await keepFindings(name, target, found) };
}

/**
 * Shortens the findings and adds them to those that the tests run; what was slow only because it
 * was instrumented is none. Returns what they are.
 */
async function keepFindings(name: Parser, target: FuzzTarget, found: string): Promise<string[]> {
  await target.prepare?.();
  const keys = readdirSync(found).filter((file) => !file.endsWith('.txt'));
  const kept: string[] = [];
  for (const key of keys) {
    const input = readFileSync(join(found, key));
    const isWhole = key === 'hang' || key === 'thread-ended';
    if (key === 'stall' && !(await judge(target, input))) continue;
    const shortest = isWhole ? input : await minimise(target, input, key);
    mkdirSync(join(KEPT, name), { recursive: true });
    writeFileSync(join(KEPT, name, key), shortest);
    console.log(`${name}: ${key} (${shortest.length} bytes)`);
    console.log(readFileSync(join(found, `${key}.txt`), 'utf8').replace(/^/gm, '    '));
    kept.push(key);
  }
  return kept;
}

function keptInputs(name: string): Buffer[] {
  const folder = join(KEPT, name);
  return existsSync(folder)
    ? readdirSync(folder).map((file) => readFileSync(join(folder, file)))
    : [];
}

function sha1(data: Buffer | string): string {
  return createHash('sha1').update(data).digest('hex');
}

function print(result: ParserResult): void {
  const { parser, executions, perSecond, coverageBefore, coverage, corpus, findings } = result;
  console.log(
    `${parser.padEnd(20)} ${executions} runs, ${perSecond}/s, ` +
      `coverage ${coverageBefore} → ${coverage}, corpus ${corpus}, ${findings.length} findings`,
  );
}
