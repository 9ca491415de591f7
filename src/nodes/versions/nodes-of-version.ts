// The node declarations of a named release of ComfyUI, from those of the packs and the table of
// changes.
import type { Json } from '../../formats/json.ts';
import type { NodeDeclaration } from '../declare.ts';
import type { Input } from '../input-types.ts';
import {
  COMFYUI_VERSIONS,
  type ComfyUIVersion,
  includes,
  NEWEST_VERSION,
  type Release,
} from './comfyui-versions.ts';
import type { ChangedPart, DeclarationChange, Presentation } from './declaration-change.ts';
import { DECLARATION_CHANGES } from './declaration-changes.ts';
import { MENU_CHANGES } from './menu-changes.ts';
import { PRESENTATION_CHANGES } from './presentation-changes.ts';

const OLDEST: Release = COMFYUI_VERSIONS[0];
/** The releases that added nodes, by class type. */
const newNodes: ReadonlyMap<string, Release> = new Map(
  DECLARATION_CHANGES.flatMap(({ node, since, what }): [string, Release][] =>
    what.kind === 'node' && node !== undefined ? [[node, since]] : [],
  ),
);

/** A hint for a class type that a named release does not have, and a later one has. */
export function laterNodeHint(type: string): string | undefined {
  const since = newNodes.get(type);
  if (since === undefined) return undefined;
  const remedy = includes(NEWEST_VERSION, since)
    ? `name ${NEWEST_VERSION} (--comfyui ${NEWEST_VERSION})`
    : 'name no release';
  return `ComfyUI has it since ${since}: ${remedy}.`;
}

type Nodes = ReadonlyMap<string, NodeDeclaration>;

/**
 * The declarations that a release has, from declarations with the inputs, outputs and options of
 * all releases. Without a version everything is accepted that any known release accepts, and nodes
 * are shown as the newest shows them. Inputs that came later than 0.3.64 may be missing in prompts.
 */
export function nodesOfVersion(nodes: Nodes, version?: ComfyUIVersion): Nodes {
  const shown = presentationsOf(version ?? NEWEST_VERSION);
  return new Map(
    [...nodes]
      .filter(([type]) => isIn(newNodes.get(type) ?? OLDEST, version))
      .map(([type, node]) => [type, withPresentation(ofVersion(node, version), shown.get(type))]),
  );
}

/** Whether a release has what came with `since`; without one everything is accepted. */
const isIn = (since: Release, version: ComfyUIVersion | undefined): boolean =>
  version === undefined || includes(version, since);

function ofVersion(node: NodeDeclaration, version: ComfyUIVersion | undefined): NodeDeclaration {
  const changes = changesOf(node);
  if (changes.length === 0) return node;
  const later = changes.filter(({ since }) => !isIn(since, version));
  let changed = node;
  for (const change of changes)
    changed = isIn(change.since, version)
      ? withChange(changed, change.what, version !== undefined)
      : withoutChange(changed, change.what);
  return later.length === 0 || version === undefined
    ? changed
    : { ...changed, later: { version, changes: later, inputs: node.inputs } };
}

const changesOf = (node: NodeDeclaration): readonly DeclarationChange[] =>
  DECLARATION_CHANGES.filter((change) =>
    change.node === undefined
      ? 'input' in change.what && Object.hasOwn(node.inputs, change.what.input)
      : change.node === node.type,
  );

/** `isNamed`: the release was named, so its own range replaces the wider one. */
function withChange(node: NodeDeclaration, what: ChangedPart, isNamed: boolean): NodeDeclaration {
  if (what.kind === 'input') return withInput(node, what.input, { later: true });
  if (what.kind === 'widget') return withInput(node, what.input, what.now);
  return what.kind === 'range' && isNamed ? withInput(node, what.input, what.now) : node;
}

function withoutChange(node: NodeDeclaration, what: ChangedPart): NodeDeclaration {
  switch (what.kind) {
    case 'output':
      return { ...node, outputs: node.outputs.slice(0, -1) };
    case 'input': {
      const { [what.input]: _, ...inputs } = node.inputs;
      return { ...node, inputs };
    }
    case 'options': {
      const input = node.inputs[what.input];
      if (input.kind !== 'COMBO' || typeof input.options === 'function') return node;
      const left = input.options.filter((option) => !what.options.includes(option));
      return withInput(node, what.input, { options: left });
    }
    case 'range':
      return withInput(node, what.input, what.was);
    case 'widget':
    case 'node':
      return node;
  }
}

const withInput = (node: NodeDeclaration, name: string, changed: object): NodeDeclaration => ({
  ...node,
  inputs: { ...node.inputs, [name]: { ...node.inputs[name], ...changed } as Input },
});

function withPresentation(node: NodeDeclaration, shown: Presentation = {}): NodeDeclaration {
  const { advanced = [], ...presentation } = shown;
  return advanced
    .filter((name) => Object.hasOwn(node.inputs, name))
    .reduce((changed, name) => withInput(changed, name, { advanced: true }), {
      ...node,
      ...presentation,
    });
}

/** How a release shows nodes, by class type. */
function presentationsOf(version: Release): ReadonlyMap<string, Presentation> {
  const shown = new Map<string, Presentation>();
  const add = (type: string, changed: Presentation): void =>
    void shown.set(type, { ...shown.get(type), ...changed });
  for (const [since, menus] of MENU_CHANGES)
    if (includes(version, since))
      for (const [category, types] of Object.entries(menus))
        for (const type of types.trim().split(/,\s+/)) add(type, { category });
  for (const [since, nodes] of PRESENTATION_CHANGES)
    if (includes(version, since))
      for (const [type, changed] of Object.entries(nodes)) add(type, changed);
  return shown;
}

/** A part of a node that a prompt uses. */
export type UsedPart =
  | { readonly output: number }
  | { readonly input: string; readonly value: Json };

/** Two parts of a message. */
export interface LaterNote {
  /** Which release has it. */
  readonly since: string;
  /** What the user can do. */
  readonly hint: string;
}

/**
 * Explains something that a named release, or Darkroom, does not have, and a later release of
 * ComfyUI has; undefined when no later release has it.
 */
export function laterNote(node: NodeDeclaration, used: UsedPart): LaterNote | undefined {
  const change = (node.later?.changes ?? notBuiltIn(node)).find(({ what }) =>
    adds(what, used, node.outputs.length),
  );
  if (!change) return undefined;
  const isBuiltIn = change.what.kind !== 'options' || change.what.builtIn !== false;
  return {
    since: `ComfyUI has it since ${change.since}`,
    hint: isBuiltIn
      ? `The version that was named is ${node.later?.version}: name ${NEWEST_VERSION} ` +
        `(--comfyui ${NEWEST_VERSION}).`
      : "Darkroom can't run it yet.",
  };
}

const notBuiltIn = (node: NodeDeclaration): readonly DeclarationChange[] =>
  changesOf(node).filter(({ what }) => what.kind === 'options' && what.builtIn === false);

function adds(what: ChangedPart, used: UsedPart, outputs: number): boolean {
  if ('output' in used) return what.kind === 'output' && used.output === outputs;
  if (!('input' in what) || what.input !== used.input) return false;
  if (what.kind === 'options') return what.options.some((option) => option === used.value);
  const number = Number(used.value);
  return what.kind === 'range' && number >= what.now.min && number <= what.now.max;
}
