// Every sampler on unusual schedules: no step, one step, start = end, equal and ascending sigmas
// (Unsampler), zeros inside, NaN, denoise 0.01; and with options that no node sets. Where the
// original returns NaN, so do we; where it fails or never ends, we throw.
import { expect, it } from 'vitest';
import {
  expectGolden,
  type Golden,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { RULES } from '../../../test/support/rules.ts';
import { analyticPrediction } from '../../../test/support/sampling.ts';
import { DarkroomError } from '../../errors.ts';
import { discreteSampling } from '../model/model-sampling.ts';
import { runSampler } from '../runs/sample.ts';
import { eulerPp } from './cfg-pp.ts';
import { SAMPLER_KINDS, SAMPLER_NAMES } from './index.ts';
import type { SamplerKind } from './sampler.ts';

const sampling = discreteSampling();
const g = golden('samplers', 'edges');
const predict = analyticPrediction(g);
const kinds: Readonly<Record<string, SamplerKind>> = { ...SAMPLER_KINDS, euler_pp: eulerPp };

async function run(edge: Golden, { params, inputs }: GoldenCase) {
  let [calls, steps] = [0, 0];
  const out = await runSampler({
    rules: RULES,
    sampler: { kind: kinds[params.sampler], options: params.options },
    sampling,
    sigmas: edge.float(inputs.sigmas).data,
    predict: (x, sigma) => {
      calls++;
      return predict(x, sigma);
    },
    noise: edge.float(inputs.noise).data,
    latent: edge.float(inputs.latent).data,
    seed: BigInt(params.seed),
    onStep: () => steps++,
  });
  return { out, calls, steps };
}

it('has the samplers of ComfyUI 0.3.64, in its order', () => {
  expect([...new Set(g.cases.map(({ params }) => params.sampler))]).toEqual([
    ...SAMPLER_NAMES.filter((name) => !name.startsWith('exp_heun')),
    'euler_pp',
  ]);
});

it.each(Object.keys(kinds))('%s', async (name) => {
  for (const c of g.cases.filter(({ params, note }) => params.sampler === name && !note)) {
    const { out, calls, steps } = await run(g, c);
    expectGolden(g, c.id, c.outputs.out, out);
    expect({ calls, steps }, c.id).toEqual({ calls: c.params.calls, steps: c.params.callbacks });
  }
});

const failing = g.cases.filter(({ note }) => note);

it.each(failing)('$id: the original $note', async (c) => {
  const result = await run(g, c).catch((error: unknown) => error);
  if (result instanceof DarkroomError)
    expect(result.code).toBe(
      c.note!.includes('must not be 0') ? 'DR_SIGMA_ZERO' : 'DR_SAMPLING_FAILED',
    );
  else
    expect(result).toMatchObject({
      out: expect.toSatisfy((out: Float32Array) => out.every(Number.isNaN)),
    });
});
