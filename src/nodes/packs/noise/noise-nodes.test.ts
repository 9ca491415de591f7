// Expected values: ComfyUI_Noise nodes.py at 0c9ec19, torch 2.13 on a CPU. They are the first eight
// values, the sum and the shape of each result, for NoisyLatentImage('CPU', seed, 32, 16, batch)
// and masks torch.linspace(0, 1, n).reshape(-1, 3, 4).
import { expect, it } from 'vitest';
import { runNode, testContext } from '../../../../test/support/run-node.ts';
import { fixtureModels } from '../../../../test/support/sampling.ts';
import type { Latent } from '../../../sampling/sampling-types.ts';
import { type Tensor, tensor } from '../../../tensor/tensor.ts';

interface Expected {
  /** The first eight values. */
  readonly first: readonly number[];
  readonly sum: number;
  readonly shape: readonly number[];
}

const run = async (type: string, inputs: object): Promise<Latent> =>
  (await runNode(type, inputs as never))[0];
const noise = (seed: bigint, batch: number): Promise<Latent> =>
  run('BNK_NoisyLatentImage', { source: 'CPU', seed, width: 32, height: 16, batch_size: batch });
const masks = (count: number): Tensor =>
  tensor(
    [count, 3, 4],
    Float32Array.from({ length: count * 12 }, (_, i) => i / (count * 12 - 1)),
  );

function expectClose({ samples }: Latent, { first, sum, shape }: Expected): void {
  expect(samples.shape).toEqual(shape);
  for (const [i, value] of first.entries())
    expect(Math.abs(samples.data[i] - value)).toBeLessThan(2e-6 + Math.abs(value) * 1e-6);
  const actualSum = samples.data.reduce((total, value) => total + value, 0);
  expect(Math.abs(actualSum - sum)).toBeLessThan(1e-4);
}

const SHAPE = [2, 4, 2, 4];

it('draws the noise of the original', async () => {
  expectClose(await noise(2n ** 64n - 1n, 2), {
    first: [
      -2.6642976, -1.0910486, 0.4514474, 0.2283607, 1.8986179, 1.5642089, -1.2553997, 0.7936442,
    ],
    sum: -9.467702,
    shape: SHAPE,
  });
});

it('repeats an item of a batch', async () => {
  expectClose(
    await run('BNK_DuplicateBatchIndex', {
      latents: await noise(3n, 2),
      batch_index: 5,
      batch_size: 3,
    }),
    {
      first: [
        -0.4760309, -0.2929125, -0.3480893, 0.3487464, 0.0370669, -0.0676856, 0.429033, -0.8681192,
      ],
      sum: 2.462711,
      shape: [3, 4, 2, 4],
    },
  );
});

it('interpolates two noises as the original', async () => {
  const [one, two] = [await noise(1n, 2), await noise(2n, 2)];
  const cases = [
    {
      mask: undefined,
      first: [
        -1.8331759, -0.2523201, -1.1757731, -1.9392707, -0.6431943, -0.0125062, -1.3540775,
        -1.4886254,
      ],
      sum: -9.471294,
    },
    {
      mask: masks(1),
      first: [
        -1.5535576, -0.6597024, -0.7962879, -1.7294071, -0.4457299, -0.1752379, -1.2860219,
        -1.4995773,
      ],
      sum: -7.62691,
    },
    {
      mask: masks(2),
      first: [
        -1.538969, -0.7069352, -0.7220408, -1.6668389, -0.2654363, -0.4016471, -1.1262395,
        -1.5567176,
      ],
      sum: -9.284639,
    },
  ];
  for (const { mask, ...expected } of cases)
    expectClose(await run('BNK_SlerpLatent', { latents1: one, latents2: two, factor: 0.3, mask }), {
      ...expected,
      shape: SHAPE,
    });
});

it('injects noise as the original', async () => {
  const [one, two] = [await noise(1n, 2), await noise(2n, 2)];
  const cases = [
    {
      mask: undefined,
      first: [
        -16.7212944, 12.6321898, -19.6951599, -17.810791, -17.8943272, 16.4376621, -16.4176979,
        -3.3441513,
      ],
      sum: -102.583443,
    },
    {
      mask: masks(1),
      first: [
        -2.907023, 1.6829357, -5.8470297, -7.5008693, -11.4237232, 11.7885208, -13.6108017,
        -3.1864188,
      ],
      sum: -25.945636,
    },
    {
      mask: masks(2),
      first: [
        -2.1862786, 0.413457, -3.1376131, -4.427103, -5.5157814, 5.3201509, -7.0207, -2.3634682,
      ],
      sum: -68.150968,
    },
  ];
  for (const { mask, ...expected } of cases)
    expectClose(await run('BNK_InjectNoise', { latents: one, noise: two, strength: 14.6, mask }), {
      ...expected,
      shape: SHAPE,
    });
  const single = { latents: await noise(1n, 1), noise: await noise(2n, 1) };
  expectClose(await run('BNK_InjectNoise', { ...single, strength: 2, mask: masks(2) }), {
    first: [
      -1.6161004, -0.5908224, -0.9942045, -1.9954598, -0.8420322, 0.2030493, -1.8072966, -1.7124349,
    ],
    sum: -16.454569,
    shape: SHAPE,
  });
});

it('returns the latent itself if there is no noise to add', async () => {
  const latents = await noise(1n, 2);
  expect(await run('BNK_InjectNoise', { latents, strength: 2 })).toBe(latents);
  expect(await run('BNK_SlerpLatent', { latents1: latents, factor: 0.5 })).toBe(latents);
});

it('returns the latent itself, with a warning, if the noise has another shape', async () => {
  const latents = await noise(1n, 2);
  const context = testContext();
  const [same] = await runNode(
    'BNK_InjectNoise',
    { latents, noise: await noise(1n, 1), strength: 2 },
    context,
  );
  expect(same).toBe(latents);
  expect(context.warnings).toHaveLength(1);
});

it('refuses a mask of another batch size', async () => {
  const latents = await noise(1n, 2);
  const mask = masks(3);
  await expect(
    run('BNK_InjectNoise', { latents, noise: latents, strength: 1, mask }),
  ).rejects.toMatchObject({ input: 'mask' });
});

it('computes the noise between two steps', async () => {
  const models = fixtureModels();
  const model = await models.model('sd1');
  const sigma = (end_at_step: number, scheduler = 'karras') =>
    runNode('BNK_GetSigma', {
      model,
      sampler_name: 'euler',
      scheduler,
      steps: 5,
      start_at_step: 0,
      end_at_step,
    });
  const [whole] = await sigma(10000);
  expect(whole).toBeCloseTo(14.614642 / 0.18215, 4);
  const [none] = await sigma(1, 'simple');
  expect(none).toBeGreaterThan(0);
  await expect(sigma(5, 'ddim_uniform')).resolves.toHaveLength(1);
  await models.close();
});
