// Loads models once per runtime, until their files change on disk.
import { fileState } from '../../formats/file-state.ts';
import type { Runtime } from '../../runtime/runtime.ts';

const loaded = new WeakMap<Runtime, Map<string, Promise<unknown>>>();

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
