// Nodes that change the guidance of a model.
// Source: ComfyUI comfy_extras/nodes_apg.py, nodes_cfg.py, nodes_eps.py, nodes_fresca.py,
// nodes_lumina2.py, nodes_mahiro.py, nodes_tcfg.py, nodes_video_model.py, nodes_easycache.py.

import { withEasyCache } from '../../../../sampling/patches/easy-cache.ts';
import {
  withCfgAlongBatch,
  withDirection,
  withLimitedNorm,
  withMatchedNorm,
  withProjectedGuidance,
  withRenormalizedCfg,
  withScaledFrequencies,
  withScaledNoise,
  withTangentialDamping,
  withZeroStar,
} from '../../../../sampling/patches/guidance.ts';
import { type CacheOptions, withLazyCache } from '../../../../sampling/patches/lazy-cache.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import {
  boolean,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';

const category = 'advanced/guidance';
const patchedModel = [output('MODEL', 'patched_model')];

const APG = defineNode({
  type: 'APG',
  display: 'Adaptive Projected Guidance',
  category: 'sampling/custom_sampling',
  inputs: {
    model: socket('MODEL'),
    eta: float({
      default: 1,
      min: -10,
      max: 10,
      step: 0.01,
      tooltip: 'Factor of the guidance parallel to the prediction.',
    }),
    norm_threshold: float({
      default: 5,
      min: 0,
      max: 50,
      step: 0.1,
      tooltip: 'Maximum norm of the guidance; 0 means no limit.',
    }),
    momentum: float({
      default: 0,
      min: -5,
      max: 1,
      step: 0.01,
      tooltip: 'Factor of the guidance of earlier steps that is added.',
    }),
  },
  outputs: [output('MODEL')],
  run: ({ model, eta, norm_threshold, momentum }) =>
    outputs(withProjectedGuidance(model, { eta, normThreshold: norm_threshold, momentum })),
});

const CFGZeroStar = defineNode({
  type: 'CFGZeroStar',
  display: 'CFGZeroStar',
  category,
  inputs: { model: socket('MODEL') },
  outputs: patchedModel,
  run: ({ model }) => outputs(withZeroStar(model)),
});

const CFGNorm = defineNode({
  type: 'CFGNorm',
  display: 'CFGNorm',
  category,
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    strength: float({ default: 1, min: 0, max: 100, step: 0.01 }),
    pre_cfg: boolean({
      optional: true,
      tooltip: 'Match the norm of the guided noise to that of the positive side, also upwards.',
    }),
  },
  outputs: patchedModel,
  run: ({ model, strength, pre_cfg }) =>
    outputs((pre_cfg ? withMatchedNorm : withLimitedNorm)(model, strength)),
});

const TCFG = defineNode({
  type: 'TCFG',
  display: 'Tangential Damping CFG',
  category,
  description: 'Removes the component of the negative prediction that is tangential to both.',
  inputs: { model: socket('MODEL') },
  outputs: patchedModel,
  run: ({ model }) => outputs(withTangentialDamping(model)),
});

const frequency = (value: number, tooltip: string) =>
  float({ default: value, min: 0, max: 10, step: 0.01, tooltip });

const FreSca = defineNode({
  type: 'FreSca',
  display: 'FreSca',
  category: '_for_testing',
  description: 'Scales low and high frequencies of the guidance separately.',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    scale_low: frequency(1, 'Factor of the low frequencies.'),
    scale_high: frequency(1.25, 'Factor of the high frequencies.'),
    freq_cutoff: int({
      default: 20,
      min: 1,
      max: 10000,
      step: 1,
      tooltip: 'Number of low frequencies in each direction.',
    }),
  },
  outputs: [output('MODEL')],
  run: ({ model, scale_low, scale_high, freq_cutoff }) =>
    outputs(withScaledFrequencies(model, scale_low, scale_high, freq_cutoff)),
});

