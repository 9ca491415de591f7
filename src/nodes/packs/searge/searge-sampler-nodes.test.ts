// The samplers of SeargeSDXL against the originals, stage by stage.
import { afterAll, describe, expect, it } from 'vitest';
import {
  expectGolden,
  fixtureModel,
  type Golden,
  type GoldenCase,
  golden,
} from '../../../../test/support/golden.ts';
import { RULES } from '../../../../test/support/rules.ts';
import { runNode, testContext } from '../../../../test/support/run-node.ts';
import { bigintOf, conditioningOf, fixtureModels } from '../../../../test/support/sampling.ts';
import { commonUpscale } from '../../../image/resize/common-upscale.ts';
import { loadCheckpoint } from '../../../models/checkpoint/load.ts';
import { loadUpscaler } from '../../../models/upscaler/load.ts';
import { createRuntime } from '../../../runtime/runtime.ts';
import { type PromptedModel, runStages, twoStagePlan } from '../../../sampling/runs/two-stage.ts';
import type { Latent } from '../../../sampling/sampling-types.ts';
import type { Tensor } from '../../../tensor/tensor.ts';

const models = fixtureModels();
const runtime = createRuntime({ threads: 1 });
afterAll(async () => {
  await models.close();
  await runtime.close();
});

async function prompted(
  g: Golden,
  { bp, bn, rp, rn }: GoldenCase['params'],
): Promise<{ base: PromptedModel; refiner: PromptedModel }> {
  const [base, refiner] = [await models.model('base'), await models.model('refiner')];
  return {
    base: { model: base, positive: conditioningOf(g, bp), negative: conditioningOf(g, bn) },
    refiner: { model: refiner, positive: conditioningOf(g, rp), negative: conditioningOf(g, rn) },
  };
}

/** The node's inputs: the two models with their prompts, and the params that are inputs by name. */
async function nodeInputs(g: Golden, { params }: GoldenCase): Promise<Record<string, unknown>> {
  const { base, refiner } = await prompted(g, params);
  const { bp, bn, rp, rn, latent, image, batch_index, upscale_model, noise_seed, ...values } =
    params;
  const sides = Object.entries({ base, refiner }).flatMap(([name, part]) =>
    Object.entries(part).map(([key, value]) => [`${name}_${key}`, value] as const),
  );
  return { ...Object.fromEntries(sides), ...values, noise_seed: bigintOf(noise_seed) };
}

/** Runs the plan of a case stage by stage and compares each stage's latent. */
async function checkStages(g: Golden, one: GoldenCase, latent: Latent): Promise<void> {
  const { steps, cfg, sampler_name, scheduler, base_ratio, denoise, ...params } = one.params;
  const plan = twoStagePlan({
    seed: bigintOf(params.noise_seed),
    steps,
    baseRatio: base_ratio,
    denoise,
    prepSteps: params.refiner_prep_steps,
    noiseOffset: params.noise_offset,
    refinerStrength: params.refiner_strength,
  });
  if (one.scalars?.calls)
    expect(
      plan.map(({ seed, startAtStep, endAtStep, addNoise, returnWithLeftoverNoise, ...stage }) => ({
        ...stage,
        seed: String(seed),
        disable_noise: !addNoise,
        start_step: startAtStep,
        last_step: endAtStep,
        force_full_denoise: !returnWithLeftoverNoise,
      })),
      one.id,
    ).toEqual(one.scalars.calls);
  const run = {
    ...(await prompted(g, one.params)),
    steps,
    cfg,
    samplerName: sampler_name,
    scheduler,
    rules: RULES,
  };
  let now = latent;
  for (const [i, stage] of plan.entries()) {
    now = await runStages([stage], now, run);
    expectGolden(g, one.id, one.outputs[`ksampler${i}`], now.samples);
  }
}

describe('seeds/searge_sampler2', () => {
  const g = golden('seeds', 'searge_sampler2');
  it.each(g.cases.map((one) => [one.id, one] as const))('%s', async (_, one) => {
    const latent: Latent = {
      samples: g.float(one.inputs.latent),
      ...(one.inputs.noise_mask && { noise_mask: g.float(one.inputs.noise_mask) }),
      ...(one.params.batch_index && { batch_index: one.params.batch_index }),
    };
    await checkStages(g, one, latent);
    const [result] = await runNode('SeargeSDXLSampler2', {
      ...(await nodeInputs(g, one)),
      latent_image: latent,
    });
    expect(Object.keys(result).sort(), one.id).toEqual(one.scalars!.out_keys);
    expectGolden(g, one.id, one.outputs.samples, (result as Latent).samples);
  });
});

