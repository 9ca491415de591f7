// RegionalSampler and iterative upscaling compared with the Impact Pack's own nodes, run in ComfyUI
// on the SD1 fixture model. The VAE's tiles overlap by 64 pixels, ComfyUI's usual overlap, which
// the pack does not pass when it encodes.

import { afterAll, describe, expect, it } from 'vitest';
import {
  expectGolden,
  expectThroughBytes,
  fixtureModel,
  type Golden,
  golden,
  type Params,
} from '../../../../../test/support/golden.ts';
import { RULES } from '../../../../../test/support/rules.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { fixtureModels } from '../../../../../test/support/sampling.ts';
import { loadCheckpoint } from '../../../../models/checkpoint/load.ts';
import { loadUpscaler } from '../../../../models/upscaler/load.ts';
import { createRuntime } from '../../../../runtime/runtime.ts';
import type { Conditioning, Latent } from '../../../../sampling/sampling-types.ts';
import type { PixelHook } from '../../../../segs/hooks.ts';
import { upscaleSteps } from '../../../../segs/upscale/iterative-upscale.ts';
import {
  FULL_SAMPLE_SCHEDULES,
  type FullSampleSchedule,
} from '../../../../segs/upscale/mask-upscaler.ts';
import {
  cfgScheduleHook,
  denoiseScheduleHook,
  stepsScheduleHook,
} from '../../../../segs/upscale/pixel-hooks.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';

const models = fixtureModels();
const runtime = createRuntime({ threads: 1 });
afterAll(async () => {
  await models.close();
  await runtime.close();
});

async function fixture(g: Golden) {
  const model = await models.model('sd1');
  const { vae } = await loadCheckpoint(fixtureModel('tiny_sd1'), runtime);
  const prompt = (name: string): Conditioning => [{ cond: g.float(`cond/${name}/cross`) }];
  return {
    model,
    vae: vae!,
    pipe: (name: string) => ({ model, vae: vae!, positive: prompt(name), negative: prompt('n') }),
  };
}

type Fixture = Awaited<ReturnType<typeof fixture>>;
type StatusReports = [text: string, progress: number | null][];

const statusTexts = (reports: StatusReports): string[] =>
  reports.map(([text]) => text).filter((text) => text !== 'finalize');
const tensorsOf = (g: Golden, inputs: Record<string, string>) =>
  Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, g.float(tensor)]));

describe('impact/regional_sampler', () => {
  const g = golden('impact', 'regional_sampler');
  it.each(g.cases.map((goldenCase) => [goldenCase.id, goldenCase] as const))(
    '%s',
    async (id, { params, inputs, outputs, scalars }) => {
      const { pipe } = await fixture(g);
      const sampler = async ([name, cfg, sampler_name, scheduler, options]: [
        string,
        number,
        string,
        string,
        Params?,
      ]) => {
        const values = { cfg, sampler_name, scheduler, sigma_factor: 1, ...options };
        return (
          await runNode('KSamplerAdvancedProvider', { ...values, basic_pipe: pipe(name) })
        )[0];
      };
      const regions: Record<string, unknown> = {};
      for (const [i, regionSampler] of params.regions.entries()) {
        const [variation_seed, variation_strength, variation_method] = (i === 0 &&
          params.variation) || [0, 0, 'linear'];
        const variation = {
          variation_seed: BigInt(variation_seed),
          variation_strength,
          variation_method,
        };
        const mask = g.float(inputs[`mask${i}`]);
        const region = { mask, advanced_sampler: await sampler(regionSampler), ...variation };
        [regions[`regional_prompts${i + 1}`]] = await runNode('RegionalPrompt', region);
      }
      const [regional_prompts] = await runNode('CombineRegionalPrompts', regions);
      const { base, regions: _, variation: __, seed, seed_2nd, ...settings } = params;
      const context = testContext();
      const [result] = (await runNode(
        'RegionalSampler',
        {
          ...settings,
          seed: BigInt(seed),
          seed_2nd: BigInt(seed_2nd),
          samples: { samples: g.float(inputs.latent) },
          base_sampler: await sampler(base),
          regional_prompts,
        },
        context,
      )) as readonly Latent[];
      expectGolden(g, id, outputs.samples, result.samples);
      expect(Object.keys(result).sort(), id).toEqual(scalars!.out_keys);
      const { steps, base_only_steps } = params;
      // the original does not report the steps of the base alone
      const reported = base_only_steps > 0 ? context.statuses.slice(1) : context.statuses;
      expect(reported, id).toEqual(statusTexts(scalars!.status));
      const passes = (base_only_steps > 0 ? 1 : 0) + (steps - base_only_steps) * 3;
      expect(context.steps.at(-1), id).toEqual([passes, passes]);
    },
  );
});

