// Networks: loading weights, building a graph over them, running it; architectures of diffusion
// models, which are a graph and the recognition of its tensors.
import { DarkroomError } from '../../errors.ts';
import { withModelFile } from '../../formats/model-file.ts';
import type { Denoiser } from '../../models/denoiser.ts';
import type { ModelRuntime } from '../../models/model-runtime.ts';
import { type Weights, weightsOf } from '../../models/weights/tensors.ts';
import type { ModelSampling } from '../../sampling/model/model-sampling.ts';
import type { LatentFormat, Model } from '../../sampling/sampling-types.ts';
import type { NodeContext } from '../context.ts';
import { loadOnce } from '../shared/file-cache.ts';

export type { Clip } from '../../models/clip/clip.ts';
export type { Denoiser, DenoiserInputs } from '../../models/denoiser.ts';
export type { ModelRuntime } from '../../models/model-runtime.ts';
export type { Autoencoder } from '../../models/vae/autoencoder.ts';
export type { Weights } from '../../models/weights/tensors.ts';
export { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
export type { Network, NetworkSpec } from '../../runtime/network.ts';
export { flowSampling } from '../../sampling/model/flow-sampling.ts';
export { continuousSampling, discreteSampling } from '../../sampling/model/model-sampling.ts';
export { loadOnce } from '../shared/file-cache.ts';
export { loadNamedCheckpoint } from '../shared/named-checkpoint.ts';
export { loadNamedUpscaler } from '../shared/named-upscaler.ts';
export { loadNamedVae } from '../shared/named-vae.ts';

/** The weights of a model file; `prefix` leaves out the names that do not start with it. */
export async function loadWeights(file: string, prefix = ''): Promise<Weights> {
  const tensors = await withModelFile(file, (opened) => opened.tensors);
  return weightsOf(file, tensors, prefix);
}

/** A kind of diffusion model: how its files are recognised, and how it is built and sampled. */
export interface Architecture {
  /** The name that messages use. */
  readonly name: string;
  /** The built-in family whose nodes treat models of this kind alike (`sd1`, `flux` …). */
  readonly family: Model['family'];
  /** Whether weights are of this kind, from their names and shapes. */
  recognises(weights: Weights): boolean;
  /** Builds the network; its graph is opened with its first evaluation. */
  create(runtime: ModelRuntime, weights: Weights): Denoiser;
  /** The noise levels, and what the network predicts. */
  sampling(weights: Weights): ModelSampling;
  readonly latentFormat: LatentFormat;
}

/** Defines a kind of diffusion model. */
export const defineArchitecture = (architecture: Architecture): Architecture => architecture;

/**
 * Loads a file of the folder `diffusion_models` as the first of these architectures that recognises
 * it; the model is kept until its file changes. Throws DR_MODEL_MISSING, DR_MODEL_UNSUPPORTED.
 */
export function loadArchitecture(
  context: NodeContext,
  name: string,
  architectures: readonly Architecture[],
  { folder = 'diffusion_models', prefix = '' } = {},
): Promise<Model> {
  const file = context.modelPath(folder, name);
  return loadOnce(
    context.runtime,
    [file],
    async () => {
      const weights = await loadWeights(file, prefix);
      const found = architectures.find((one) => one.recognises(weights));
      if (!found) throw unrecognised(name, architectures);
      const { family, latentFormat } = found;
      const denoiser = found.create(context.runtime, weights);
      return { family, denoiser, sampling: found.sampling(weights), latentFormat };
    },
    architectures.map((one) => one.name).join(),
  );
}

const unrecognised = (name: string, architectures: readonly Architecture[]): DarkroomError =>
  new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `${name} is not a model of the kind ${architectures.map((one) => one.name).join(' or ')}`,
    hint: 'Choose another file.',
    file: name,
  });
