// How much memory there is: of the machine, or of the container that this process may not leave; and how much loading a network takes.
import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

export interface Memory {
  /** Bytes that this process may use at most. */
  limit(): number;
  /** Bytes that it could still take; what the system gives back at once (its cache of files) counts. */
  available(): number;
}

/**
 * Environment of a process that opens networks. Left to itself, glibc keeps nearly all that a closed network had; weights in mappings of their
 * own are given back at once. Other systems don't look at it.
 */
export const ALLOCATOR_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_MMAP_THRESHOLD_: String(2 ** 20),
};

/** Buffers while loading, as a share of the weights. */
const BUFFERS = 0.03;

/** Bytes that loading a network takes at its peak. `weights`: as float32; `twice`: those of them that are laid out anew. */
export const loadPeak = ({
  weights,
  twice,
}: {
  readonly weights: number;
  readonly twice: number;
}): number => Math.round(weights * (1 + BUFFERS) + twice);

/** The memory of this machine or container. */
export const systemMemory: Memory = {
  limit: () => {
    const constrained = process.constrainedMemory();
    // without a limit it is 0, unknown, or more than there is
    return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
  },
  available: () => {
    const left = systemMemory.limit() - process.memoryUsage.rss();
    // elsewhere the system's own figure leaves out what it would give back
    if (process.platform !== 'linux') return left;
    // Node's own figure counts mapped files against a container's limit, which gives them back; free memory of the machine is the other bound
    const anonymous = statusBytes('RssAnon');
    return Math.min(
      anonymous === undefined ? left : systemMemory.limit() - anonymous,
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

/** 5.1 GB, 340 MB, 12 kB */
export const inUnits = (bytes: number): string =>
  bytes >= 0.95e9
    ? `${(bytes / 1e9).toFixed(1)} GB`
    : bytes >= 0.95e6
      ? `${Math.round(bytes / 1e6)} MB`
      : `${Math.ceil(bytes / 1e3)} kB`;
