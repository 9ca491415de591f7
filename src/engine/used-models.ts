// The model files that an image was made with, for the metadata of saved images.
import { statSync } from 'node:fs';
import { flatDeclaration } from '../nodes/nested-inputs.ts';
import { fingerprint } from '../storage/cache/fingerprint.ts';
import type { Folders } from '../storage/folders.ts';
import { type Graph, linksByInput } from '../workflow/api-graph.ts';
import type { NodeTable } from '../workflow/node-table.ts';

export interface UsedModel {
  /** The model folder: `checkpoints`, `loras` … */
  readonly folder: string;
  readonly name: string;
  readonly bytes: number;
  /** Its fingerprint (storage/cache/fingerprint.ts). */
  readonly hash: string;
}

/** The model files that a node of the prompt and all nodes before it name, sorted by name. */
export function findUsedModels(
  graph: Graph,
  nodes: NodeTable,
  folders: Folders,
  nodeId: string,
): UsedModel[] {
  const found = new Map<string, UsedModel>();
  const seen = new Set<string>();
  const stack = [nodeId];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const node = graph.get(id);
    if (!node) continue;
    const { inputs } = flatDeclaration(nodes.get(node.classType)!, node.inputs);
    for (const [name, input] of Object.entries(inputs)) {
      const value = node.inputs[name];
      if (input.kind !== 'COMBO' || input.folder === undefined || typeof value !== 'string')
        continue;
      if (!folders.modelFiles(input.folder).includes(value)) continue;
      const model = describeModel(folders, input.folder, value);
      found.set(`${input.folder}/${value}`, model);
    }
    stack.push(...linksByInput(node).map(([, link]) => link.id));
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function describeModel(folders: Folders, folder: string, name: string): UsedModel {
  const path = folders.modelPath(folder, name);
  return { folder, name, bytes: statSync(path).size, hash: fingerprint(path) };
}