const HOOKS: Record<string, (values: never[], f: Fixture) => Promise<readonly PixelHook[]>> = {
  denoise: ([target_denoise]) => runNode('DenoiseScheduleHookProvider', { target_denoise }),
  cfg: ([target_cfg]) => runNode('CfgScheduleHookProvider', { target_cfg }),
  steps: ([target_steps]) => runNode('StepsScheduleHookProvider', { target_steps }),
  noise: ([seed, start_strength, end_strength]) =>
    runNode('NoiseInjectionHookProvider', {
      source: 'CPU',
      seed: BigInt(seed),
      start_strength,
      end_strength,
    }),
  unsample: (
    [steps, start_end_at_step, end_end_at_step, cfg, sampler_name, scheduler, normalize],
    { pipe },
  ) =>
    runNode('UnsamplerHookProvider', {
      ...pipe('a'),
      steps,
      start_end_at_step,
      end_end_at_step,
      cfg,
      sampler_name,
      scheduler,
      normalize,
      schedule_for_iteration: 'simple',
    }),
};

async function hookOf(
  list: [string, ...never[]][] | null,
  f: Fixture,
): Promise<PixelHook | undefined> {
  let combined: PixelHook | undefined;
  for (const [name, ...values] of list ?? []) {
    const [hook] = await HOOKS[name](values, f);
    [combined] = combined
      ? await runNode('PixelKSampleHookCombine', { hook1: combined, hook2: hook })
      : [hook];
  }
  return combined;
}

type Sampler = [
  pipe: string,
  seed: number,
  steps: number,
  cfg: number,
  sampler: string,
  scheduler: string,
  denoise: number,
];

const settingsOf = ([, seed, steps, cfg, sampler_name, scheduler, denoise]: Sampler) => ({
  seed: BigInt(seed),
  steps,
  cfg,
  sampler_name,
  scheduler,
  denoise,
});

async function upscalerOf(params: Params, f: Fixture, mask: Tensor): Promise<unknown> {
  const common = {
    scale_method: params.method ?? 'bilinear',
    use_tiled_vae: params.tiled ?? false,
    tile_size: params.tile ?? 512,
    upscale_model_opt: params.model && (await loadUpscaler(fixtureModel(params.model), runtime)),
  };
  if (params.kind !== 'mask') {
    const pixel = {
      ...common,
      ...settingsOf(params.sampler),
      pk_hook_opt: await hookOf(params.hook, f),
    };
    return (
      await runNode('PixelKSampleUpscalerProvider', { ...f.pipe(params.sampler[0]), ...pixel })
    )[0];
  }
  const samplerOf = async (sampler: Sampler) =>
    (
      await runNode('KSamplerProvider', { ...settingsOf(sampler), basic_pipe: f.pipe(sampler[0]) })
    )[0];
  const [upscaler] = await runNode('TwoSamplersForMaskUpscalerProvider', {
    ...common,
    full_sample_schedule: params.schedule,
    base_sampler: await samplerOf(params.base),
    mask_sampler: await samplerOf(params.inside),
    full_sampler_opt: params.full && (await samplerOf(params.full)),
    mask,
    vae: f.vae,
    pk_hook_base_opt: await hookOf(params.hook_base, f),
    pk_hook_mask_opt: await hookOf(params.hook_mask, f),
    pk_hook_full_opt: await hookOf(params.hook_full, f),
  });
  return upscaler;
}

