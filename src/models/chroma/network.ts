// Chroma (lodestones 2025) as a denoiser.
import { allocate } from '../../tensor/allocate.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Denoiser, DenoiserInputs } from '../denoiser.ts';
import type { Architecture } from '../dit/architecture.ts';
import { createDit } from '../dit/network.ts';
import { blocksInputs, FLUX_BLOCKS } from '../flux/network.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { fractionEmbedding } from '../unet/timestep.ts';
import type { Weights } from '../weights/tensors.ts';
import { type ChromaConfig, chromaConfig, MODULATIONS } from './config.ts';
import { chromaGraph, EMBEDDINGS } from './graph.ts';

export const CHROMA: Architecture<ChromaConfig> = {
  ...FLUX_BLOCKS,
  name: 'Chroma',
  config: chromaConfig,
  sizes: ({ inChannels, outChannels, contextDim }) => ({
    inChannels,
    outChannels,
    contextDim,
    admChannels: 0,
  }),
  graph: chromaGraph,
  // ComfyUI ignores reference images here
  inputs: (config, inputs) => ({
    ...blocksInputs(config, { ...inputs, references: undefined }),
    modulation: modulationInput(inputs),
  }),
};

/**
 * Creates a Chroma network over weights named as flux/layout.ts does. Throws DR_MODEL_UNSUPPORTED
 * for weights that are not complete.
 */
export const createChroma = (runtime: ModelRuntime, weights: Weights): Denoiser =>
  createDit(runtime, weights, CHROMA);

/** Embedded time, guidance (0 unless given) and number of each vector, [B, MODULATIONS, K]. */
function modulationInput({ timesteps, guidance }: DenoiserInputs): Tensor {
  const batch = timesteps.length;
  const times = fractionEmbedding(timesteps, EMBEDDINGS.time);
  const guidances = fractionEmbedding(guidance ?? new Float32Array(batch), EMBEDDINGS.guidance);
  const numbers = fractionEmbedding(
    Array.from({ length: MODULATIONS }, (_, i) => i),
    EMBEDDINGS.index,
  );
  const row = ({ shape: [, width], data }: Tensor, i: number): Float32Array =>
    data.subarray(i * width, (i + 1) * width);
  const parts = Array.from({ length: batch * MODULATIONS }, (_, i) => {
    const b = Math.floor(i / MODULATIONS);
    return [row(times, b), row(guidances, b), row(numbers, i % MODULATIONS)];
  });
  const width = EMBEDDINGS.time + EMBEDDINGS.guidance + EMBEDDINGS.index;
  const out = allocate(batch * MODULATIONS * width);
  let at = 0;
  for (const part of parts.flat()) {
    out.set(part, at);
    at += part.length;
  }
  return tensor([batch, MODULATIONS, width], out);
}
