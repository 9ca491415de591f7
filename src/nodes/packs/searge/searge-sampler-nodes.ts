// Samplers of SeargeSDXL: base followed by refiner, and one that enlarges the latent between runs.
// Source: SeargeSDXL modules/_legacy.py, modules/_experimental.py (SeargeSamplerAdvanced, which the
// pack no longer registers).
import { DarkroomError } from '../../../errors.ts';
import { blendImages } from '../../../image/compose/image-blend.ts';
import { commonUpscale, scaleImage } from '../../../image/resize/common-upscale.ts';
import type { UpscaleModel } from '../../../models/upscaler/load.ts';
import { commonKSampler } from '../../../sampling/runs/ksampler.ts';
import {
  handOverPlan,
  type PromptedModel,
  runStages,
  type TwoStageRun,
  twoStagePlan,
} from '../../../sampling/runs/two-stage.ts';
import { SAMPLER_NAMES } from '../../../sampling/samplers/index.ts';
import type { Latent } from '../../../sampling/sampling-types.ts';
import { SCHEDULERS } from '../../../sampling/schedules/schedules.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { NodeContext } from '../../context.ts';
import { combo, defineNode, float, int, output, outputs, seed, socket } from '../../declare.ts';
import { LATENT_UPSCALE_METHODS, MAX_RESOLUTION } from '../../shared/image-limits.ts';
import { samplingHooks } from '../../shared/sampling-hooks.ts';
import { checkLatentChannels, rgbChannels } from '../../shared/shape-checks.ts';
import type { SocketValues } from '../../socket-values.ts';
import { nameSocket } from './parameter-choices.ts';

const CATEGORY = 'Searge/_deprecated_/Sampling';
const MAX_SEED = 18446744073709551600n;

const models = {
  base_model: socket('MODEL'),
  base_positive: socket('CONDITIONING'),
  base_negative: socket('CONDITIONING'),
  refiner_model: socket('MODEL'),
  refiner_positive: socket('CONDITIONING'),
  refiner_negative: socket('CONDITIONING'),
};

const settings = {
  noise_seed: seed({ max: MAX_SEED }),
  cfg: float({ default: 7, min: 0, max: 30, step: 0.5 }),
  sampler_name: nameSocket('SAMPLER_NAME', 'ddim'),
  scheduler: nameSocket('SCHEDULER_NAME', 'ddim_uniform'),
  base_ratio: float({ default: 0.8, min: 0, max: 1, step: 0.01 }),
  noise_offset: int({ default: 1, min: 0, max: 1, optional: true }),
};

type Prompts = {
  readonly [K in keyof typeof models]: K extends `${string}_model`
    ? SocketValues['MODEL']
    : SocketValues['CONDITIONING'];
};

const baseOf = (inputs: Prompts): PromptedModel => ({
  model: inputs.base_model,
  positive: inputs.base_positive,
  negative: inputs.base_negative,
});
const refinerOf = (inputs: Prompts): PromptedModel => ({
  model: inputs.refiner_model,
  positive: inputs.refiner_positive,
  negative: inputs.refiner_negative,
});

interface StageInputs extends Prompts {
  readonly steps: number;
  readonly cfg: number;
  readonly sampler_name: string;
  readonly scheduler: string;
}

/** The options that all stages of a node share. */
const stageRun = (inputs: StageInputs, context: NodeContext): TwoStageRun => ({
  base: baseOf(inputs),
  refiner: refinerOf(inputs),
  steps: inputs.steps,
  cfg: inputs.cfg,
  samplerName: inputs.sampler_name,
  scheduler: inputs.scheduler,
  ...samplingHooks(context),
});

const SeargeSDXLSampler = defineNode({
  type: 'SeargeSDXLSampler',
  display: 'SDXL Sampler v1 (Searge)',
  category: CATEGORY,
  description:
    'Samples a latent with the base model for a share of the steps; the refiner continues from ' +
    'the remaining noise.',
  inputs: {
    ...models,
    latent_image: socket('LATENT'),
    noise_seed: seed(),
    steps: int({ default: 30, min: 1, max: 1000 }),
    cfg: float({ default: 7, min: 0, max: 100, step: 0.5 }),
    sampler_name: combo(SAMPLER_NAMES, { default: 'dpmpp_2m' }),
    scheduler: combo(SCHEDULERS, { default: 'karras' }),
    base_ratio: settings.base_ratio,
    denoise: float({ default: 1, min: 0, max: 1, step: 0.01 }),
  },
  outputs: [output('LATENT', '')],
  async run(inputs, context) {
    const { latent_image, noise_seed, steps, base_ratio, denoise } = inputs;
    const stages = handOverPlan({ seed: noise_seed, steps, baseRatio: base_ratio, denoise });
    return outputs(await runStages(stages, latent_image, stageRun(inputs, context)));
  },
});

