// Nodes that change the computation of a model's UNet.
// Source: ComfyUI comfy_extras/nodes_freelunch.py, nodes_pag.py.
import type { UNetVariant } from '../../../../models/unet/unet.ts';
import { perturbedAttentionGuidance } from '../../../../sampling/patches/pag.ts';
import { defineNode, float, output, outputs, socket } from '../../../declare.ts';

const scale = (value: number) => float({ default: value, min: 0, max: 10, step: 0.01 });

const freeU = (
  type: string,
  version: NonNullable<UNetVariant['freeU']>['version'],
  b1: number,
  b2: number,
) =>
  defineNode({
    type,
    display: type,
    category: 'model_patches/unet',
    inputs: {
      model: socket('MODEL'),
      b1: scale(b1),
      b2: scale(b2),
      s1: scale(0.9),
      s2: scale(0.2),
    },
    outputs: [output('MODEL')],
    run: ({ model, ...scales }) =>
      outputs({ ...model, unet: model.unet.variant({ freeU: { version, ...scales } }) }),
  });

const PerturbedAttentionGuidance = defineNode({
  type: 'PerturbedAttentionGuidance',
  display: 'PerturbedAttentionGuidance',
  category: 'model_patches/unet',
  inputs: {
    model: socket('MODEL'),
    scale: float({ default: 3, min: 0, max: 100, step: 0.01, round: 0.01 }),
  },
  outputs: [output('MODEL')],
  run: ({ model, scale }) => outputs(perturbedAttentionGuidance(model, scale)),
});

export const MODEL_PATCH_NODES = [
  freeU('FreeU', 1, 1.1, 1.2),
  freeU('FreeU_V2', 2, 1.3, 1.4),
  PerturbedAttentionGuidance,
];
