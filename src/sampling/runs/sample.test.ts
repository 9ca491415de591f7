// A run's network calls, reports and errors, on a network that predicts zeros.
import { describe, expect, it } from 'vitest';
import { RULES } from '../../../test/support/rules.ts';
import type { Denoiser, DenoiserInputs } from '../../models/denoiser.ts';
import { full, type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import { setArea, setMask, setTimestepRange } from '../conditioning/operations.ts';
import { makeModel } from '../model/model.ts';
import type { Conditioning } from '../sampling-types.ts';
import { commonKSampler, type KSamplerOptions } from './ksampler.ts';

const prompt = (tokens: number, value = 0): Conditioning => [{ cond: full([1, tokens, 6], value) }];

function setUp(
  options: { output?: (inputs: DenoiserInputs) => Tensor; changes?: Partial<KSamplerOptions> } = {},
) {
  const calls: DenoiserInputs[] = [];
  const unet: Denoiser = {
    inChannels: 4,
    outChannels: 4,
    contextDim: 6,
    admChannels: 0,
    variant: () => unet,
    evaluate: async (inputs) => {
      calls.push(inputs);
      return options.output?.(inputs) ?? zeros(inputs.x.shape);
    },
  };
  const run = () =>
    commonKSampler({
      rules: RULES,
      model: makeModel('sd1', unet),
      seed: 1n,
      steps: 3,
      cfg: 7,
      samplerName: 'euler',
      scheduler: 'normal',
      positive: prompt(77),
      negative: prompt(77),
      latent: { samples: zeros([1, 4, 16, 16]) },
      ...options.changes,
    });
  return { calls, run };
}

describe('network calls', () => {
  const shapes = async (changes: Partial<KSamplerOptions>) => {
    const { calls, run } = setUp({ changes: { steps: 1, ...changes } });
    await run();
    return calls.map(({ x, context }) => `${x.shape} ${context.shape}`);
  };

  it('evaluates both sides in one batch', async () => {
    expect(await shapes({})).toEqual(['2,4,16,16 2,77,6']);
    expect(await shapes({ latent: { samples: zeros([2, 4, 16, 16]) } })).toEqual([
      '4,4,16,16 4,77,6',
    ]);
  });

  it('does not evaluate the negative side at cfg 1, unless the sampler uses it', async () => {
    expect(await shapes({ cfg: 1 })).toEqual(['1,4,16,16 1,77,6']);
    expect(await shapes({ cfg: 1, samplerName: 'euler_cfg_pp' })).toEqual(['2,4,16,16 2,77,6']);
  });

  it('repeats contexts to a common length up to four times', async () => {
    expect(await shapes({ positive: prompt(231), negative: prompt(154) })).toEqual([
      '2,4,16,16 2,462,6',
    ]);
    expect(await shapes({ positive: prompt(385) })).toEqual([
      '1,4,16,16 1,385,6',
      '1,4,16,16 1,77,6',
    ]);
  });

  it('adds a partner for an area on the other side', async () => {
    const positive = [
      ...prompt(77),
      ...setArea(prompt(77), { width: 64, height: 64, x: 64, y: 96 }, 1),
    ];
    expect(await shapes({ positive })).toEqual(['2,4,16,16 2,77,6', '2,4,4,8 2,77,6']);
  });

  it('does not evaluate a prompt outside its range of steps', async () => {
    expect(await shapes({ positive: setTimestepRange(prompt(77), 0.5, 1), negative: [] })).toEqual(
      [],
    );
  });

  it('replaces an empty latent by one with the channels of the model', async () => {
    expect(await shapes({ latent: { samples: zeros([1, 16, 16, 16]) } })).toEqual([
      '2,4,16,16 2,77,6',
    ]);
  });
});

describe('reports', () => {
  it('reports each step, and copies the other fields of the latent', async () => {
    const steps: string[] = [];
    const onStep: KSamplerOptions['onStep'] = (step, total, denoised) =>
      steps.push(`${step}/${total} ${denoised.shape}`);
    const noise_mask = full([1, 16, 16], 1);
    const { run } = setUp({
      changes: { onStep, latent: { samples: zeros([1, 4, 16, 16]), noise_mask } },
    });
    expect((await run()).noise_mask).toBe(noise_mask);
    expect(steps).toEqual(['0/3 1,4,16,16', '1/3 1,4,16,16', '2/3 1,4,16,16']);
  });

  it('stops before the next evaluation when aborted', async () => {
    const stop = new AbortController();
    const { calls, run } = setUp({ changes: { signal: stop.signal, onStep: () => stop.abort() } });
    await expect(run()).rejects.toMatchObject({ code: 'DR_INTERRUPTED' });
    expect(calls.length).toBe(1);
  });

  it('preserves the latent outside the noise mask', async () => {
    const samples = tensor(
      [1, 4, 8, 8],
      Float32Array.from({ length: 256 }, (_, i) => i / 64 - 2),
    );
    const latent = { samples, noise_mask: zeros([1, 64, 64]) };
    const { data } = (await setUp({ changes: { latent } }).run()).samples;
    expect(Math.max(...data.map((value, i) => Math.abs(value - samples.data[i])))).toBeLessThan(
      1e-5,
    );
  });
});

describe('continues with NaN, as the original does, and warns once', () => {
  const runWithNan = async (options: Parameters<typeof setUp>[0]) => {
    const lines: string[] = [];
    const { calls, run } = setUp({
      ...options,
      changes: { ...options?.changes, warn: (line) => lines.push(line) },
    });
    const { samples } = await run();
    expect(samples.data.every(Number.isNaN)).toBe(true);
    return { lines, calls: calls.length };
  };

  it('if the network predicts NaN, naming the step', async () => {
    let count = 0;
    const { lines, calls } = await runWithNan({
      output: ({ x }) => full(x.shape, ++count > 1 ? Number.NaN : 0),
    });
    expect(lines).toEqual([expect.stringMatching(/^NaN at step 2 of 3: .*cfg/)]);
    expect(calls).toBe(3);
  });

  it('if a sigma of the schedule is NaN', async () => {
    expect((await runWithNan({ changes: { scheduler: 'kl_optimal', steps: 1 } })).lines).toEqual([
      expect.stringMatching(/^NaN at step 1 of 1/),
    ]);
  });
});

it('warns of unknown samplers and schedulers, and uses the first ones', async () => {
  const sampled = async (changes: Partial<KSamplerOptions>) =>
    (await setUp({ changes }).run()).samples;
  const lines: string[] = [];
  const named = await sampled({ samplerName: 'euler', scheduler: 'simple' });
  expect(
    await sampled({ samplerName: 'eular', scheduler: 'simpel', warn: (line) => lines.push(line) }),
  ).toEqual(named);
  expect(lines).toEqual([expect.stringContaining("'eular'"), expect.stringContaining("'simpel'")]);
});

describe('refuses', () => {
  const rejection = (changes: Partial<KSamplerOptions>) => expect(setUp({ changes }).run()).rejects;

  it('seeds out of range', async () => {
    await rejection({ seed: 2n ** 64n }).toMatchObject({ code: 'DR_SEED_RANGE' });
  });

  it('the largest seed for ddim, which adds 1 to it', async () => {
    const latent = { samples: zeros([1, 4, 16, 16]), noise_mask: full([1, 16, 16], 1) };
    await rejection({ seed: 2n ** 64n - 1n, samplerName: 'ddim', latent }).toMatchObject({
      code: 'DR_SEED_RANGE',
    });
  });

  it('latents of another model', async () => {
    await rejection({ latent: { samples: full([1, 16, 8, 8], 1) } }).toMatchObject({
      code: 'DR_SHAPE_MISMATCH',
    });
  });

  it('prompts of another model', async () => {
    await rejection({ negative: [{ cond: zeros([1, 77, 8]) }] }).toMatchObject({
      code: 'DR_INPUT_INVALID',
      input: 'negative',
    });
  });

  it('areas outside the image', async () => {
    const outside = setArea(prompt(77), { width: 64, height: 64, x: 256, y: 0 }, 1);
    await rejection({ positive: outside }).toMatchObject({ code: 'DR_INPUT_INVALID' });
  });

  it('masks that do not fit the batch', async () => {
    const masked = setMask(prompt(77), full([2, 16, 16], 1), 1, false);
    await rejection({ positive: masked, latent: { samples: zeros([3, 4, 16, 16]) } }).toMatchObject(
      {
        code: 'DR_SHAPE_MISMATCH',
      },
    );
  });
});
