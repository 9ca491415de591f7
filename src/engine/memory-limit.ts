// The memory that the nodes of an engine process may still allocate.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Memory, SPARE_BYTES } from '../runtime/memory.ts';
import type { AvailableBytes } from '../tensor/allocate.ts';

/**
 * When less than this share of the memory is free, garbage is collected before that is believed.
 */
const COLLECT_SHARE = 0.5;
/** Garbage is collected at most once in this time. */
const COLLECT_MS = 1000;

/**
 * Returns a function for `limitAllocations`. Memory that was allocated and not written to yet
 * counts as used.
 */
export function createMemoryLimit(
  memory: Memory,
  now = (): number => performance.now(),
): AvailableBytes {
  let collectedAt = Number.NEGATIVE_INFINITY;
  const free = (): number =>
    Math.min(memory.available(), memory.limit() - process.memoryUsage().arrayBuffers) - SPARE_BYTES;
  return () => {
    const before = free();
    if (before > COLLECT_SHARE * memory.limit() || now() - collectedAt < COLLECT_MS) return before;
    collectedAt = now();
    collectGarbage();
    return free();
  };
}

let gc: (() => void) | undefined;

/** Tensors that are no longer used hold their memory until this is done. */
function collectGarbage(): void {
  if (gc === undefined) {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc') as () => void;
  }
  // the second one waits until the arrays that the first one found are freed
  gc();
  gc();
}
