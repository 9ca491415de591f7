// Programs in a process-id namespace of their own, as in another container of the same name.
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { FROM_SOURCE } from './from-source.ts';

const UNSHARE = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--mount-proc'];

/** Returns why tests with namespaces are skipped; undefined when they run. */
export function whyNoNamespaces(): string | undefined {
  const [program, ...args] = UNSHARE;
  const { status } = spawnSync(program, [...args, 'true']);
  return status === 0 ? undefined : 'unshare can’t create process-id namespaces here';
}

/** Starts a TypeScript module in a namespace of its own, where it has a small process id. */
export function startInNamespace(
  module: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  const [program, ...unshare] = UNSHARE;
  const node = [process.execPath, ...FROM_SOURCE, module, ...args];
  return spawn(program, [...unshare, '--kill-child', ...node], options);
}
