// Nodes that change the computation of a model's UNet.
// Source: ComfyUI comfy_extras/nodes_freelunch.py, nodes_hypertile.py, nodes_model_downscale.py,
// nodes_pag.py, nodes_sag.py, nodes_tomesd.py.
import type { FreeU } from '../../../../models/unet/unet-patch.ts';
import { perturbedAttentionGuidance } from '../../../../sampling/patches/pag.ts';
import { addUNetPatch } from '../../../../sampling/patches/patch-model.ts';
import { selfAttentionGuidance } from '../../../../sampling/patches/self-attention-guidance.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  int,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { percent } from '../../../shared/percent-input.ts';

const scale = (value: number) => float({ default: value, min: 0, max: 10, step: 0.01 });

const freeU = (type: string, version: FreeU['version'], b1: number, b2: number) =>
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
      outputs(addUNetPatch(model, { kind: 'freeU', version, ...scales })),
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

const SelfAttentionGuidance = defineNode({
  type: 'SelfAttentionGuidance',
  display: 'Self-Attention Guidance',
  category: '_for_testing',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    scale: float({ default: 0.5, min: -2, max: 5, step: 0.01 }),
    blur_sigma: float({ default: 2, min: 0, max: 10, step: 0.1 }),
  },
  outputs: [output('MODEL')],
  run: ({ model, scale, blur_sigma }) => outputs(selfAttentionGuidance(model, scale, blur_sigma)),
});

const RESIZES = ['bicubic', 'nearest-exact', 'bilinear', 'area', 'bislerp'] as const;

const PatchModelAddDownscale = defineNode({
  type: 'PatchModelAddDownscale',
  display: 'PatchModelAddDownscale (Kohya Deep Shrink)',
  category: 'model_patches/unet',
  inputs: {
    model: socket('MODEL'),
    block_number: int({ default: 3, min: 1, max: 32, step: 1 }),
    downscale_factor: float({ default: 2, min: 0.1, max: 9, step: 0.001 }),
    start_percent: percent(0),
    end_percent: percent(0.35),
    downscale_after_skip: boolean({ default: true }),
    downscale_method: combo(RESIZES),
    upscale_method: combo(RESIZES),
  },
  outputs: [output('MODEL')],
  run: ({ model, ...values }) =>
    outputs(
      addUNetPatch(model, {
        kind: 'deepShrink',
        block: values.block_number,
        factor: values.downscale_factor,
        afterSkip: values.downscale_after_skip,
        startSigma: model.sampling.percentToSigma(values.start_percent),
        endSigma: model.sampling.percentToSigma(values.end_percent),
        down: values.downscale_method,
        up: values.upscale_method,
      }),
    ),
});

const HyperTile = defineNode({
  type: 'HyperTile',
  display: 'HyperTile',
  category: 'model_patches/unet',
  inputs: {
    model: socket('MODEL'),
    tile_size: int({ default: 256, min: 1, max: 2048 }),
    swap_size: int({ default: 2, min: 1, max: 128 }),
    max_depth: int({ default: 0, min: 0, max: 10 }),
    scale_depth: boolean({ default: false }),
  },
  outputs: [output('MODEL')],
  run: ({ model, ...values }) =>
    outputs(
      addUNetPatch(model, {
        kind: 'hyperTile',
        tileSize: values.tile_size,
        swapSize: values.swap_size,
        maxDepth: values.max_depth,
        scaleDepth: values.scale_depth,
      }),
    ),
});

const TomePatchModel = defineNode({
  type: 'TomePatchModel',
  display: 'TomePatchModel',
  category: 'model_patches/unet',
  inputs: {
    model: socket('MODEL'),
    ratio: float({ default: 0.3, min: 0, max: 1, step: 0.01 }),
  },
  outputs: [output('MODEL')],
  run: ({ model, ratio }) => outputs(addUNetPatch(model, { kind: 'tokenMerging', ratio })),
});

export const MODEL_PATCH_NODES = [
  freeU('FreeU', 1, 1.1, 1.2),
  freeU('FreeU_V2', 2, 1.3, 1.4),
  PerturbedAttentionGuidance,
  SelfAttentionGuidance,
  PatchModelAddDownscale,
  HyperTile,
  TomePatchModel,
];
