// What tasks of the server's threads are given besides their input.
import type { NodeSet } from '../../nodes/load-nodes.ts';
import type { ComfyUIVersion } from '../../nodes/versions/comfyui-versions.ts';
import type { Folders } from '../../storage/folders.ts';
import type { NodeTable } from '../../workflow/node-table.ts';

export interface TaskContext {
  readonly folders: Folders;
  readonly nodeSet: NodeSet;
  /** Those of the release that the settings name. */
  readonly nodes: NodeTable;
  /** The nodes as a release of ComfyUI has them. */
  readonly nodesOf: (version?: ComfyUIVersion) => NodeTable;
  /** The release that the server's settings name. */
  readonly comfyui?: ComfyUIVersion;
}

/** The names of the input folder's files where they are not on this machine. */
export interface InputNames {
  readonly inputNames?: readonly string[];
}
