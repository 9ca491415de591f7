// The packs in one table, and the tables that follow from it: nodes, refused and renamed types.
// Adding a pack is one line.
import type { NodeDeclaration } from './declare.ts';
import { foreignPackOf } from './foreign-packs.ts';
import type { Pack, RefusedTypes, RenamedInputs, RenamedType } from './pack.ts';
import { CLIPSEG_PACK } from './packs/clipseg/index.ts';
import { CORE_PACK } from './packs/core/index.ts';
import { EXPERIMENTS_PACK } from './packs/experiments/index.ts';
import { GGUF_PACK } from './packs/gguf/index.ts';
import { IMPACT_PACK } from './packs/impact/index.ts';
import { NOISE_PACK } from './packs/noise/index.ts';
import { SEARGE_PACK } from './packs/searge/index.ts';
import type { ComfyUIVersion } from './versions/comfyui-versions.ts';
import { nodesOfVersion } from './versions/nodes-of-version.ts';

/** The built-in packs, in the order in which /object_info lists their nodes. */
export const PACKS: readonly Pack[] = [
  CORE_PACK,
  IMPACT_PACK,
  NOISE_PACK,
  SEARGE_PACK,
  CLIPSEG_PACK,
  EXPERIMENTS_PACK,
  GGUF_PACK,
];

/** The declarations of the packs, with the inputs and outputs of all known releases. */
const DECLARED: ReadonlyMap<string, NodeDeclaration> = new Map(
  PACKS.flatMap(({ nodes }) => nodes.map((node): [string, NodeDeclaration] => [node.type, node])),
);

/** All built-in nodes by class type. They accept what any known release of ComfyUI accepts. */
export const NODES: ReadonlyMap<string, NodeDeclaration> = nodesOfVersion(DECLARED);

/** The nodes as a named release of ComfyUI has them: the built-in ones, or `own` in their place. */
export const nodesOf = (
  version: ComfyUIVersion | undefined,
  own?: ReadonlyMap<string, NodeDeclaration>,
): ReadonlyMap<string, NodeDeclaration> =>
  version === undefined ? (own ?? NODES) : own ? nodesOfVersion(own, version) : builtIn(version);

const builtInNodes = new Map<ComfyUIVersion, ReadonlyMap<string, NodeDeclaration>>();

function builtIn(version: ComfyUIVersion): ReadonlyMap<string, NodeDeclaration> {
  const nodes = builtInNodes.get(version) ?? nodesOfVersion(DECLARED, version);
  builtInNodes.set(version, nodes);
  return nodes;
}

/** Why a type cannot be run, and the title of its pack. */
export interface Refusal extends Omit<RefusedTypes, 'types'> {
  readonly pack: string;
}

/** Refused types by class type. A workflow that contains one gets the reason, not "unknown". */
export const REFUSED: ReadonlyMap<string, Refusal> = new Map(
  PACKS.flatMap(({ title, refused = [] }) =>
    refused.flatMap(({ types, ...refusal }) =>
      types.map((type): [string, Refusal] => [type, { pack: title, ...refusal }]),
    ),
  ),
);

const RENAMED_TYPES: ReadonlyMap<string, RenamedType> = new Map(
  PACKS.flatMap(({ aliases }) => Object.entries(aliases?.types ?? {})),
);

const RENAMED_INPUTS: ReadonlyMap<string, RenamedInputs> = new Map(
  PACKS.flatMap(({ aliases }) => Object.entries(aliases?.inputs ?? {})),
);

/** The declaration of a type, and the inputs of it that were renamed. */
export interface FoundDeclaration {
  readonly declaration: NodeDeclaration;
  readonly inputs: RenamedInputs;
}

/** Finds the declaration of a class type, also by a name that the type had before. */
export function declarationOf(
  type: string,
  nodes: ReadonlyMap<string, NodeDeclaration>,
): FoundDeclaration | undefined {
  const own = nodes.get(type);
  if (own) return { declaration: own, inputs: RENAMED_INPUTS.get(type) ?? {} };
  const renamed = RENAMED_TYPES.get(type);
  const declaration = renamed && nodes.get(renamed.type);
  return declaration && { declaration, inputs: renamed.inputs ?? {} };
}

const PACK_TITLES: ReadonlyMap<string, string> = new Map(
  PACKS.flatMap(({ title, nodes, refused = [], otherTypes = [] }) =>
    [...nodes.map(({ type }) => type), ...refused.flatMap(({ types }) => types), ...otherTypes].map(
      (type): [string, string] => [type, title],
    ),
  ),
);

/** The title of the pack that a class type belongs to; undefined if it is unknown. */
export const packTitleOf = (type: string): string | undefined =>
  PACK_TITLES.get(type) ??
  PACKS.find(({ typePattern }) => typePattern?.test(type))?.title ??
  foreignPackOf(type);
