// The nodes of a command line: the built-in ones, and those of the packs that its options name.
import { nodesOf } from '../nodes/index.ts';
import { loadNodes } from '../nodes/load-nodes.ts';
import { type FoundPacks, findPacks } from '../nodes/user-packs/find-packs.ts';
import type { LoadedPack } from '../nodes/user-packs/load-packs.ts';
import { modelLocations, modelRoots } from '../storage/model-roots.ts';
import type { NodeTable } from '../workflow/node-table.ts';
import type { Invocation } from './command.ts';
import { comfyuiOption, modelEntries, type Values } from './options.ts';

/** The packs of `--nodes`, and those beside the models folders. */
export const packsOf = (values: Values): FoundPacks =>
  findPacks(values.nodes ?? [], modelLocations(modelRoots(modelEntries(values))).roots);

export interface CommandNodes {
  readonly table: NodeTable;
  readonly packs: readonly LoadedPack[];
}

/** Loads them; `warn` is called with a sentence for each pack or node that is left out. */
export async function loadCommandNodes(
  { values, nodes }: Invocation,
  warn: (problem: string) => void = () => undefined,
): Promise<CommandNodes> {
  const version = comfyuiOption(values);
  if (nodes) return { table: nodesOf(version, nodes.table), packs: [] };
  const { sources, problems } = packsOf(values);
  const set = await loadNodes({ packs: sources, comfyui: version });
  const { packs, problems: further } = set.loaded();
  for (const { message } of [...problems, ...further]) warn(message);
  return { table: set.of(), packs };
}

export const nodeTable = async (
  invocation: Invocation,
  warn?: (problem: string) => void,
): Promise<NodeTable> => (await loadCommandNodes(invocation, warn)).table;