const Mahiro = defineNode({
  type: 'Mahiro',
  display: 'Mahiro is so cute that she deserves a better guidance function!! (。・ω・。)',
  category: '_for_testing',
  description:
    'Guides in the direction of the positive prediction rather than of its difference from the ' +
    'negative one.',
  experimental: true,
  inputs: { model: socket('MODEL') },
  outputs: patchedModel,
  run: ({ model }) => outputs(withDirection(model)),
});

const RenormCFG = defineNode({
  type: 'RenormCFG',
  display: 'RenormCFG',
  category: 'advanced/model',
  inputs: {
    model: socket('MODEL'),
    cfg_trunc: float({ default: 100, min: 0, max: 100, step: 0.01 }),
    renorm_cfg: float({ default: 1, min: 0, max: 100, step: 0.01 }),
  },
  outputs: [output('MODEL')],
  run: ({ model, cfg_trunc, renorm_cfg }) =>
    outputs(withRenormalizedCfg(model, cfg_trunc, renorm_cfg)),
});

const EpsilonScaling = defineNode({
  type: 'Epsilon Scaling',
  display: 'Epsilon Scaling',
  category: 'model_patches/unet',
  inputs: {
    model: socket('MODEL'),
    scaling_factor: float({ default: 1.005, min: 0.5, max: 1.5, step: 0.001, display: 'number' }),
  },
  outputs: [output('MODEL')],
  run: ({ model, scaling_factor }) => outputs(withScaledNoise(model, scaling_factor)),
});

const cacheNode = (
  type: string,
  description: string,
  add: (model: Model, options: CacheOptions) => Model,
) =>
  defineNode({
    type,
    display: type,
    category: 'advanced/debug/model',
    description,
    experimental: true,
    inputs: {
      model: socket('MODEL'),
      reuse_threshold: float({
        default: 0.2,
        min: 0,
        max: 3,
        step: 0.01,
        tooltip: 'The change up to which steps are skipped; larger values skip more steps.',
      }),
      start_percent: float({
        default: 0.15,
        min: 0,
        max: 1,
        step: 0.01,
        tooltip: 'Steps may be skipped from here on.',
      }),
      end_percent: float({
        default: 0.95,
        min: 0,
        max: 1,
        step: 0.01,
        tooltip: 'Steps may be skipped up to here.',
      }),
      verbose: boolean({ default: false, tooltip: 'Reports for each step whether it is skipped.' }),
    },
    outputs: [output('MODEL')],
    run: ({ model, reuse_threshold, start_percent, end_percent, verbose }, { warn }) =>
      outputs(
        add(model, {
          threshold: reuse_threshold,
          startPercent: start_percent,
          endPercent: end_percent,
          log: verbose ? warn : undefined,
        }),
      ),
  });

const LazyCache = cacheNode(
  'LazyCache',
  'Skips steps whose prediction would hardly differ from the last one. Faster, but the result ' +
    'changes.',
  withLazyCache,
);
const EasyCache = cacheNode(
  'EasyCache',
  "Skips the network's evaluation in steps where its result would hardly differ from the last " +
    'one (arXiv 2507.02860). Faster, but the result changes.',
  withEasyCache,
);

const cfgAlongBatch = (type: string, shape: 'linear' | 'triangle') =>
  defineNode({
    type,
    display: type,
    category: 'sampling/video_models',
    inputs: {
      model: socket('MODEL'),
      min_cfg: float({ default: 1, min: 0, max: 100, step: 0.5, round: 0.01 }),
    },
    outputs: [output('MODEL')],
    run: ({ model, min_cfg }) => outputs(withCfgAlongBatch(model, min_cfg, shape)),
  });

export const GUIDANCE_NODES: readonly NodeDeclaration[] = [
  APG,
  CFGZeroStar,
  CFGNorm,
  TCFG,
  FreSca,
  Mahiro,
  RenormCFG,
  EpsilonScaling,
  LazyCache,
  EasyCache,
  cfgAlongBatch('VideoLinearCFGGuidance', 'linear'),
  cfgAlongBatch('VideoTriangleCFGGuidance', 'triangle'),
];
