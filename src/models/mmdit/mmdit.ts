// SD3 and SD3.5 as an architecture of diffusion transformers.

import { type Tensor, zeros } from '../../tensor/tensor.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import { type Architecture, largeLayers } from '../dit/architecture.ts';
import { type Patches, patchGrid, patchify, unpatchify } from '../dit/patches.ts';
import { tablePlaces } from '../dit/position-table.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import { type MMDiTConfig, type MMDiTModelConfig, mmditConfig } from './config.ts';
import { CONTROLLED, mmditGraph, residualInput, TIME_WIDTH } from './graph.ts';
import { MMDIT_LORA } from './layout.ts';
import { sincosPositions } from './positions.ts';

const NAME = 'SD3';

/** Pixels per latent cell and side. */
const FACTOR = 8;

export const mmdit: Architecture<MMDiTModelConfig> = {
  name: NAME,
  ignoresStepCache: true,
  fixedWeights: ['pos_embed'],
  config: mmditConfig,
  sizes: ({ inChannels, outChannels, contextDim, admChannels }) => ({
    inChannels,
    outChannels,
    contextDim,
    admChannels,
  }),
  int8: largeLayers(/adaLN|embedder|final_layer/),
  lora: MMDIT_LORA,
  float16: true,
  floatsPerToken: ({ hidden }) => 24 * hidden,
  blocks: ({ blocks }) => ({ double: blocks, single: 0 }),
  extras: (_, { control }) => (control ? [CONTROLLED] : []),
  graph: mmditGraph,
  inputs: (config, inputs) => ({
    ...sharedInputs(config, inputs),
    ...(inputs.control && residualInputs(config.blocks, inputs.control.output)),
  }),
  output: ({ outChannels, patch }, out, { x }) =>
    unpatchify(out, [x.shape[0], outChannels, ...x.shape.slice(2)], {
      side: patch,
      order: 'ph pw c',
    }),
};

/** Patches as the convolution of the original sees them. */
const inPatches = ({ patch }: MMDiTConfig): Patches => ({ side: patch, order: 'c ph pw' });

/** Returns the inputs that the graphs of models and of ControlNets have in common. */
export function sharedInputs(
  config: MMDiTConfig,
  { x, timesteps, context, y }: Pick<DenoiserInputs, 'x' | 'timesteps' | 'context' | 'y'>,
): Record<string, Tensor> {
  return {
    x: patchify(x, inPatches(config)),
    ...positionInputs(config, x),
    time: timestepEmbedding(timesteps, TIME_WIDTH),
    context,
    ...(config.admChannels > 0 && { y: pooledPrompt(y) }),
  };
}

function pooledPrompt(y: Tensor | undefined): Tensor {
  if (!y) throw new Error('internal: SD3 needs a pooled prompt');
  return y;
}

function positionInputs(
  { patch, hidden, tableSide }: MMDiTConfig,
  x: Tensor,
): Record<string, Tensor> {
  const grid = patchGrid(x, patch);
  return tableSide === undefined
    ? { positions: sincosPositions(grid, hidden) }
    : { places: tablePlaces(grid, tableSide, { name: NAME, patch: patch * FACTOR }) };
}

/** Returns the residuals of all blocks; absent ones are a single 0, which the graph broadcasts. */
const residualInputs = (
  blocks: number,
  residuals: readonly (Tensor | null)[],
): Record<string, Tensor> =>
  Object.fromEntries(
    Array.from({ length: blocks }, (_, i) => [residualInput(i), residuals[i] ?? zeros([1, 1, 1])]),
  );
