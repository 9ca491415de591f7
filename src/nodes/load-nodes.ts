// Imports the nodes when a process first needs them, those of packs included, and again those of
// packs whose files have changed.
import type { NodeDeclaration } from './declare.ts';
import type { LoadedPacks } from './user-packs/load-packs.ts';
import type { PackSource } from './user-packs/pack-source.ts';
import type { ComfyUIVersion } from './versions/comfyui-versions.ts';

export interface NodeChoice {
  /** URL of a module that exports NODES, in place of the built-in nodes. */
  readonly nodesModule?: string;
  /** Packs beside the built-in ones. */
  readonly packs?: readonly PackSource[];
  /** Packs whose files have changed are loaded again. */
  readonly watchesPacks?: boolean;
  /** The release of ComfyUI whose nodes and results are used, unless a job names another. */
  readonly comfyui?: ComfyUIVersion;
}

type Nodes = ReadonlyMap<string, NodeDeclaration>;

/** The nodes of a choice. */
export interface NodeSet {
  /** The nodes as a release has them, that of the choice by default. */
  of(version?: ComfyUIVersion): Nodes;
  /** The packs beside the built-in ones, and what is wrong with them. */
  loaded(): LoadedPacks;
  /** Loads the packs again if `watchesPacks`, and a file of them has changed since. */
  refresh(): Promise<void>;
}

/** Throws what the module throws; packs that throw are left out. */
export async function loadNodes(choice: NodeChoice): Promise<NodeSet> {
  const { nodesModule, comfyui, packs = [], watchesPacks } = choice;
  const [{ nodesOf }, { loadPacks, NO_PACKS }, { codeState }] = await Promise.all([
    import('./index.ts'),
    import('./user-packs/load-packs.ts'),
    import('./user-packs/code-state.ts'),
  ]);
  const own: { NODES: Nodes } | undefined =
    nodesModule === undefined ? undefined : await import(nodesModule);
  const titleOf = await titleOfBuiltIn(own?.NODES);
  const stateOfAll = (): string => packs.map(codeState).join();
  const load = (): Promise<LoadedPacks> =>
    packs.length === 0 ? Promise.resolve(NO_PACKS) : loadPacks(packs, titleOf);
  let state = watchesPacks ? stateOfAll() : '';
  let loaded = await load();
  const tables = new Map<ComfyUIVersion | undefined, Nodes>();
  return {
    of: (version = comfyui) => {
      const table = tables.get(version) ?? merged(nodesOf(version, own?.NODES), loaded.nodes);
      tables.set(version, table);
      return table;
    },
    loaded: () => loaded,
    refresh: async () => {
      const now = watchesPacks ? stateOfAll() : '';
      if (now === state) return;
      state = now;
      loaded = await load();
      tables.clear();
    },
  };
}

/** Returns the title of the pack that has a type among the built-in nodes. */
export async function titleOfBuiltIn(own?: Nodes): Promise<(type: string) => string | undefined> {
  const { NODES, packTitleOf } = await import('./index.ts');
  const nodes = own ?? NODES;
  return (type) => (nodes.has(type) ? (packTitleOf(type) ?? 'Darkroom') : undefined);
}

const merged = (nodes: Nodes, more: Nodes): Nodes =>
  more.size === 0 ? nodes : new Map([...nodes, ...more]);
