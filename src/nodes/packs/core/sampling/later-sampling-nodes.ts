// Sampling nodes that ComfyUI has since 0.3.64.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_custom_sampler.py, nodes_advanced_samplers.py,
// nodes_eps.py.
import { DarkroomError } from '../../../../errors.ts';
import { withScoreRescaling } from '../../../../sampling/patches/score-rescaling.ts';
import { samplerKind } from '../../../../sampling/samplers/index.ts';
import {
  defineNode,
  float,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';

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

export const LATER_SAMPLING_NODES: readonly NodeDeclaration[] = [
  ManualSigmas,
  SamplerLCM,
  TemporalScoreRescaling,
];
