// Noise, guiders, and the nodes that sample with them.
// Source: ComfyUI comfy_extras/nodes_custom_sampler.py, nodes_perpneg.py.

import {
  basicGuider,
  cfgGuider,
  dualCfgGuider,
  perpNegGuider,
} from '../../../../sampling/guiders/guider.ts';
import {
  addNoiseToLatent,
  emptyNoise,
  randomNoise,
  sampleCustom,
} from '../../../../sampling/runs/custom.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  type NodeDeclaration,
  output,
  outputs,
  seed,
  socket,
} from '../../../declare.ts';
import { samplingHooks } from '../../../shared/sampling-hooks.ts';

const CFG = { default: 8, min: 0, max: 100, step: 0.1, round: 0.01 } as const;
const samplingNode = {
  category: 'sampling/custom_sampling',
  outputs: [output('LATENT', 'output'), output('LATENT', 'denoised_output')],
} as const;
const guiderNode = {
  category: 'sampling/custom_sampling/guiders',
  outputs: [output('GUIDER')],
} as const;
const noiseNode = {
  category: 'sampling/custom_sampling/noise',
  outputs: [output('NOISE')],
} as const;

const SamplerCustom = defineNode({
  ...samplingNode,
  type: 'SamplerCustom',
  display: 'SamplerCustom',
  inputs: {
    model: socket('MODEL'),
    add_noise: boolean({ default: true }),
    noise_seed: seed(),
    cfg: float(CFG),
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    sampler: socket('SAMPLER'),
    sigmas: socket('SIGMAS'),
    latent_image: socket('LATENT'),
  },
  async run(
    { model, add_noise, noise_seed, cfg, positive, negative, sampler, sigmas, latent_image },
    context,
  ) {
    const { output, denoised } = await sampleCustom({
      guider: cfgGuider(model, positive, negative, cfg),
      sampler,
      sigmas,
      noise: add_noise ? randomNoise(noise_seed) : emptyNoise(noise_seed),
      latent: latent_image,
      ...samplingHooks(context),
    });
    return outputs(output, denoised);
  },
});

const SamplerCustomAdvanced = defineNode({
  ...samplingNode,
  type: 'SamplerCustomAdvanced',
  display: 'SamplerCustomAdvanced',
  inputs: {
    noise: socket('NOISE'),
    guider: socket('GUIDER'),
    sampler: socket('SAMPLER'),
    sigmas: socket('SIGMAS'),
    latent_image: socket('LATENT'),
  },
  async run({ latent_image, ...parts }, context) {
    const { output, denoised } = await sampleCustom({
      ...parts,
      latent: latent_image,
      ...samplingHooks(context),
    });
    return outputs(output, denoised);
  },
});

const BasicGuider = defineNode({
  ...guiderNode,
  type: 'BasicGuider',
  display: 'BasicGuider',
  inputs: { model: socket('MODEL'), conditioning: socket('CONDITIONING') },
  run: ({ model, conditioning }) => outputs(basicGuider(model, conditioning)),
});

const CFGGuider = defineNode({
  ...guiderNode,
  type: 'CFGGuider',
  display: 'CFGGuider',
  inputs: {
    model: socket('MODEL'),
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    cfg: float(CFG),
  },
  run: ({ model, positive, negative, cfg }) => outputs(cfgGuider(model, positive, negative, cfg)),
});

const DualCFGGuider = defineNode({
  ...guiderNode,
  type: 'DualCFGGuider',
  display: 'DualCFGGuider',
  inputs: {
    model: socket('MODEL'),
    cond1: socket('CONDITIONING'),
    cond2: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    cfg_conds: float(CFG),
    cfg_cond2_negative: float(CFG),
    style: combo(['regular', 'nested']),
  },
  run: ({ model, cond1, cond2, negative, cfg_conds, cfg_cond2_negative, style }) =>
    outputs(
      dualCfgGuider(model, {
        cond1,
        cond2,
        negative,
        cfgConds: cfg_conds,
        cfgCond2Negative: cfg_cond2_negative,
        nested: style === 'nested',
      }),
    ),
});

const PerpNegGuider = defineNode({
  ...guiderNode,
  type: 'PerpNegGuider',
  display: 'PerpNegGuider',
  category: '_for_testing',
  experimental: true,
  inputs: {
    model: socket('MODEL'),
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    empty_conditioning: socket('CONDITIONING'),
    cfg: float(CFG),
    neg_scale: float({ default: 1, min: 0, max: 100, step: 0.01 }),
  },
  run: ({ model, positive, negative, empty_conditioning, cfg, neg_scale }) =>
    outputs(
      perpNegGuider(model, {
        positive,
        negative,
        empty: empty_conditioning,
        cfg,
        negScale: neg_scale,
      }),
    ),
});

const RandomNoise = defineNode({
  ...noiseNode,
  type: 'RandomNoise',
  display: 'RandomNoise',
  inputs: { noise_seed: seed() },
  run: ({ noise_seed }) => outputs(randomNoise(noise_seed)),
});

const DisableNoise = defineNode({
  ...noiseNode,
  type: 'DisableNoise',
  display: 'DisableNoise',
  inputs: {},
  run: () => outputs(emptyNoise()),
});

const AddNoise = defineNode({
  type: 'AddNoise',
  display: 'AddNoise',
  category: '_for_testing/custom_sampling/noise',
  inputs: {
    model: socket('MODEL'),
    noise: socket('NOISE'),
    sigmas: socket('SIGMAS'),
    latent_image: socket('LATENT'),
  },
  outputs: [output('LATENT')],
  run: ({ model, noise, sigmas, latent_image }) =>
    outputs(addNoiseToLatent(model, noise, sigmas, latent_image)),
});

export const CUSTOM_SAMPLING_NODES: readonly NodeDeclaration[] = [
  SamplerCustom,
  SamplerCustomAdvanced,
  BasicGuider,
  CFGGuider,
  DualCFGGuider,
  PerpNegGuider,
  RandomNoise,
  DisableNoise,
  AddNoise,
];
