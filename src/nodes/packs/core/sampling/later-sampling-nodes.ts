// Sampling nodes that ComfyUI has since 0.3.64.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_custom_sampler.py, nodes_advanced_samplers.py,
// nodes_eps.py.
import { DarkroomError } from '../../../../errors.ts';
import { dualModelGuider, missingNegative } from '../../../../sampling/guiders/dual-model.ts';
import { cfgGuider } from '../../../../sampling/guiders/guider.ts';
import { withCfgOverride } from '../../../../sampling/patches/cfg-override.ts';
import { addUNetPatch, setPatches } from '../../../../sampling/patches/patch-model.ts';
import { withScoreRescaling } from '../../../../sampling/patches/score-rescaling.ts';
import { samplerKind } from '../../../../sampling/samplers/index.ts';
import {
  combo,
  defineNode,
  float,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { percent } from '../../../shared/percent-input.ts';

const ManualSigmas = defineNode({
  type: 'ManualSigmas',
  display: 'ManualSigmas',
  category: 'model/sampling/sigmas',
  description: 'The numbers in a text as sigmas.',
  experimental: true,
  inputs: { sigmas: string({ default: '1, 0.5', multiline: false }) },
  outputs: [output('SIGMAS')],
  run: ({ sigmas }) => outputs(Float32Array.from(numbersIn(sigmas), parseSigma)),
});

/** What `[-+]?\d*\.*\d+` finds in a text, in linear time. */
function numbersIn(text: string): string[] {
  const numbers: string[] = [];
  for (const [, sign, rest] of text.matchAll(/([-+]?)([\d.]+)/g)) {
    const runs = rest.match(/\d+|\.+/g)!;
    for (let at = 0, prefix = sign; at < runs.length; prefix = '') {
      const digits = runs[at][0] === '.' ? '' : runs[at++];
      const [dots, more] = runs.slice(at, at + 2);
      if (more !== undefined) numbers.push(prefix + digits + dots + more);
      else if (digits !== '') numbers.push(prefix + digits);
      at += more === undefined ? 1 : 2;
    }
  }
  return numbers;
}

function parseSigma(text: string): number {
  const sigma = Number(text);
  if (!Number.isNaN(sigma)) return sigma;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `'${text}' in sigmas is not a number`,
    hint: 'Write one dot at most in each number.',
    input: 'sigmas',
  });
}

const noiseFactor = (tooltip: string) =>
  float({ default: 1, min: 0, max: 64, step: 0.01, tooltip });

const SamplerLCM = defineNode({
  type: 'SamplerLCM',
  display: 'SamplerLCM',
  category: 'model/sampling/samplers',
  description: 'The LCM sampler with a factor on the noise of each step.',
  inputs: {
    s_noise: noiseFactor('Factor of the noise at the first step.'),
    s_noise_end: noiseFactor('Factor of the noise at the last step.'),
    noise_clip_std: float({
      default: 0,
      min: 0,
      max: 10,
      step: 0.01,
      tooltip: 'Limits the noise to this number of standard deviations; 0 does not limit it.',
    }),
  },
  outputs: [output('SAMPLER')],
  run: (options) => outputs({ kind: samplerKind('lcm'), options }),
});

const TemporalScoreRescaling = defineNode({
  type: 'TemporalScoreRescaling',
  display: 'TSR - Temporal Score Rescaling',
  category: 'model/patch/unet',
  description: 'Makes images more detailed or smoother by rescaling the score (arXiv 2510.01184).',
  inputs: {
    model: socket('MODEL'),
    tsr_k: float({
      default: 0.95,
      min: 0.01,
      max: 100,
      step: 0.001,
      display: 'number',
      tooltip: 'Smaller values give more detail, greater ones smoother images; 1 changes nothing.',
    }),
    tsr_sigma: float({
      default: 1,
      min: 0.01,
      max: 100,
      step: 0.001,
      display: 'number',
      tooltip: 'Greater values take effect earlier.',
    }),
  },
  outputs: [output('MODEL', 'patched_model')],
  run: ({ model, tsr_k, tsr_sigma }) => outputs(withScoreRescaling(model, tsr_k, tsr_sigma)),
});

