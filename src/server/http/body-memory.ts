// Reads bodies into memory. All of them together are limited.
import type { Readable } from 'node:stream';
import { errorBody, json, refuse } from './responses.ts';

/** A body in memory. `release` must be called when it is no longer needed. */
export interface BufferedBody {
  readonly bytes: Uint8Array;
  release(): void;
}

export interface BodyMemory {
  /** Reads a body. Refuses with 503 when other bodies take too much memory. */
  read(body: Readable): Promise<BufferedBody>;
}

const MAX_BYTES = 256 * 1024 * 1024;
const FIRST_BYTES = 16 * 1024;

/** `maxBytes` limits all bodies together. */
export function createBodyMemory(maxBytes = MAX_BYTES): BodyMemory {
  let used = 0;
  return {
    read: async (body) => {
      let reserved = 0;
      const reserve = (bytes: number): void => {
        if (used + bytes - reserved > maxBytes) refuse(BUSY);
        used += bytes - reserved;
        reserved = bytes;
      };
      try {
        return { bytes: await collect(body, reserve), release: () => reserve(0) };
      } catch (error) {
        reserve(0);
        throw error;
      }
    },
  };
}

const BUSY = {
  ...json(
    errorBody('server_busy', 'the server reads too many large requests', 'Try again later.'),
    503,
  ),
  headers: { 'retry-after': '5' },
};

/**
 * The bytes of a stream, copied to one buffer, because a list of chunks can take far more memory
 * than its bytes. `reserve` is called with each new size of the buffer.
 */
async function collect(body: Readable, reserve: (size: number) => void): Promise<Uint8Array> {
  let buffer = Buffer.alloc(0);
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (size + chunk.length > buffer.length) {
      const capacity = Math.max(2 * buffer.length, size + chunk.length, FIRST_BYTES);
      reserve(capacity);
      const larger = Buffer.allocUnsafeSlow(capacity);
      buffer.copy(larger, 0, 0, size);
      buffer = larger;
    }
    chunk.copy(buffer, size);
    size += chunk.length;
  }
  return buffer.subarray(0, size);
}
