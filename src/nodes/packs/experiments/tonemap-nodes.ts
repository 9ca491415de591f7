// Guidance whose largest values are compressed.
// Source: comfyanonymous/ComfyUI_experiments sampler_tonemap.py.
import { withTonemappedGuidance } from '../../../sampling/patches/guidance.ts';
import { defineNode, float, type NodeDeclaration, output, outputs, socket } from '../../declare.ts';

const ModelSamplerTonemapNoiseTest = defineNode({
  type: 'ModelSamplerTonemapNoiseTest',
  display: 'ModelSamplerTonemapNoiseTest',
  category: 'custom_node_experiments',
  inputs: {
    model: socket('MODEL'),
    multiplier: float({ default: 1, min: 0, max: 100, step: 0.01 }),
  },
  outputs: [output('MODEL')],
  run: ({ model, multiplier }) => outputs(withTonemappedGuidance(model, multiplier)),
});

export const TONEMAP_NODES: readonly NodeDeclaration[] = [ModelSamplerTonemapNoiseTest];
