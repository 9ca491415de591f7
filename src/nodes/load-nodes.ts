// Imports the nodes when a process first needs them.
import type { NodeDeclaration } from './declare.ts';
import type { ComfyUIVersion } from './versions/comfyui-versions.ts';

export interface NodeChoice {
  /** URL of a module that exports NODES, in place of the built-in nodes. */
  readonly nodesModule?: string;
  /** The release of ComfyUI whose node declarations are used. */
  readonly comfyui?: ComfyUIVersion;
}

/** Throws what the module throws. */
export async function loadNodes({
  nodesModule,
  comfyui,
}: NodeChoice): Promise<ReadonlyMap<string, NodeDeclaration>> {
  const { nodesOf } = await import('./index.ts');
  const own: { NODES: ReadonlyMap<string, NodeDeclaration> } | undefined =
    nodesModule === undefined ? undefined : await import(nodesModule);
  return nodesOf(comfyui, own?.NODES);
}
