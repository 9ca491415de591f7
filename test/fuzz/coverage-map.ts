// The counters of the instrumented modules, and which of their values have been seen.
import { workerData } from 'node:worker_threads';
import type { LoopOptions } from './loop-protocol.ts';

const { counters: size } = workerData as LoopOptions;
const counters = new Uint8Array(Math.ceil((size + 1) / 4) * 4);
Object.assign(globalThis, { $counters: counters });

const words = new Uint32Array(counters.buffer);
/** Bits by counter: how often it was reached in one run, in steps. */
const seen = new Uint8Array(counters.length);
const STEPS = Uint8Array.from({ length: 256 }, (_, count) =>
  count === 0 ? 0 : 1 << [2, 3, 4, 8, 16, 32, 128, 256].findIndex((limit) => count < limit),
);

export const resetCounters = (): void => void counters.fill(0);

/** Whether the last run reached something new, or more often than before; remembers it. */
export function sawNew(): boolean {
  let isNew = false;
  for (let word = 0; word < words.length; word++) {
    if (words[word] === 0) continue;
    for (let at = word * 4; at < word * 4 + 4; at++) {
      const step = STEPS[counters[at]];
      if ((seen[at] | step) === seen[at]) continue;
      seen[at] |= step;
      isNew = true;
    }
  }
  return isNew;
}

/** The number of branches that have been reached. */
export const branchesReached = (): number => seen.reduce((sum, bits) => sum + (bits ? 1 : 0), 0);