const SeargeSDXLSampler2 = defineNode({
  type: 'SeargeSDXLSampler2',
  display: 'SDXL Sampler v2 (Searge)',
  category: CATEGORY,
  description:
    'Samples a latent with the base model for a share of the steps, then with the refiner.',
  inputs: {
    ...models,
    latent_image: socket('LATENT'),
    noise_seed: settings.noise_seed,
    steps: int({ default: 20, min: 1, max: 200 }),
    cfg: settings.cfg,
    sampler_name: settings.sampler_name,
    scheduler: settings.scheduler,
    base_ratio: settings.base_ratio,
    denoise: float({ default: 1, min: 0, max: 1, step: 0.01 }),
    refiner_prep_steps: int({ default: 0, min: 0, max: 10, optional: true }),
    noise_offset: settings.noise_offset,
    refiner_strength: float({ default: 1, min: 0.01, max: 1, step: 0.05, optional: true }),
  },
  outputs: [output('LATENT')],
  async run(inputs, context) {
    const { latent_image, steps, denoise } = inputs;
    const stages = twoStagePlan({
      seed: inputs.noise_seed,
      steps,
      baseRatio: inputs.base_ratio,
      denoise,
      prepSteps: inputs.refiner_prep_steps,
      noiseOffset: inputs.noise_offset,
      refinerStrength: inputs.refiner_strength,
    });
    return outputs(await runStages(stages, latent_image, stageRun(inputs, context)));
  },
});

const image2Image = (type: string, display: string) =>
  defineNode({
    type,
    display,
    category: CATEGORY,
    description: 'Enlarges images and samples them again with base and refiner.',
    inputs: {
      ...models,
      image: socket('IMAGE'),
      vae: socket('VAE'),
      noise_seed: settings.noise_seed,
      steps: int({ default: 20, min: 0, max: 200 }),
      cfg: settings.cfg,
      sampler_name: settings.sampler_name,
      scheduler: settings.scheduler,
      base_ratio: settings.base_ratio,
      denoise: float({ default: 0.25, min: 0, max: 1, step: 0.01 }),
      upscale_model: socket('UPSCALE_MODEL', { optional: true }),
      scaled_width: int({ default: 1536, min: 0, max: MAX_RESOLUTION, step: 8, optional: true }),
      scaled_height: int({ default: 1536, min: 0, max: MAX_RESOLUTION, step: 8, optional: true }),
      noise_offset: settings.noise_offset,
      refiner_strength: float({ default: 1, min: 0.1, max: 1, step: 0.05, optional: true }),
      softness: float({
        default: 0,
        min: 0,
        max: 1,
        step: 0.05,
        optional: true,
        tooltip: "Share of the bicubic enlargement that is blended into the upscale model's.",
      }),
    },
    outputs: [output('IMAGE')],
    async run(inputs, context) {
      const { image, vae, steps, denoise } = inputs;
      if (steps < 1) return outputs(image);
      const size = { width: inputs.scaled_width, height: inputs.scaled_height };
      const scaled = await enlarge(
        image,
        { ...size, model: inputs.upscale_model, softness: inputs.softness ?? 0 },
        context,
      );
      const stages = twoStagePlan({
        seed: inputs.noise_seed,
        steps,
        baseRatio: inputs.base_ratio,
        denoise,
        noiseOffset: inputs.noise_offset,
        refinerStrength: inputs.refiner_strength,
      });
      if (stages.length === 0) return outputs(scaled);
      const latent = { samples: await vae.encode(rgbChannels(scaled)) };
      const { samples } = await runStages(stages, latent, stageRun(inputs, context));
      checkLatentChannels(samples, vae);
      return outputs(await vae.decode(samples));
    },
  });

interface EnlargeOptions {
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly model: UpscaleModel | undefined;
  /** Share of the bicubic enlargement, 0 to 1. */
  readonly softness: number;
}

/**
 * With a model, returns its enlargement resized to width and height, blended with the bicubic one.
 * Without a model, returns the bicubic enlargement, or the image itself if there is no size.
 */
