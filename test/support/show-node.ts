// Workflows of the built-in nodes and a node `Show`, which shows its input.
import { defineNode, type NodeDeclaration, socket } from '../../src/nodes/declare.ts';
import { NODES } from '../../src/nodes/index.ts';
import { type RunSettings, smallEngine } from './engine.ts';

const Show = defineNode({
  type: 'Show',
  display: 'Show',
  category: 'test',
  outputNode: true,
  inputs: { value: socket('*') },
  outputs: [],
  run: ({ value }) => ({ outputs: [], ui: { value: [value] } }),
});

const table: ReadonlyMap<string, NodeDeclaration> = new Map([...NODES, ['Show', Show]]);

/** A node of a prompt. */
export const node = (class_type: string, inputs: Record<string, unknown> = {}) => ({
  class_type,
  inputs,
});

/** Runs a prompt in an engine of its own. */
export const runPrompt = (prompt: Record<string, unknown>, settings: RunSettings = {}) =>
  smallEngine(table)(prompt, settings);