describe('impact/upscalers', () => {
  const g = golden('impact', 'upscalers');
  const ofKind = (...kinds: string[]) =>
    g.cases
      .filter(({ params }) => kinds.includes(params.kind))
      .map((goldenCase) => [goldenCase.id, goldenCase] as const);

  it.each(ofKind('pixel', 'mask'))('%s', async (id, { params, inputs, outputs, scalars }) => {
    const f = await fixture(g);
    const { latent, mask, noise_mask } = tensorsOf(g, inputs);
    const context = testContext();
    const [result, vae] = (await runNode(
      'IterativeLatentUpscale',
      {
        samples: { samples: latent, ...(noise_mask && { noise_mask }) },
        upscale_factor: params.factor,
        steps: params.steps,
        temp_prefix: '',
        upscaler: await upscalerOf(params, f, mask),
        step_mode: params.mode,
      },
      context,
    )) as readonly unknown[] as readonly [Latent, unknown];
    expectGolden(g, id, outputs.samples, result.samples);
    expect(Object.keys(result).sort(), id).toEqual(scalars!.out_keys);
    expect(vae).toBe(f.vae);
    expect(context.statuses, id).toEqual(statusTexts(scalars!.status));
  });

  it.each(ofKind('image'))('%s', async (id, { params, inputs, outputs }) => {
    const f = await fixture(g);
    const { image } = tensorsOf(g, inputs);
    const context = testContext();
    const upscaler = await upscalerOf(params, f, image);
    const { factor: upscale_factor, steps, mode: step_mode } = params;
    const values = {
      pixels: image,
      upscale_factor,
      steps,
      step_mode,
      temp_prefix: 'before',
      upscaler,
      vae: f.vae,
    };
    const [upscaled] = await runNode('IterativeImageUpscale', values, context);
    expectGolden(g, id, outputs.image, upscaled as Tensor);
    expect(context.statuses[0]).toBe('VAEEncode (first)');
  });

  it.each(ofKind('node'))('%s', async (id, { params, inputs, outputs }) => {
    const { vae, pipe } = await fixture(g);
    const latent = { samples: g.float(inputs.latent) };
    const { seed, noise_seed, ...values } = params.inputs;
    const results = (await runNode(params.type, {
      ...values,
      ...(seed !== undefined && { seed: BigInt(seed) }),
      ...(noise_seed !== undefined && { noise_seed: BigInt(noise_seed) }),
      samples: latent,
      latent_image: latent,
      vae,
      input_vae: vae,
      output_vae: vae,
      basic_pipe: pipe(params.pipe ?? 'a'),
    })) as readonly (Latent | Tensor)[];
    const result = results.find((value): value is Latent => 'samples' in value)!;
    // lanczos works on 8 bits: a value can move to the next level, and change the latent
    if (outputs.image) expectThroughBytes(g, id, outputs.image, results[1] as Tensor);
    expectGolden(g, id, outputs.samples, result.samples);
  });

  const tables = g.cases.find(({ params }) => params.kind === 'tables')!.scalars!;

  it.each(Object.entries(tables.full_sample_time as Record<string, boolean[][]>))(
    'the schedule %s samples the whole image in the steps of the original',
    (name, rows) => {
      const isFullStep = FULL_SAMPLE_SCHEDULES[name as FullSampleSchedule];
      for (const [i, row] of rows.entries())
        expect(
          row.map((_, step) => isFullStep(step + 1, i + 1)),
          `${i + 1} steps`,
        ).toEqual(row);
    },
  );

  it('hooks change the sampler as the originals do', async () => {
    for (const [current, total, cfg, denoise, steps] of tables.hooks) {
      const sampler = { cfg: 8.3, denoise: 0.9, steps: 20 } as never;
      const changedBy = async (hook: PixelHook) =>
        hook.preSample!(sampler, {} as Latent, { current, total, rules: RULES });
      expect(await changedBy(cfgScheduleHook(2.7))).toMatchObject({ cfg });
      expect(await changedBy(denoiseScheduleHook(0.2))).toMatchObject({ denoise });
      expect(await changedBy(stepsScheduleHook(7))).toMatchObject({ steps });
    }
  });

  it('the steps of an upscale have the sizes of the original', () => {
    for (const [factor, steps, mode, sizes] of tables.sizes)
      expect(
        upscaleSteps({ factor, steps, mode }).map(({ index, scale }) =>
          [index, 56 * scale, 72 * scale].map(Math.trunc),
        ),
        `${factor} ${steps} ${mode}`,
      ).toEqual(sizes.map((row: number[]) => row.map(Math.trunc)));
  });
});
