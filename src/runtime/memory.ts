// How much memory there is, in the machine or in the container of this process, and how much
// loading a network takes.
import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

export interface Memory {
  /** Bytes that this process may use at most. */
  limit(): number;
  /**
   * Bytes that it could still allocate, including what the system releases at once (its file
   * cache).
   */
  available(): number;
}

/** Bytes left free for this program and for others. */
export const SPARE_BYTES = 2 ** 28;

/**
 * Environment variables of a process that opens networks. By default glibc keeps nearly all memory
 * that a closed network had allocated; allocations in mappings of their own are released at once.
 * Other systems ignore the variable.
 */
export const ALLOCATOR_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_MMAP_THRESHOLD_: String(2 ** 20),
};

/** Buffers while loading, as a share of the weights. */
const BUFFER_SHARE = 0.03;

/**
 * Returns the bytes that loading a network takes at its peak. `weightBytes`: of all its weights as
 * float32; `relayoutBytes`: of those that ONNX Runtime copies into another layout.
 */
export const loadPeak = ({
  weightBytes,
  relayoutBytes,
}: {
  readonly weightBytes: number;
  readonly relayoutBytes: number;
}): number => Math.round(weightBytes * (1 + BUFFER_SHARE) + relayoutBytes);

/** The memory of this machine or container. */
export const systemMemory: Memory = {
  limit: () => {
    const constrained = process.constrainedMemory();
    // without a limit it is 0, unknown, or larger than the machine's memory
    return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
  },
  available: () => {
    const unused = systemMemory.limit() - process.memoryUsage.rss();
    // on other systems the free memory does not include what the system would release
    if (process.platform !== 'linux') return unused;
    // Node counts mapped files against a container's limit, although the system releases them;
    // the free memory of the machine is the other bound.
    const anonymous = statusBytes('RssAnon');
    return Math.min(
      anonymous === undefined ? unused : systemMemory.limit() - anonymous,
      freemem() + swapFree(),
    );
  },
};

const swapFree = (): number => bytesIn('/proc/meminfo', 'SwapFree') ?? 0;
const statusBytes = (name: string): number | undefined => bytesIn('/proc/self/status', name);

function bytesIn(file: string, name: string): number | undefined {
  try {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(
      readFileSync(file, 'utf8'),
    )?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
