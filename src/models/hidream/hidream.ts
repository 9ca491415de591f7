// HiDream-I1 (arXiv 2505.22705) as an architecture of diffusion transformers, and E1, whose image
// to edit is beside the latent.
import { concatAxis, narrow } from '../../tensor/axes.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import { type Architecture, largeLayers } from '../dit/architecture.ts';
import { ownNames } from '../dit/lora-names.ts';
import { type Patches, patchGrid, patchify, unpatchify } from '../dit/patches.ts';
import { gridPositions, type Position, ropeInputs, ropeTable } from '../dit/rope.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import { type HiDreamConfig, hiDreamConfig, PATCH } from './config.ts';
import { EMBEDDING, hiDreamGraph } from './graph.ts';

const PATCHES: Patches = { side: PATCH, order: 'ph pw c' };

export const hiDream: Architecture<HiDreamConfig> = {
  name: 'HiDream-I1',
  config: hiDreamConfig,
  sizes: ({ inChannels, outChannels, contextDim, pooledDim }) => ({
    inChannels,
    outChannels,
    contextDim,
    admChannels: pooledDim,
    seesImage: true,
  }),
  int8: largeLayers(/embedder|gate$|adaLN|final_layer/),
  lora: ownNames(['transformer.'], ['lycoris_']),
  // the original computes in bfloat16 or float32
  float16: false,
  floatsPerToken: ({ width }) => 24 * width,
  graph: hiDreamGraph,
  inputs: graphInputs,
  output: ({ outChannels }, out, { x }) => {
    const [batch, , height, width] = x.shape;
    const whole = (x.shape[1] / outChannels) * width;
    const images = unpatchify(out, [batch, outChannels, height, whole], PATCHES);
    return narrow(images, 3, 0, width);
  },
};

/** The latent, and to the right of it the image to edit, whose channels follow the latent's. */
function sideBySide(x: Tensor, channels: number): Tensor {
  if (x.shape[1] === channels) return x;
  return concatAxis([narrow(x, 1, 0, channels), narrow(x, 1, channels, channels)], 3);
}

function graphInputs(
  { inChannels, rope }: HiDreamConfig,
  { x, context, contextLayers, timesteps, y }: DenoiserInputs,
): Record<string, Tensor> {
  if (!contextLayers || !y) throw new Error('internal: HiDream needs layers and a pooled prompt');
  const image = sideBySide(x, inChannels);
  const grid = patchGrid(image, PATCH);
  const prompt: Position[] = new Array(context.shape[1] + 2 * contextLayers.shape[1]).fill([]);
  return {
    x: patchify(image, PATCHES),
    context,
    layers: contextLayers,
    y,
    time: timestepEmbedding(timesteps, EMBEDDING),
    ...ropeInputs('rope', ropeTable([...gridPositions(grid), ...prompt], rope)),
  };
}
