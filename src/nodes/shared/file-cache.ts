// Loads models once per runtime, until their files change on disk.
import { stat } from 'node:fs/promises';
import type { Runtime } from '../../runtime/runtime.ts';

const loaded = new WeakMap<Runtime, Map<string, Promise<unknown>>>();

/** Path, modification time and size of files: a text that changes when a file is replaced. */
export async function fileState(...files: readonly string[]): Promise<string> {
  const stats = await Promise.all(files.map((file) => stat(file)));
  return files.map((file, i) => `${file} ${stats[i].mtimeMs} ${stats[i].size}`).join('\n');
}

/**
 * The result of `load` for these files. It is called again when a file has changed or the last call
 * failed. `variant` names what the result depends on besides the files.
 */
export async function loadOnce<T>(
  runtime: Runtime,
  files: readonly string[],
  load: () => Promise<T>,
  variant = '',
): Promise<T> {
  const key = `${variant} ${await fileState(...files)}`;
  const cache = loaded.get(runtime) ?? new Map<string, Promise<unknown>>();
  loaded.set(runtime, cache);
  let entry = cache.get(key) as Promise<T> | undefined;
  if (!entry) {
    entry = load();
    cache.set(key, entry);
    entry.catch(() => cache.delete(key));
  }
  return entry;
}
