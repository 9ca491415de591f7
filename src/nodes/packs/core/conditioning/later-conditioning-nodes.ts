// Conditioning nodes that ComfyUI has since 0.3.64. Source: ComfyUI 0.33.0 nodes.py.
import { map } from '../../../../tensor/tensor.ts';
import {
  defineNode,
  float,
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

export const LATER_CONDITIONING_NODES: readonly NodeDeclaration[] = [ConditioningMultiply];
