// The last results of a text encoder: prompts are often encoded again.
import { createHash } from 'node:crypto';
import type { Chunks } from './token-embeddings.ts';

/** Returns a hash of token ids, the values of vectors among them, and the options. */
export function cacheKey(chunks: Chunks, options: string): string {
  const hash = createHash('sha256').update(options);
  for (const chunk of chunks)
    for (const slot of chunk)
      hash.update(
        typeof slot === 'number'
          ? `|${slot}`
          : new Uint8Array(slot.buffer, slot.byteOffset, slot.byteLength),
      );
  return hash.digest('hex');
}

/**
 * Returns a function that caches the last `limit` results of `compute` by their keys; failed ones
 * are removed.
 */
export function recentResults<T>(
  limit: number,
): (key: string, compute: () => Promise<T>) => Promise<T> {
  const results = new Map<string, Promise<T>>();
  return (key, compute) => {
    const result = results.get(key) ?? compute();
    results.delete(key);
    results.set(key, result);
    result.catch(() => results.delete(key));
    for (const oldest of results.keys()) {
      if (results.size <= limit) break;
      results.delete(oldest);
    }
    return result;
  };
}
