// What the thread of the loop is given, and what it reports.
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Verdict } from './judge.ts';

export interface LoopOptions {
  readonly counters: number;
  /** The words of the sources, beside those of the target. */
  readonly words: readonly string[];
  readonly corpus: string;
  readonly findings: string;
  /** When to end, as Date.now() counts. */
  readonly end: number;
  readonly maxBytes: number;
  readonly seed: number;
  /** Two numbers: of the run, and the length of its input; the input follows. */
  readonly current: SharedArrayBuffer;
}

export interface LoopFigures {
  readonly executions: number;
  /** Branches that the corpus reached at the beginning, and that it reaches now. */
  readonly coverageBefore: number;
  readonly coverage: number;
  readonly corpus: number;
}

/** The bytes before the input in `current`. */
export const HEADER_BYTES = 8;

/** The shortest input of each finding is stored. */
export function saveFinding(folder: string, input: Uint8Array, { key, message }: Verdict): void {
  const file = join(folder, key);
  if (existsSync(file) && statSync(file).size <= input.length) return;
  writeFileSync(file, input);
  writeFileSync(`${file}.txt`, message);
}
