// The two-stage samplers of SeargeSDXL. Source: SeargeSDXL modules/sampling.py (SeargeSDXLSampler2, SeargeSDXLImage2ImageSampler).
import { DarkroomError } from '../../errors.ts';
import { blendImages } from '../../image/blend.ts';
import { scaleImage } from '../../image/upscale.ts';
import type { UpscaleModel } from '../../runtime/upscaler.ts';
import { type PromptedModel, runStages, twoStagePlan } from '../../sampling/two-stage.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { NodeContext } from '../context.ts';
import { latentFits, rgb } from '../core/checks.ts';
import { MAX_RESOLUTION } from '../core/limits.ts';
import { samplingHooks } from '../core/sampling.ts';
import { defineNode, float, int, output, outputs, seed, socket } from '../declare.ts';
import type { SocketValues } from '../values.ts';

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
  sampler_name: socket('SAMPLER_NAME'),
  scheduler: socket('SCHEDULER_NAME'),
  base_ratio: float({ default: 0.8, min: 0, max: 1, step: 0.01 }),
  noise_offset: int({ default: 1, min: 0, max: 1, optional: true }),
};

type Prompts = { readonly [K in keyof typeof models]: K extends `${string}_model` ? SocketValues['MODEL'] : SocketValues['CONDITIONING'] };

const base = (i: Prompts): PromptedModel => ({ model: i.base_model, positive: i.base_positive, negative: i.base_negative });
const refiner = (i: Prompts): PromptedModel => ({ model: i.refiner_model, positive: i.refiner_positive, negative: i.refiner_negative });

const SeargeSDXLSampler2 = defineNode({
  type: 'SeargeSDXLSampler2',
  display: 'SDXL Sampler v2 (Searge)',
  category: CATEGORY,
  description: 'Samples a latent with the base model for a share of the steps, then with the refiner.',
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
    const { latent_image, steps, cfg, sampler_name, scheduler, denoise } = inputs;
    const stages = twoStagePlan({
      seed: inputs.noise_seed,
      steps,
      baseRatio: inputs.base_ratio,
      denoise,
      prepSteps: inputs.refiner_prep_steps,
      noiseOffset: inputs.noise_offset,
      refinerStrength: inputs.refiner_strength,
    });
    const run = { base: base(inputs), refiner: refiner(inputs), steps, cfg, sampler: sampler_name, scheduler, ...samplingHooks(context) };
    return outputs(await runStages(stages, latent_image, run));
  },
});

const SeargeSDXLImage2ImageSampler = defineNode({
  type: 'SeargeSDXLImage2ImageSampler',
  display: 'SDXL Image2Image Sampler v1 (Searge)',
  category: CATEGORY,
  description: 'Enlarges pictures and samples them anew with base and refiner.',
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
      tooltip: "Share of the plainly enlarged picture that is blended into the upscale model's.",
    }),
  },
  outputs: [output('IMAGE')],
  async run(inputs, context) {
    const { image, vae, steps, cfg, sampler_name, scheduler, denoise } = inputs;
    if (steps < 1) return outputs(image);
    const size = { width: inputs.scaled_width, height: inputs.scaled_height };
    const scaled = await enlarge(image, { ...size, model: inputs.upscale_model, softness: inputs.softness ?? 0 }, context);
    const stages = twoStagePlan({
      seed: inputs.noise_seed,
      steps,
      baseRatio: inputs.base_ratio,
      denoise,
      noiseOffset: inputs.noise_offset,
      refinerStrength: inputs.refiner_strength,
    });
    if (stages.length === 0) return outputs(scaled);
    const latent = { samples: await vae.encode(rgb(scaled)) };
    const run = { base: base(inputs), refiner: refiner(inputs), steps, cfg, sampler: sampler_name, scheduler, ...samplingHooks(context) };
    const { samples } = await runStages(stages, latent, run);
    latentFits(samples, vae);
    return outputs(await vae.decode(samples));
  },
});

interface Enlargement {
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly model: UpscaleModel | undefined;
  /** 0 the model's picture, 1 the plain one. */
  readonly softness: number;
}

/** With a model: its picture at the wanted size, blended with the bicubic one. Without: the bicubic one, or the picture as it is. */
async function enlarge(image: Tensor, { width, height, model, softness }: Enlargement, context: NodeContext): Promise<Tensor> {
  const used = softness < 0.9999 ? model : undefined;
  const { signal, progress } = context;
  const enlarged = used ? await used.upscale(rgb(image), { signal, onTile: progress }) : image;
  const resized = (picture: Tensor): Tensor => {
    if (width === undefined || height === undefined)
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: "softness blends the upscale model's picture with the plain one, and needs the size of both",
        hint: 'Give scaled_width and scaled_height, or set softness to 0.',
        input: 'softness',
      });
    return scaleImage(picture, width, height, 'bicubic', 'center');
  };
  const blended = used !== undefined && softness > 0.0001;
  const scaled = blended || (width !== undefined && height !== undefined) ? resized(enlarged) : enlarged;
  return blended ? blendImages(scaled, resized(image), softness, 'normal') : scaled;
}

export const SEARGE_SAMPLING_NODES = [SeargeSDXLSampler2, SeargeSDXLImage2ImageSampler];
