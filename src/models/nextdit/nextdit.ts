// NextDiT, the transformer of Z-Image and Lumina 2, as a denoiser.
import { map, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Denoiser, DenoiserInputs } from '../denoiser.ts';
import { type Architecture, largeLayers } from '../dit/architecture.ts';
import { createDit } from '../dit/network.ts';
import { unpatchify } from '../dit/patches.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import type { Weights } from '../weights/tensors.ts';
import { type NextDitConfig, nextDitConfig } from './config.ts';
import { NEXTDIT_LORA } from './diffusers-nextdit.ts';
import { nextDitGraph, WITH_REFERENCES } from './graph.ts';
import { nextDitControlInputs } from './layer-control-inputs.ts';
import { nextDitInputs, PATCHES, tokensBeforeImage } from './token-streams.ts';

export const nextDit: Architecture<NextDitConfig> = {
  name: 'Z-Image or Lumina 2',
  config: nextDitConfig,
  sizes: ({ channels, contextDim }) => ({
    inChannels: channels,
    outChannels: channels,
    contextDim,
    admChannels: 0,
  }),
  lora: NEXTDIT_LORA,
  // one row per image, or every error reaches the picture at once
  int8: largeLayers(/adaLN_modulation|^t_embedder|^x_embedder|^final_layer/),
  float16: false,
  floatsPerToken: ({ dim, hidden }) => 4 * (dim + hidden),
  layerControls: {
    model: 'Z-Image',
    width: ({ dim }) => dim,
    inputs: nextDitControlInputs,
  },
  extras: (_, { references }) => (references?.latents.length ? [WITH_REFERENCES] : []),
  graph: nextDitGraph,
  inputs: nextDitInputs,
  output: (config, out, inputs) =>
    // the network's time runs from noise to image
    map(unpatchify(imageTokens(config, out, inputs), inputs.x.shape, PATCHES), (value) => -value),
};

/** Creates the network of Z-Image or Lumina 2. Throws DR_MODEL_UNSUPPORTED for other weights. */
export const createNextDit = (runtime: ModelRuntime, weights: Weights): Denoiser =>
  createDit(runtime, weights, nextDit);

/** Drops the tokens of reference images. */
function imageTokens(config: NextDitConfig, out: Tensor, inputs: DenoiserInputs): Tensor {
  const before = inputs.references ? tokensBeforeImage(config, inputs) : 0;
  if (before === 0) return out;
  const [batch, count, width] = out.shape;
  const left = count - before;
  const data = new Float32Array(batch * left * width);
  for (let b = 0; b < batch; b++)
    data.set(
      out.data.subarray((b * count + before) * width, (b + 1) * count * width),
      b * left * width,
    );
  return tensor([batch, left, width], data);
}
