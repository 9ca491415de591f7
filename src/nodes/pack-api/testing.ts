// Tests of packs: loads a pack as the program does, and runs its nodes with values.
import { DarkroomError } from '../../errors.ts';
import { createModelRuntime } from '../../models/model-runtime.ts';
import type { NodeContext } from '../context.ts';
import { createSubgraph } from '../graph-builder.ts';
import { findPacks } from '../user-packs/find-packs.ts';
import { loadPacks } from '../user-packs/load-packs.ts';
import { behaviourOf } from '../versions/behaviour-changes.ts';
import { NEWEST_VERSION } from '../versions/comfyui-versions.ts';

export interface TestedPack {
  /** The types of its nodes. */
  readonly types: readonly string[];
  /** Runs a node with the values of its inputs; returns its outputs. Changes of the context count. */
  run(
    type: string,
    inputs: Readonly<Record<string, unknown>>,
    context?: Partial<NodeContext>,
  ): Promise<readonly unknown[]>;
}

/** Loads the pack of a folder, for its tests. Throws DR_BAD_USAGE with what is wrong with it. */
export async function testPack(folder: string): Promise<TestedPack> {
  const { sources, problems: missing } = findPacks([folder]);
  const { nodes, problems } = await loadPacks(sources, () => undefined);
  const [problem] = [...missing, ...problems];
  if (problem)
    throw new DarkroomError('DR_BAD_USAGE', {
      message: problem.message,
      hint: 'Correct the pack.',
    });
  return {
    types: [...nodes.keys()],
    run: async (type, inputs, context) => {
      const node = nodes.get(type);
      if (!node)
        throw new DarkroomError('DR_BAD_USAGE', {
          message: `the pack has no node '${type}'`,
          hint: `Its nodes are ${[...nodes.keys()].join(', ')}.`,
        });
      const result = await node.run(inputs as never, { ...plainContext(), ...context });
      return result.outputs;
    },
  };
}

/** A context without files: nothing is reported, and models are loaded on the CPU. */
const plainContext = (): NodeContext => ({
  nodeId: '1',
  signal: new AbortController().signal,
  runtime: createModelRuntime(),
  behaviour: behaviourOf(NEWEST_VERSION),
  modelFiles: () => [],
  inputFiles: () => [],
  hasInput: () => false,
  wildcards: () => new Map(),
  modelPath: (_, name) => name,
  inputPath: (name) => name,
  progress: () => undefined,
  warn: () => undefined,
  status: () => undefined,
  send: () => undefined,
  interrupt: () => undefined,
  prompt: () => ({}),
  extra: () => ({}),
  graph: { node: () => undefined, parentOf: () => undefined, displayOf: (id) => id },
  inputType: () => undefined,
  subgraph: () => createSubgraph('1.0.0.'),
  state: new Map(),
  random: () => 0,
  save: async () => [],
  saveLarge: async () => ({ filename: '', subfolder: '', type: 'output', path: '' }),
  metadata: () => ({}),
});
