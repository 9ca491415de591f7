// /object_info: the declarations of nodes in ComfyUI's form (server.py node_info). The text of a
// node is printed once, unless one of its lists depends on the files of a folder. Imported after
// the server listens, because importing all nodes takes longer than importing the rest of it.

import { dumpsJson } from '../formats/dumps-json.ts';
import { objectOf } from '../formats/json.ts';
import type { NodeEnvironment } from '../nodes/context.ts';
import type { NodeDeclaration } from '../nodes/declare.ts';
import { nodesOf, PACKS } from '../nodes/index.ts';
import type { Input, Inputs } from '../nodes/input-types.ts';
import type { ComfyUIVersion } from '../nodes/versions/comfyui-versions.ts';
import { inputConfig, listedType } from '../workflow/input-spec.ts';
import type { NodeTable } from '../workflow/node-table.ts';

/** The nodes of packs, as `printNodes` returns them. */
export type PrintedNodes = Readonly<Record<string, string>>;

export interface ObjectInfo {
  /** All nodes by type, as JSON text; `more` are those of packs. */
  all(more?: PrintedNodes): string;
  /** `{type: …}` as JSON text; `{}` for an unknown type. */
  one(type: string, more?: PrintedNodes): string;
}

/**
 * `environment` lists the files for the options of combos, `comfyui` names the release whose nodes
 * are listed; `own` nodes replace the built-in ones.
 */
export function createObjectInfo(
  environment: NodeEnvironment,
  comfyui?: ComfyUIVersion,
  own?: NodeTable,
): ObjectInfo {
  const nodes = nodesOf(comfyui, own);
  const moduleOf = new Map(
    PACKS.flatMap(({ module, nodes: list }) =>
      list.map((node): [string, string] => [node.type, module]),
    ),
  );
  const printed = new Map<string, string>();
  const textOf = (node: NodeDeclaration): string => {
    const stored = printed.get(node.type);
    if (stored !== undefined) return stored;
    const text = dumpsJson(nodeInfo(node, moduleOf.get(node.type) ?? 'nodes', environment));
    if (!haveChangingOptions(node.inputs)) printed.set(node.type, text);
    return text;
  };
  const entry = (node: NodeDeclaration): string => `${JSON.stringify(node.type)}: ${textOf(node)}`;
  return {
    all: (more = {}) => {
      const others = Object.entries(more).map(([type, text]) => `${JSON.stringify(type)}: ${text}`);
      return `{${[...[...nodes.values()].map(entry), ...others].join(', ')}}`;
    },
    one: (type, more = {}) => {
      const node = nodes.get(type);
      if (node) return `{${entry(node)}}`;
      return Object.hasOwn(more, type) ? `{${JSON.stringify(type)}: ${more[type]}}` : '{}';
    },
  };
}

/** The entries of nodes of packs, by type. Their code runs for it: never on the server's thread. */
export const printNodes = (
  nodes: Iterable<NodeDeclaration>,
  environment: NodeEnvironment,
): PrintedNodes =>
  Object.fromEntries(
    [...nodes].map((node) => [
      node.type,
      dumpsJson(nodeInfo(node, node.origin?.module ?? 'nodes', environment)),
    ]),
  );

/** Whether the options of an input are computed for each request. */
const haveChangingOptions = (inputs: Inputs): boolean =>
  Object.values(inputs).some((input) =>
    input.kind === 'COMFY_DYNAMICCOMBO_V3'
      ? Object.values(input.choices).some(haveChangingOptions)
      : input.kind === 'COMBO' && typeof input.options === 'function',
  );

function nodeInfo(
  node: NodeDeclaration,
  module: string,
  environment: NodeEnvironment,
): Record<string, unknown> {
  const entries = Object.entries(node.inputs);
  const groups: readonly (readonly [string, readonly (readonly [string, unknown])[]])[] = [
    [
      'required',
      entries
        .filter(([, input]) => !input.optional)
        .map(([name, input]) => [name, spec(input, environment)]),
    ],
    [
      'optional',
      entries
        .filter(([, input]) => input.optional)
        .map(([name, input]) => [name, spec(input, environment)]),
    ],
    ['hidden', Object.entries(node.hidden ?? {})],
  ];
  const present = groups.filter(([name, list]) => name === 'required' || list.length > 0);
  return {
    input: objectOf(present.map(([name, list]): [string, unknown] => [name, objectOf(list)])),
    input_order: objectOf(
      present.map(([name, list]): [string, unknown] => [name, list.map(([key]) => key)]),
    ),
    output: node.outputs.map(listedType),
    output_is_list: node.outputs.map((output) => output.isList === true),
    output_name: node.outputs.map((output) => output.name),
    name: node.type,
    display_name: node.display,
    description: node.description ?? '',
    python_module: module,
    category: node.category,
    output_node: node.outputNode === true,
    output_tooltips: node.outputs.some((output) => output.tooltip)
      ? node.outputs.map((output) => output.tooltip ?? '')
      : undefined,
    output_matchtypes: node.outputs.some((output) => output.match)
      ? node.outputs.map((output) => output.match ?? null)
      : undefined,
    deprecated: node.deprecated || undefined,
    experimental: node.experimental || undefined,
  };
}

/** `[type, options]`, or `[type]` without options. */
function spec(input: Input, environment: NodeEnvironment): unknown[] {
  const [type, options] = inputConfig(input, environment);
  return Object.keys(options).length > 0 ? [type, options] : [type];
}
