// The loop of the fuzzer, in a thread of its own: changes an input of the corpus, runs it, and adds
// it to the corpus when it reached new branches.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { seeded } from '../support/seeded.ts';
import { branchesReached, resetCounters, sawNew } from './coverage-map.ts';
import { judge, type Verdict } from './judge.ts';
import { HEADER_BYTES, type LoopFigures, type LoopOptions, saveFinding } from './loop-protocol.ts';
import { enlarge, mutate } from './mutate.ts';
import type { FuzzTarget } from './target.ts';

const REPORT_EVERY_MS = 1000;
/** One run in so many is repeated with an enlarged input. */
const ENLARGED = 50;
/** The share of the time that enlarged inputs may take. */
const ENLARGED_SHARE = 0.3;
/** The share of runs that change one of the latest inputs of the corpus. */
const RECENT_SHARE = 0.5;
const RECENT = 20;

export async function runLoop(target: FuzzTarget): Promise<void> {
  const options = workerData as LoopOptions;
  const random = seeded(options.seed);
  const run = createRunner(target, options);
  await target.prepare?.();
  const corpus: Buffer[] = [];
  for (const name of readdirSync(options.corpus)) {
    const input = readFileSync(join(options.corpus, name));
    await run(input);
    corpus.push(input);
    sawNew();
  }
  const words = [...(target.dictionary ?? []), ...options.words].map((word) => Buffer.from(word));
  const own = words.slice(0, target.dictionary?.length ?? 0);
  const coverageBefore = branchesReached();
  const started = Date.now();
  let enlargedMs = 0;
  let executions = corpus.length;
  let reportAt = 0;
  const report = (): void => {
    const coverage = branchesReached();
    const figures: LoopFigures = { executions, coverageBefore, coverage, corpus: corpus.length };
    parentPort!.postMessage(figures);
    reportAt = Date.now() + REPORT_EVERY_MS;
  };
  const pick = (): Buffer => {
    const recent = random() < RECENT_SHARE ? Math.min(RECENT, corpus.length) : corpus.length;
    return corpus[corpus.length - 1 - Math.floor(random() * recent)];
  };
  while (Date.now() < options.end) {
    const list = random() < 0.7 && own.length > 0 ? own : words;
    const input = mutate(pick(), random, list, pick(), options.maxBytes);
    const pending = run(input);
    if (pending) await pending;
    executions++;
    if (sawNew()) {
      corpus.push(input);
      const name = createHash('sha1').update(input).digest('hex');
      writeFileSync(join(options.corpus, name), input);
    }
    if (executions % ENLARGED === 0 && enlargedMs < ENLARGED_SHARE * (Date.now() - started)) {
      enlargedMs -= Date.now();
      await run(enlarge(input));
      enlargedMs += Date.now();
    }
    if (Date.now() >= reportAt) report();
  }
  report();
  process.exit(0);
}

/** Runs an input, and writes it to the findings when something is wrong. */
function createRunner(
  target: FuzzTarget,
  { current, findings }: LoopOptions,
): (input: Buffer) => Promise<void> | undefined {
  const header = new Int32Array(current, 0, HEADER_BYTES / 4);
  const bytes = new Uint8Array(current, HEADER_BYTES);
  const note = (input: Buffer, verdict: Verdict | undefined): void => {
    if (verdict) saveFinding(findings, input, verdict);
  };
  return (input) => {
    bytes.set(input.subarray(0, bytes.length));
    header[1] = Math.min(input.length, bytes.length);
    Atomics.add(header, 0, 1);
    resetCounters();
    const verdict = judge(target, input);
    if (verdict instanceof Promise) return verdict.then((found) => note(input, found));
    note(input, verdict);
    return undefined;
  };
}
