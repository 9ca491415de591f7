// The options of the SDE samplers, as their nodes set them, against the original's latents.
import { expect, it } from 'vitest';
import { expectGolden, golden } from '../../../test/support/golden.ts';
import { RULES } from '../../../test/support/rules.ts';
import { analyticPrediction } from '../../../test/support/sampling.ts';
import { discreteSampling } from '../model/model-sampling.ts';
import { runSampler } from '../runs/sample.ts';
import { reverseTimeScale } from './er-sde.ts';
import { SAMPLER_KINDS } from './index.ts';
import { tauInterval } from './sa-solver.ts';
import type { SamplerOptions } from './sampler.ts';

const sampling = discreteSampling();
const predict = analyticPrediction(golden('samplers', 'analytic'));
const g = golden('samplers', 'sde_options');

/** Builds the options that are functions from the golden's numbers. */
function withFunctions({ rev, tau, ...options }: Record<string, never>): SamplerOptions {
  if (rev !== undefined) return { ...options, noise_scaler: reverseTimeScale(rev) };
  if (!tau) return options;
  const [eta, start, end] = tau as number[];
  return {
    ...options,
    tau_func: tauInterval(sampling.percentToSigma(start), sampling.percentToSigma(end), eta),
  };
}

const run = (samplerName: string, options: Record<string, never>, name = 'k8') => {
  const noise = g.float('shared/noise').data;
  const latent = new Float32Array(noise.length);
  const sigmas = g.float(`sigmas/${name}`).data;
  return runSampler({
    rules: RULES,
    sampler: { kind: SAMPLER_KINDS[samplerName], options: withFunctions(options) },
    sampling,
    sigmas,
    predict,
    noise,
    latent,
    seed: 7n,
  });
};

it.each([...new Set(g.cases.map(({ params }) => params.sampler as string))])('%s', async (name) => {
  for (const { id, params, outputs } of g.cases.filter(({ params }) => params.sampler === name))
    expectGolden(g, id, outputs.out, await run(name, params.options, params.sigmas));
});

it.each(['dpmpp_sde', 'seeds_2'])('%s refuses an r of 0', async (samplerName) => {
  await expect(run(samplerName, { r: 0 as never })).rejects.toMatchObject({
    code: 'DR_INPUT_INVALID',
    input: 'r',
  });
});
