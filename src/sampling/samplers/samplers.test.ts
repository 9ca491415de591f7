// The samplers on the goldens' analytic denoiser, step by step.
import { describe, expect, it } from 'vitest';
import {
  expectGolden,
  type Golden,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { RULES } from '../../../test/support/rules.ts';
import { analyticPrediction } from '../../../test/support/sampling.ts';
import { behaviourOf } from '../../nodes/versions/behaviour-changes.ts';
import { COMFYUI_VERSIONS } from '../../nodes/versions/comfyui-versions.ts';
import type { Vector } from '../float32.ts';
import { flowSampling, fluxSampling } from '../model/flow-sampling.ts';
import { discreteSampling } from '../model/model-sampling.ts';
import { runSampler } from '../runs/sample.ts';
import { SAMPLER_KINDS } from './index.ts';

const discrete = discreteSampling();
/** Its denoiser is shared by groups that have none of their own. */
const analytic = golden('samplers', 'analytic');

async function check(
  g: Golden,
  { id, params, inputs, outputs }: GoldenCase,
  rules = RULES,
): Promise<void> {
  const kind = SAMPLER_KINDS[params.sampler];
  const [model, shift, multiplier] = params.kind ?? ['eps'];
  const sampling = {
    eps: () => discrete,
    flow: () => flowSampling({ shift, multiplier, noiseScale: params.noise_scale }),
    flux: () => fluxSampling({ shift }),
  }[model as 'eps' | 'flow' | 'flux']();
  const seed = BigInt(params.seed);
  const predict = analyticPrediction(g.has('shared/B1') ? g : analytic, model !== 'eps');
  const noise = g.float(inputs.noise);
  const calls: number[] = [];
  const steps: { x: Vector; denoised: Vector }[] = [];
  const out = await runSampler({
    rules,
    sampler: { kind, options: params.options },
    sampling,
    sigmas: g.float(inputs.sigmas).data,
    predict: (x, sigma) => {
      calls.push(sigma);
      return predict(x, sigma);
    },
    noise: noise.data,
    latent: inputs.latent ? g.float(inputs.latent).data : new Float32Array(noise.data.length),
    mask: inputs.mask ? g.float(inputs.mask) : undefined,
    seed,
    // The Impact Pack samples a range of steps with the noise of the whole schedule.
    stepNoise: inputs.total_sigmas
      ? kind.noise?.({
          seed,
          count: noise.data.length,
          sigmas: g.float(inputs.total_sigmas).data,
          rules,
        })
      : undefined,
    onStep: (_, x, denoised) => steps.push({ x, denoised }),
  });
  for (const [i, { x, denoised }] of steps.entries()) {
    if (outputs[`x_${i}`]) expectGolden(g, id, outputs[`x_${i}`], x);
    if (outputs[`d_${i}`]) expectGolden(g, id, outputs[`d_${i}`], denoised);
  }
  if (outputs.x_0)
    expect(
      Object.keys(outputs).filter((name) => name.startsWith('x_')).length,
      `${id} callbacks`,
    ).toBe(steps.length);
  if (outputs.calls) expectGolden(g, id, outputs.calls, calls);
  expectGolden(g, id, outputs.out, out);
}

describe.each(['analytic', 'options', 'impact', 'schedules'])('samplers/%s', (group) => {
  const g = golden('samplers', group);
  const names = [...new Set(g.cases.map(({ params }) => params.sampler as string))];
  it.each(names)('%s', async (name) => {
    for (const c of g.cases.filter(({ params }) => params.sampler === name)) await check(g, c);
  });
});

/** Of 0.33.0: every sampler on flow models, and samplers with options and other noise. */
describe.each(['samplers', 'sampler_options', 'noise_scale'])('flow/%s', (group) => {
  const g = golden('flow', group);
  it.each(g.cases.map((c): [string, GoldenCase] => [c.id, c]))('%s', (_, c) =>
    check(g, c, behaviourOf('0.33.0')),
  );
});

describe.each(COMFYUI_VERSIONS)('ComfyUI %s', (version) => {
  const g = golden('versions', `samplers_${version}`);
  it.each(g.cases.map((c): [string, GoldenCase] => [c.id, c]))('%s', (_, c) =>
    check(g, c, behaviourOf(version)),
  );
});