const seedsOption = (value: number, more: object, tooltip: string) =>
  float({
    default: value,
    min: 0,
    max: 100,
    step: 0.01,
    round: false,
    advanced: true,
    tooltip,
    ...more,
  });

const SamplerSEEDS2 = defineNode({
  type: 'SamplerSEEDS2',
  display: 'SamplerSEEDS2',
  category: 'model/sampling/samplers',
  description: 'SEEDS-2. With phi_2 and r 1 it is exp_heun_2_x0_sde, with eta 0 too exp_heun_2_x0.',
  inputs: {
    solver_type: combo(['phi_1', 'phi_2']),
    eta: seedsOption(1, {}, 'How stochastic the sampler is.'),
    s_noise: seedsOption(1, {}, 'Factor on the added noise.'),
    r: seedsOption(0.5, { min: 0.01, max: 1 }, 'Where in a step its second evaluation is.'),
  },
  outputs: [output('SAMPLER')],
  run: (options) => outputs({ kind: samplerKind('seeds_2'), options }),
});

const CFGOverride = defineNode({
  type: 'CFGOverride',
  display: 'CFG Override',
  category: 'model/sampling/guiders',
  description:
    'Replaces cfg in a range of the denoising. Of several, the one nearest to the sampler acts.',
  inputs: {
    model: socket('MODEL'),
    cfg: float({ default: 1, min: 0, max: 100, step: 0.1, round: 0.01 }),
    start_percent: percent(0),
    end_percent: percent(1),
  },
  outputs: [output('MODEL')],
  run: ({ model, cfg, start_percent, end_percent }) =>
    outputs(withCfgOverride(model, cfg, start_percent, end_percent)),
});

const DualModelGuider = defineNode({
  type: 'DualModelGuider',
  display: 'Dual Model CFG Guider',
  category: 'model/sampling/guiders',
  experimental: true,
  inputs: {
    model: socket('MODEL', { tooltip: 'Predicts for the positive prompt.' }),
    positive: socket('CONDITIONING'),
    cfg: float({ default: 4, min: 0, max: 100, step: 0.1, round: 0.01 }),
    model_negative: socket('MODEL', {
      optional: true,
      tooltip: 'Predicts for the negative prompt. Without it, the first model does.',
    }),
    negative: socket('CONDITIONING', {
      optional: true,
      tooltip: 'Needed unless cfg is 1.',
    }),
  },
  outputs: [output('GUIDER')],
  run({ model, positive, cfg, model_negative, negative }) {
    if (model_negative)
      return outputs(
        dualModelGuider(model, { positive, negative, negativeModel: model_negative, cfg }),
      );
    if (!negative && cfg !== 1) throw missingNegative();
    return outputs(cfgGuider(model, positive, negative ?? [], cfg));
  },
});

const NAGuidance = defineNode({
  type: 'NAGuidance',
  display: 'Normalized Attention Guidance',
  category: 'advanced/guidance',
  description:
    'Guides away from the negative prompt in self-attention, also where cfg is 1 (arXiv 2505.21179).',
  experimental: true,
  inputs: {
    model: socket('MODEL', { tooltip: 'The model.' }),
    nag_scale: float({
      default: 5,
      min: 0,
      max: 50,
      step: 0.1,
      tooltip: 'Strength of the guidance; 1 does not guide.',
    }),
    nag_alpha: float({
      default: 0.5,
      min: 0,
      max: 1,
      step: 0.01,
      tooltip: 'Share of the guided attention; 0 changes nothing.',
    }),
    nag_tau: float({ default: 1.5, min: 1, max: 10, step: 0.01 }),
  },
  outputs: [output('MODEL')],
  run: ({ model, nag_scale: scale, nag_alpha: alpha, nag_tau: tau }) =>
    outputs(
      setPatches(addUNetPatch(model, { kind: 'attentionGuidance', scale, alpha, tau }), {
        allSides: true,
      }),
    ),
});

export const LATER_SAMPLING_NODES: readonly NodeDeclaration[] = [
  ManualSigmas,
  SamplerLCM,
  TemporalScoreRescaling,
  SamplerSEEDS2,
  CFGOverride,
  DualModelGuider,
  NAGuidance,
];