async function enlarge(
  image: Tensor,
  { width, height, model, softness }: EnlargeOptions,
  context: NodeContext,
): Promise<Tensor> {
  const usedModel = softness < 0.9999 ? model : undefined;
  const { signal, progress } = context;
  const enlarged = usedModel
    ? await usedModel.upscale(rgbChannels(image), { signal, onTile: progress })
    : image;
  const resizeToSize = (input: Tensor): Tensor => {
    if (width === undefined || height === undefined)
      throw new DarkroomError('DR_INPUT_INVALID', {
        message:
          "softness blends the upscale model's image with the bicubic one, " +
          'which needs a size for both',
        hint: 'Set scaled_width and scaled_height, or set softness to 0.',
        input: 'softness',
      });
    return scaleImage(input, { width, height }, 'bicubic', 'center');
  };
  const blended = usedModel !== undefined && softness > 0.0001;
  const scaled =
    blended || (width !== undefined && height !== undefined) ? resizeToSize(enlarged) : enlarged;
  return blended ? blendImages(scaled, resizeToSize(image), softness, 'normal') : scaled;
}

const SeargeSamplerAdvanced = defineNode({
  type: 'SeargeSamplerAdvanced',
  display: 'Experimental Sampler',
  category: 'Searge/_deprecated_/_test_',
  description: 'Samples a latent, then repeatedly enlarges it a little and samples it again.',
  inputs: {
    model: socket('MODEL'),
    noise_seed: seed(),
    steps: int({ default: 20, min: 1, max: 10000 }),
    cfg: float({ default: 8, min: 0, max: 100, step: 0.5 }),
    sampler_name: combo(SAMPLER_NAMES),
    scheduler: combo(SCHEDULERS),
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    latent_image: socket('LATENT'),
    denoise: float({ default: 1, min: 0.05, max: 1, step: 0.05 }),
    scale_factor: float({ default: 1.5, min: 1, max: 2, step: 0.5 }),
    scale_denoise: float({ default: 0.75, min: 0.05, max: 1, step: 0.05 }),
    scale_method: combo(LATENT_UPSCALE_METHODS),
  },
  outputs: [output('LATENT', 'latent')],
  async run(
    { latent_image, steps, denoise, scale_factor, scale_denoise, scale_method, ...inputs },
    context,
  ) {
    const { noise_seed, sampler_name, ...common } = inputs;
    const [, , height, width] = latent_image.samples.shape;
    const sizes = growingSizes({ width, height, steps, factor: scale_factor });
    const stepsPerSize = Math.floor((steps + 1) / 2);
    const totalSteps = steps + sizes.length * stepsPerSize;
    const sample = (
      latent: Latent,
      stepCount: number,
      strength: number,
      stepsBefore: number,
    ): Promise<Latent> =>
      commonKSampler({
        ...common,
        ...samplingHooks(context, (step) => [stepsBefore + step + 1, totalSteps]),
        seed: noise_seed,
        samplerName: sampler_name,
        latent,
        steps: stepCount,
        denoise: strength,
        startAtStep: 0,
        endAtStep: stepCount,
        returnWithLeftoverNoise: false,
      });
    let latent = await sample(latent_image, steps, denoise, 0);
    for (const [i, size] of sizes.entries()) {
      const samples = commonUpscale(latent.samples, size, scale_method, 'disabled');
      const stepsBefore = steps + i * stepsPerSize;
      latent = await sample({ ...latent, samples }, stepsPerSize, scale_denoise, stepsBefore);
    }
    return outputs(latent);
  },
});

export interface GrowthOptions {
  /** Width of the latent. */
  readonly width: number;
  /** Height of the latent. */
  readonly height: number;
  readonly steps: number;
  readonly factor: number;
}

/**
 * The sizes of SeargeSamplerAdvanced's enlargements: one for every five steps that the factor adds.
 * The last may exceed the factor.
 */
export function growingSizes({
  width,
  height,
  steps,
  factor,
}: GrowthOptions): { width: number; height: number }[] {
  if (factor < 1.001) return [];
  const extra = Math.max(0, Math.trunc(steps * (factor + 0.001)) - steps);
  const grown = (from: number, done: number): number =>
    from + Math.floor(((Math.trunc(from * (factor + 0.001)) - from) * done) / extra);
  return Array.from({ length: Math.ceil(extra / 5) }, (_, i) => ({
    width: grown(width, 5 * i + 5),
    height: grown(height, 5 * i + 5),
  }));
}

export const SEARGE_SAMPLING_NODES = [
  SeargeSDXLSampler,
  SeargeSDXLSampler2,
  image2Image('SeargeSDXLImage2ImageSampler', 'Image2Image Sampler v1 (Searge)'),
  // the same node under a second name
  image2Image('SeargeSDXLImage2ImageSampler2', 'Image2Image Sampler v2 (Searge)'),
  SeargeSamplerAdvanced,
];
