// Nodes of ComfyUI_Noise for noise as latents. The pack no longer lists DuplicateBatchIndex, but
// workflows use it.
import {
  duplicateBatchIndex,
  injectionSigma,
  injectNoise,
  noiseLatent,
  sameShape,
  slerpLatents,
} from '../../../sampling/noise/noise-injection.ts';
import { SAMPLER_NAMES } from '../../../sampling/samplers/index.ts';
import { SCHEDULERS } from '../../../sampling/schedules/schedules.ts';
import type { NodeContext } from '../../context.ts';
import {
  combo,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  seed,
  socket,
} from '../../declare.ts';

const SIDE = { default: 512, min: 64, max: 8192, step: 8 } as const;
const STEPS = { default: 10000, min: 0, max: 10000 } as const;

const warnOfDifferentShapes = (consequence: string, context: NodeContext): void =>
  context.warn(
    `the two latents have different shapes, so ${consequence}; ` +
      'use latents of the same size and batch size',
  );

const NoisyLatentImage = defineNode({
  type: 'BNK_NoisyLatentImage',
  display: 'Noisy Latent Image',
  category: 'latent/noise',
  description: 'The noise that a KSampler adds for a seed, as a latent.',
  inputs: {
    source: combo(['CPU', 'GPU'], { tooltip: 'Always the noise of the CPU.' }),
    seed: seed(),
    width: int(SIDE),
    height: int(SIDE),
    batch_size: int({ default: 1, min: 1, max: 64 }),
  },
  outputs: [output('LATENT')],
  run({ source, seed, width, height, batch_size }, context) {
    if (source === 'GPU')
      context.warn(
        "noise is always drawn as on a CPU; with 'GPU' the result differs from ComfyUI's on a " +
          'graphics card',
      );
    return outputs(noiseLatent(seed, width, height, batch_size));
  },
});

const DuplicateBatchIndex = defineNode({
  type: 'BNK_DuplicateBatchIndex',
  display: 'Duplicate Batch Index',
  category: 'latent',
  inputs: {
    latents: socket('LATENT'),
    batch_index: int({ max: 63 }),
    batch_size: int({ default: 1, min: 1, max: 64 }),
  },
  outputs: [output('LATENT')],
  run: ({ latents, batch_index, batch_size }) =>
    outputs(duplicateBatchIndex(latents, batch_index, batch_size)),
});

const SlerpLatent = defineNode({
  type: 'BNK_SlerpLatent',
  display: 'Slerp Latents',
  category: 'latent',
  description: 'Interpolates two noise latents spherically; the result is noise too.',
  inputs: {
    latents1: socket('LATENT'),
    factor: float({ default: 0.5, max: 1, step: 0.01 }),
    latents2: socket('LATENT', { optional: true }),
    mask: socket('MASK', { optional: true }),
  },
  outputs: [output('LATENT')],
  run({ latents1, factor, latents2, mask }, context) {
    if (!latents2) return outputs(latents1);
    if (!sameShape(latents1.samples, latents2.samples)) {
      warnOfDifferentShapes('the first is returned unchanged', context);
      return outputs(latents1);
    }
    return outputs({
      ...latents1,
      samples: slerpLatents(latents1.samples, latents2.samples, factor, mask),
    });
  },
});

const GetSigma = defineNode({
  type: 'BNK_GetSigma',
  display: 'Get Sigma',
  category: 'latent/noise',
  description:
    'The strength with which Inject Noise adds the noise that a KSampler expects at a step.',
  inputs: {
    model: socket('MODEL'),
    sampler_name: combo(SAMPLER_NAMES),
    scheduler: combo(SCHEDULERS),
    steps: int(STEPS),
    start_at_step: int({ ...STEPS, default: 0 }),
    end_at_step: int({ ...STEPS, min: 1 }),
  },
  outputs: [output('FLOAT')],
  run: ({
    model,
    sampler_name: samplerName,
    scheduler,
    steps,
    start_at_step: startAtStep,
    end_at_step: endAtStep,
  }) => outputs(injectionSigma({ model, samplerName, scheduler, steps, startAtStep, endAtStep })),
});

const InjectNoise = defineNode({
  type: 'BNK_InjectNoise',
  display: 'Inject Noise',
  category: 'latent/noise',
  inputs: {
    latents: socket('LATENT'),
    strength: float({ default: 1, max: 200, step: 0.01 }),
    noise: socket('LATENT', { optional: true }),
    mask: socket('MASK', { optional: true }),
  },
  outputs: [output('LATENT')],
  run({ latents, strength, noise, mask }, context) {
    if (!noise) return outputs(latents);
    if (!sameShape(latents.samples, noise.samples)) {
      warnOfDifferentShapes('no noise is injected', context);
      return outputs(latents);
    }
    return outputs({
      ...latents,
      samples: injectNoise(latents.samples, noise.samples, strength, mask),
    });
  },
});

export const NOISE_LATENT_NODES: readonly NodeDeclaration[] = [
  NoisyLatentImage,
  DuplicateBatchIndex,
  SlerpLatent,
  GetSigma,
  InjectNoise,
];
