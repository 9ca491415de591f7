// Sampling: conditioning, model patches, guiders, samplers and schedules, noise.

export { torchGenerator } from '../../random/torch-generator.ts';
export {
  combineConditioning,
  setConditioningValues,
} from '../../sampling/conditioning/operations.ts';
export { basicGuider, cfgGuider, type Guider } from '../../sampling/guiders/guider.ts';
export { fromModelLatent, toModelLatent } from '../../sampling/model/latent-format.ts';
export type { ModelSampling } from '../../sampling/model/model-sampling.ts';
export {
  addPostCfg,
  addPreCfg,
  addUNetPatch,
  setCfgFunction,
  wrapPredict,
} from '../../sampling/patches/patch-model.ts';
export {
  emptyNoise,
  type NoiseGenerator,
  randomNoise,
  sampleCustom,
} from '../../sampling/runs/custom.ts';
export { commonKSampler, type KSamplerOptions } from '../../sampling/runs/ksampler.ts';
export { SAMPLER_NAMES, samplerKind } from '../../sampling/samplers/index.ts';
export type {
  ConfiguredSampler,
  Denoise,
  NoiseSource,
  SampleArguments,
  SampleFunction,
  SamplerKind,
} from '../../sampling/samplers/sampler.ts';
export type {
  Conditioning,
  ConditioningEntry,
  GuidanceStep,
  Latent,
  LatentFormat,
  Model,
  ModelPatches,
  SamplingHooks,
} from '../../sampling/sampling-types.ts';
export { calculateSigmas, SCHEDULERS } from '../../sampling/schedules/schedules.ts';
export { encodePrompt } from '../shared/encode-prompt.ts';
export { samplingHooks } from '../shared/sampling-hooks.ts';
