// Tries in a thread whether packs can be loaded, before a server uses them: a pack that loops for
// ever or ends its process while it is imported costs a thread, and is left out.
import { on } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startThread } from '../../start-module.ts';
import type { FoundPacks } from './find-packs.ts';
import type { PackProblem, PackSource } from './pack-source.ts';
import type { TriedPack } from './try-packs-thread.ts';

/** The time that importing one pack may take; starting the thread counts for the first. */
const PACK_MS = 20_000;

/** Returns the packs that can be loaded, and why the others can't. */
export async function tryPacks(
  sources: readonly PackSource[],
  packMs: number = PACK_MS,
): Promise<FoundPacks> {
  const good: PackSource[] = [];
  const problems: PackProblem[] = [];
  for (let left = sources; left.length > 0; ) {
    const { tried, ending } = await tryInThread(left, packMs);
    for (const [i, { problems: own, isLoaded }] of tried.entries()) {
      problems.push(...own);
      if (isLoaded) good.push(left[i]);
    }
    const failed = left[tried.length];
    if (failed) problems.push({ pack: failed.name, message: leftOut(failed, ending) });
    left = left.slice(tried.length + 1);
  }
  return { sources: good, problems };
}

const leftOut = ({ name, entry }: PackSource, ending: string): string =>
  `the pack ${name} (${entry}) is left out: ${ending}`;

interface Trial {
  readonly tried: readonly TriedPack[];
  /** Why the next one could not be tried to the end. */
  readonly ending: string;
}

async function tryInThread(sources: readonly PackSource[], packMs: number): Promise<Trial> {
  const thread = startThread('./try-packs-thread', import.meta.url, sources);
  const messages = on(thread, 'message', { close: ['exit'] });
  const tried: TriedPack[] = [];
  let ending = '';
  while (tried.length < sources.length && ending === '') {
    const late = new AbortController();
    const next = await Promise.race([
      // what the thread could not catch ends it
      messages.next().catch(() => ({ done: true, value: undefined })),
      sleep(packMs, 'late' as const, { signal: late.signal }),
    ]);
    late.abort();
    if (next === 'late') ending = `importing it took more than ${packMs / 1000} s`;
    else if (next.done) ending = 'it ended its process while it was imported';
    else tried.push((next.value as readonly TriedPack[])[0]);
  }
  await messages.return?.();
  await thread.terminate();
  return { tried, ending };
}