describe('seeds/searge_image2image', () => {
  const g = golden('seeds', 'searge_image2image');
  it.each(g.cases.map((one) => [one.id, one] as const))('%s', async (_, one) => {
    const { vae } = await loadCheckpoint(fixtureModel('tiny_sdxl_base'), runtime);
    const { upscale_model } = one.params;
    const inputs = {
      ...(await nodeInputs(g, one)),
      image: g.float(one.inputs.image),
      vae,
      upscale_model: upscale_model && (await loadUpscaler(fixtureModel(upscale_model), runtime)),
    };
    const run = () => runNode('SeargeSDXLImage2ImageSampler', inputs);
    if (one.note?.startsWith('raises')) {
      await expect(run()).rejects.toMatchObject({ code: 'DR_INPUT_INVALID', input: 'softness' });
      return;
    }
    const [image] = await run();
    if (one.outputs.input_latent)
      await checkStages(g, one, { samples: g.float(one.outputs.input_latent) });
    expectGolden(g, one.id, one.outputs.image, image as Tensor);
  });
});

describe('samplers of SeargeSDXL', () => {
  const g = golden('seeds', 'searge_sampler2');
  const [one] = g.cases;
  const latent_image: Latent = { samples: g.float(one.inputs.latent) };
  const settings = { noise_seed: 5n, steps: 6, cfg: 4, sampler_name: 'euler', scheduler: 'normal' };
  const run = async (
    type: string,
    inputs: Readonly<Record<string, unknown>>,
    context = testContext(),
  ): Promise<Latent> => (await runNode(type, inputs, context))[0];
  const inputs = async () => ({
    ...(await nodeInputs(g, one)),
    ...settings,
    latent_image,
    denoise: 1,
    base_ratio: 0.5,
  });
  const side = async (name: 'base' | 'refiner') => (await prompted(g, one.params))[name];

  it('warns of an unknown sampler or scheduler, and uses euler and simple', async () => {
    const context = testContext();
    const unknownNames = await run(
      'SeargeSDXLSampler2',
      { ...(await inputs()), sampler_name: 'eulr', scheduler: 'align_your_steps' },
      context,
    );
    expect([...new Set(context.warnings)]).toEqual([
      "unknown sampler 'eulr': using 'euler', as ComfyUI does. Did you mean 'euler'?",
      "unknown scheduler 'align_your_steps': using 'simple', as ComfyUI does.",
    ]);
    expect(unknownNames).toEqual(
      await run('SeargeSDXLSampler2', { ...(await inputs()), scheduler: 'simple' }),
    );
  });

  it('SeargeSDXLSampler equals two KSamplerAdvanced nodes', async () => {
    const common = { ...settings, latent_image };
    const first = {
      ...common,
      ...(await side('base')),
      add_noise: 'enable',
      start_at_step: 0,
      end_at_step: 3,
    };
    const half = await run('KSamplerAdvanced', { ...first, return_with_leftover_noise: 'enable' });
    const second = {
      ...common,
      ...(await side('refiner')),
      latent_image: half,
      add_noise: 'disable',
      start_at_step: 3,
      end_at_step: 6,
    };
    const whole = await run('KSamplerAdvanced', {
      ...second,
      return_with_leftover_noise: 'disable',
    });
    expect(await run('SeargeSDXLSampler', await inputs())).toEqual(whole);
  });

  it('SeargeSamplerAdvanced equals KSampler runs with enlargements between them', async () => {
    const { noise_seed: seed, ...rest } = settings;
    const common = { ...rest, ...(await side('base')) };
    const [, , height, width] = latent_image.samples.shape;
    const first = await run('KSampler', { ...common, seed, denoise: 1, latent_image });
    const enlarged = ({ samples }: Latent, done: number): Latent => {
      const grown = (size: number) => size + Math.floor((size * done) / 6);
      return {
        samples: commonUpscale(
          samples,
          { width: grown(width), height: grown(height) },
          'bicubic',
          'disabled',
        ),
      };
    };
    const second = await run('KSampler', {
      ...common,
      seed,
      steps: 3,
      denoise: 0.5,
      latent_image: enlarged(first, 5),
    });
    const third = await run('KSampler', {
      ...common,
      seed,
      steps: 3,
      denoise: 0.5,
      latent_image: enlarged(second, 10),
    });
    const growth = { scale_factor: 2, scale_denoise: 0.5, scale_method: 'bicubic' };
    const context = testContext();
    expect(
      await run(
        'SeargeSamplerAdvanced',
        { ...common, ...growth, noise_seed: seed, denoise: 1, latent_image },
        context,
      ),
    ).toEqual(third);
    expect(context.steps.at(-1)).toEqual([12, 12]);
  });
});
