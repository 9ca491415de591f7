// Every sampler where schedules are unusual: no step, one step, start = end, equal and ascending
// sigmas (Unsampler), zeros inside, NaN, denoise 0.01; and knobs that no node sets. The original's
// NaN is a NaN here; what it cannot finish is refused.
import { expect, it } from 'vitest';
import {
  expectGolden,
  type Golden,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
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

it('knows the samplers of ComfyUI, in its order', () => {
  expect([...new Set(g.cases.map(({ params }) => params.sampler))]).toEqual([
    ...SAMPLER_NAMES,
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

const unfinished = g.cases.filter(({ note }) => note);

it.each(unfinished)('$id: the original $note', async (c) => {
  const ours = await run(g, c).catch((error: unknown) => error);
  if (ours instanceof DarkroomError)
    expect(ours.code).toBe(
      c.note!.includes('must not be 0') ? 'DR_SIGMA_ZERO' : 'DR_SAMPLING_FAILED',
    );
  else
    expect(ours).toMatchObject({
      out: expect.toSatisfy((out: Float32Array) => out.every(Number.isNaN)),
    });
});
