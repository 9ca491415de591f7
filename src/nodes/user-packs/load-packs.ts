// Loads packs that are not built in. One that can't be loaded, and a type that another pack has
// already, are left out with one sentence each; the rest works.
import type { NodeDeclaration } from '../declare.ts';
import type { PackDefinition } from '../pack.ts';
import { API_VERSION, isCompatible } from '../pack-api/version.ts';
import { codeState } from './code-state.ts';
import { importPack } from './import-pack.ts';
import type { PackProblem, PackSource } from './pack-source.ts';

export interface LoadedPack {
  readonly title: string;
  readonly version?: string;
  readonly source: PackSource;
  /** With their origin. */
  readonly nodes: readonly NodeDeclaration[];
}

export interface LoadedPacks {
  readonly packs: readonly LoadedPack[];
  readonly problems: readonly PackProblem[];
  /** The nodes of all packs by class type. */
  readonly nodes: ReadonlyMap<string, NodeDeclaration>;
}

export const NO_PACKS: LoadedPacks = { packs: [], problems: [], nodes: new Map() };

/** `titleOf` returns the pack that has a type already. */
export async function loadPacks(
  sources: readonly PackSource[],
  titleOf: (type: string) => string | undefined,
): Promise<LoadedPacks> {
  const problems: PackProblem[] = [];
  const packs: LoadedPack[] = [];
  const nodes = new Map<string, NodeDeclaration>();
  for (const source of sources) {
    const pack = await loadPack(source);
    if ('message' in pack) {
      problems.push(pack);
      continue;
    }
    const own = pack.nodes.filter(({ type }) => {
      const other = titleOf(type) ?? nodes.get(type)?.origin?.pack;
      if (other !== undefined) problems.push(duplicate(source.name, type, other));
      return other === undefined;
    });
    for (const node of own) nodes.set(node.type, node);
    packs.push({ ...pack, nodes: own });
  }
  return { packs, problems, nodes };
}

const duplicate = (pack: string, type: string, other: string): PackProblem => ({
  pack,
  message: `the node '${type}' of the pack ${pack} is left out: ${other} has a node of this type`,
});

async function loadPack(source: PackSource): Promise<LoadedPack | PackProblem> {
  const refuse = (reason: string): PackProblem => ({
    pack: source.name,
    message: `the pack ${source.name} (${source.entry}) is left out: ${reason}`,
  });
  const code = codeState(source);
  let module: unknown;
  try {
    module = await importPack(source, code);
  } catch (error) {
    return refuse(`it can't be imported: ${firstLine(error)}`);
  }
  const definition = (module as { readonly default?: unknown } | undefined)?.default;
  if (!isDefinition(definition))
    return refuse('its default export is no pack; write export default definePack({ … })');
  const { api, title, version = source.version } = definition;
  if (api === undefined)
    return refuse(`it names no version of the API; write api: '${API_VERSION}'`);
  if (!isCompatible(api))
    return refuse(`it is for version ${api} of the pack API, and this Darkroom has ${API_VERSION}`);
  const wrong = definition.nodes.find((node) => !isDeclaration(node));
  if (wrong !== undefined)
    return refuse(`a node has no type, inputs, outputs or run(); write defineNode({ … })`);
  const pythonModule = `custom_nodes.${source.name}`;
  const origin = { pack: title, module: pythonModule, file: source.folder, code };
  return {
    title,
    version,
    source,
    nodes: definition.nodes.map((node) => ({ ...node, origin })),
  };
}

/** The first line of what was thrown. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split('\n')[0] || 'it throws an error without a message';
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isDefinition = (value: unknown): value is PackDefinition =>
  isObject(value) && typeof value['title'] === 'string' && Array.isArray(value['nodes']);

const isDeclaration = (value: unknown): value is NodeDeclaration =>
  isObject(value) &&
  typeof value['type'] === 'string' &&
  isObject(value['inputs']) &&
  Array.isArray(value['outputs']) &&
  typeof value['run'] === 'function';
