// The samplers by ComfyUI's name, in its order. A new one is a file and a line here.
import { DarkroomError } from '../../errors.ts';
import { ddpm } from './ddpm.ts';
import { dpm2, dpm2Ancestral } from './dpm-2.ts';
import { dpmFast } from './dpm-fast.ts';
import { dpmpp2m, dpmpp2sAncestral } from './dpmpp.ts';
import { euler, eulerAncestral } from './euler.ts';
import { heun } from './heun.ts';
import { lcm } from './lcm.ts';
import { lms } from './lms.ts';
import type { SamplerKind } from './sampler.ts';
import { uniPc, uniPcBh2 } from './uni-pc.ts';

export const SAMPLER_KINDS: Readonly<Record<string, SamplerKind>> = {
  euler: { sample: euler },
  euler_ancestral: { sample: eulerAncestral, stochastic: true },
  heun: { sample: heun },
  dpm_2: { sample: dpm2, discardPenultimate: true },
  dpm_2_ancestral: { sample: dpm2Ancestral, stochastic: true, discardPenultimate: true },
  lms: { sample: lms },
  dpm_fast: { sample: dpmFast },
  dpmpp_2s_ancestral: { sample: dpmpp2sAncestral, stochastic: true },
  dpmpp_2m: { sample: dpmpp2m },
  ddpm: { sample: ddpm, stochastic: true },
  lcm: { sample: lcm, stochastic: true },
  ddim: { sample: euler, ownBlendNoise: true },
  uni_pc: { sample: uniPc, discardPenultimate: true },
  uni_pc_bh2: { sample: uniPcBh2, discardPenultimate: true },
};

export const SAMPLERS: readonly string[] = Object.keys(SAMPLER_KINDS);

/** The sampler of a name. Throws DR_INPUT_INVALID for a name that is not in SAMPLERS. */
export function samplerKind(name: string): SamplerKind {
  if (Object.hasOwn(SAMPLER_KINDS, name)) return SAMPLER_KINDS[name];
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `unknown sampler '${name}'`,
    hint: `Use one of: ${SAMPLERS.join(', ')}.`,
    input: 'sampler_name',
  });
}
