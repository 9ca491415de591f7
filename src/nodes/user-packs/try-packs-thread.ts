// The thread of try-packs.ts: loads packs one after another, and says how each went.
import { parentPort, workerData } from 'node:worker_threads';
import { titleOfBuiltIn } from '../load-nodes.ts';
import { loadPacks } from './load-packs.ts';
import type { PackProblem, PackSource } from './pack-source.ts';

export interface TriedPack {
  readonly problems: readonly PackProblem[];
  readonly isLoaded: boolean;
}

const builtIn = await titleOfBuiltIn();
const titles = new Map<string, string>();
for (const source of workerData as readonly PackSource[]) {
  const { packs, problems, nodes } = await loadPacks(
    [source],
    (type) => titles.get(type) ?? builtIn(type),
  );
  for (const [type, { origin }] of nodes) titles.set(type, origin!.pack);
  parentPort!.postMessage({ problems, isLoaded: packs.length > 0 } satisfies TriedPack);
}
