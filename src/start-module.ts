// Starts modules of this program in threads and child processes. Compiled modules are plain
// JavaScript; from source, tsx compiles them as they are loaded.
import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

const IS_SOURCE = import.meta.url.endsWith('.ts');

const moduleUrl = (name: string, base: string): URL =>
  new URL(name + (IS_SOURCE ? '.ts' : '.js'), base);

const resolveUrl = (name: string): string =>
  pathToFileURL(createRequire(import.meta.url).resolve(name)).href;

/**
 * Forks a process that runs the module `name` (`./process`, no extension), relative to the URL
 * `base`.
 */
export const forkModule = (
  name: string,
  base: string,
  options: Omit<ForkOptions, 'execArgv'> = {},
): ChildProcess =>
  fork(fileURLToPath(moduleUrl(name, base)), [], {
    ...options,
    execArgv: IS_SOURCE ? ['--import', resolveUrl('tsx')] : [],
  });

// tsx does not register itself in threads
const tsxForThreads = (): string => resolveUrl('tsx/esm/api').replace(/cjs$/, 'mjs');

/** Starts a thread that runs the module `name` (no extension), relative to the URL `base`. */
export function startThread(name: string, base: string, workerData: unknown): Worker {
  const url = moduleUrl(name, base);
  if (!IS_SOURCE) return new Worker(url, { workerData });
  return new Worker(
    `import('${tsxForThreads()}')` +
      `.then(({ register }) => { register(); return import('${url.href}'); });`,
    { workerData, eval: true },
  );
}

/**
 * The module `name` (no extension), relative to the URL `base`, for a pool of threads: its URL, and
 * the options of Node with which a thread can import it.
 */
export function threadModule(
  name: string,
  base: string,
): { readonly url: string; readonly execArgv: string[] } {
  const { href: url } = moduleUrl(name, base);
  if (!IS_SOURCE) return { url, execArgv: [] };
  const register = `import { register } from '${tsxForThreads()}'; register();`;
  return { url, execArgv: ['--import', `data:text/javascript,${encodeURIComponent(register)}`] };
}
