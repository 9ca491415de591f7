// The progress of a job's nodes, as ComfyUI's `progress_state` messages carry it.
// After comfy_execution/progress.py.
import { dumpsJson } from '../../formats/dumps-json.ts';

type Data = Readonly<Record<string, unknown>>;

interface Progress {
  value: number;
  max: number;
  state: 'running' | 'finished' | 'error';
  readonly displayId: string;
  /** The node as JSON text, until it changes. */
  text?: string;
}

export interface NodeProgress {
  start(nodeId: string, displayId: string): void;
  /** Ignores nodes that were not started. */
  update(nodeId: string, value: number, max: number): void;
  /** Finishes the running node. Returns false when none is running. */
  finishRunning(): boolean;
  /** Adds a node as finished that was not started. Returns false when it was. */
  addFinished(nodeId: string, displayId: string): boolean;
  /** Marks the running node as failed; undefined when none is running. */
  failRunning(): { readonly displayId: string } | undefined;
  /** The nodes that were finished after they had been started, in order. */
  executed(): readonly string[];
  displayOf(nodeId: string): string;
  /** The number of nodes in the state. */
  size(): number;
  /** The data of a `progress_state` message, as JSON text. */
  stateText(): string;
}

export function createNodeProgress(promptId: string): NodeProgress {
  const nodes = new Map<string, Progress>();
  const executed: string[] = [];
  let running: string | undefined;
  return {
    start: (nodeId, displayId) => {
      running = nodeId;
      nodes.set(nodeId, { value: 0, max: 1, state: 'running', displayId });
    },
    update: (nodeId, value, max) => {
      const node = nodes.get(nodeId);
      if (node) Object.assign(node, { value, max, text: undefined });
    },
    finishRunning: () => {
      if (running === undefined) return false;
      const node = nodes.get(running)!;
      Object.assign(node, { state: 'finished', value: node.max, text: undefined });
      executed.push(running);
      running = undefined;
      return true;
    },
    addFinished: (nodeId, displayId) => {
      if (nodes.has(nodeId)) return false;
      nodes.set(nodeId, { value: 1, max: 1, state: 'finished', displayId });
      return true;
    },
    failRunning: () => {
      const node = running === undefined ? undefined : nodes.get(running);
      if (node) Object.assign(node, { state: 'error', text: undefined });
      return node;
    },
    executed: () => executed,
    displayOf: (nodeId) => nodes.get(nodeId)?.displayId ?? nodeId,
    size: () => nodes.size,
    stateText: () => {
      const texts = [...nodes].map(([id, node]) => {
        node.text ??= nodeText(promptId, id, node);
        return node.text;
      });
      return `{"prompt_id": ${dumpsJson(promptId)}, "nodes": {${texts.join(', ')}}}`;
    },
  };
}

const nodeText = (promptId: string, id: string, node: Progress): string => {
  const { value, max, state, displayId } = node;
  return `${dumpsJson(id)}: ${dumpsJson({ value, max, state, ...nodeMeta(promptId, id, displayId) })}`;
};

/** The ids of a node in `progress_state` and in the metadata of previews. */
export const nodeMeta = (promptId: string, nodeId: string, displayId: string): Data => ({
  node_id: nodeId,
  prompt_id: promptId,
  display_node_id: displayId,
  parent_node_id: displayId === nodeId ? null : displayId,
  real_node_id: displayId,
});
