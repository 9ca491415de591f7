// Conditioning nodes that ComfyUI has since 0.3.64. Source: ComfyUI 0.33.0 nodes.py, and
// comfy_extras/nodes_cond.py of a later release.
import { fileState } from '../../../../formats/file-state.ts';
import { readConditioning } from '../../../../sampling/conditioning/stored-conditioning.ts';
import { map } from '../../../../tensor/tensor.ts';
import {
  defineNode,
  float,
  modelFile,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';

const ConditioningMultiply = defineNode({
  type: 'ConditioningMultiply',
  display: 'Conditioning (Multiply)',
  category: 'model/conditioning/transform',
  description: 'Multiplies the features of a prompt, the pooled ones too.',
  inputs: {
    conditioning: socket('CONDITIONING'),
    multiplier: float({ default: 1, min: -100, max: 100, step: 0.01 }),
  },
  outputs: [output('CONDITIONING')],
  run({ conditioning, multiplier }) {
    const factor = Math.fround(multiplier);
    return outputs(
      conditioning.map(({ cond, pooled_output: pooled, ...entry }) => ({
        ...entry,
        cond: map(cond, (value) => value * factor),
        ...(pooled !== undefined && {
          pooled_output: pooled && map(pooled, (value) => value * factor),
        }),
      })),
    );
  },
});

const FOLDER = 'embeddings';

const ConditioningLoader = defineNode({
  type: 'ConditioningLoader',
  display: 'Load Conditioning',
  category: 'model/loaders',
  description: 'Loads the features of a prompt from a file of the folder models/embeddings.',
  inputs: { conditioning_name: modelFile(FOLDER) },
  outputs: [output('CONDITIONING')],
  fingerprint: ({ conditioning_name: name }, context) => fileState(context.modelPath(FOLDER, name)),
  run: async ({ conditioning_name: name }, { modelPath }) =>
    outputs([await readConditioning(modelPath(FOLDER, name))]),
});

export const LATER_CONDITIONING_NODES: readonly NodeDeclaration[] = [
  ConditioningMultiply,
  ConditioningLoader,
];
