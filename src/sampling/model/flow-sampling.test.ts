// The model samplings of flow models against ComfyUI 0.33.0 (test/golden/flow).
import { expect, it } from 'vitest';
import { expectExact, expectGolden, golden } from '../../../test/support/golden.ts';
import { flowSampling, fluxSampling } from './flow-sampling.ts';

const g = golden('flow', 'model_sampling');
const samplingOf = ([kind, shift, multiplier]: [string, number, number]) =>
  kind === 'flux' ? fluxSampling({ shift }) : flowSampling({ shift, multiplier });

it.each(g.cases)('$id', ({ id, params, inputs, outputs }) => {
  const sampling = samplingOf(params.kind);
  const [t, sig, x, y, latent] = ['t', 'sig', 'x', 'y', 'latent'].map(
    (name) => g.float(inputs[name]).data,
  );
  expectExact(g, id, outputs.sigmas, sampling.sigmas);
  expectExact(g, id, outputs.sigma_of_t, t.map(sampling.sigma));
  expectExact(g, id, outputs.timestep_of_sigma, sig.map(sampling.timestep));
  expectGolden(g, id, outputs.percent_to_sigma, params.percents.map(sampling.percentToSigma));
  for (const [i, value] of params.sigma_for_ops.entries()) {
    const sigma = Math.fround(value);
    expectGolden(g, id, outputs[`denoised_${i}`], sampling.calculateDenoised(sigma, y, x));
    expectGolden(
      g,
      id,
      outputs[`noise_scaling_${i}`],
      sampling.noiseScaling(sigma, x, latent, true),
    );
    if (outputs[`inverse_${i}`])
      expectGolden(g, id, outputs[`inverse_${i}`], sampling.inverseNoiseScaling(sigma, x));
  }
  expect(sampling.calculateInput(0.5, x)).toBe(x);
});
