// Imports the nodes when a process first needs them.
import type { NodeDeclaration } from './declare.ts';
import type { ComfyUIVersion } from './versions/comfyui-versions.ts';

export interface NodeChoice {
  /** URL of a module that exports NODES, in place of the built-in nodes. */
  readonly nodesModule?: string;
  /** The release of ComfyUI whose nodes and results are used, unless a job names another. */
  readonly comfyui?: ComfyUIVersion;
}

type Nodes = ReadonlyMap<string, NodeDeclaration>;

/**
 * Returns a function to the nodes as a release has them, that of the choice by default. Throws what
 * the module throws.
 */
export async function loadNodes({
  nodesModule,
  comfyui,
}: NodeChoice): Promise<(version?: ComfyUIVersion) => Nodes> {
  const { nodesOf } = await import('./index.ts');
  const own: { NODES: Nodes } | undefined =
    nodesModule === undefined ? undefined : await import(nodesModule);
  return (version = comfyui) => nodesOf(version, own?.NODES);
}
