// AuraFlow (Fal 2024) as an architecture of diffusion transformers.
import type { Tensor } from '../../tensor/tensor.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import { type Architecture, largeLayers } from '../dit/architecture.ts';
import { type Patches, patchGrid, patchify, unpatchify } from '../dit/patches.ts';
import { resizedPlaces, tablePlaces } from '../dit/position-table.ts';
import { timestepEmbedding } from '../unet/timestep.ts';
import { type AuraFlowConfig, auraFlowConfig, PATCH } from './config.ts';
import { auraFlowGraph, EMBEDDING, RESIZED } from './graph.ts';
import { AURAFLOW_LORA } from './layout.ts';

const NAME = 'AuraFlow';

const IN_PATCHES: Patches = { side: PATCH, order: 'c ph pw' };
const OUT_PATCHES: Patches = { side: PATCH, order: 'ph pw c' };

/** What times in 0..1 are multiplied by. */
const TIME_SCALE = 1000;

/** Pixels per latent cell and side. */
const FACTOR = 8;

export const auraFlow: Architecture<AuraFlowConfig> = {
  name: NAME,
  config: auraFlowConfig,
  sizes: ({ inChannels, outChannels, contextDim }) => ({
    inChannels,
    outChannels,
    contextDim,
    admChannels: 0,
  }),
  int8: largeLayers(/mod(C|X|CX|F)\.|embedder|linear/),
  lora: AURAFLOW_LORA,
  float16: true,
  floatsPerToken: ({ width }) => 24 * width,
  blocks: ({ doubleBlocks: double, singleBlocks: single }) => ({ double, single }),
  extras: (config, { x }) => (isBeyondTable(config, x) ? [RESIZED] : []),
  graph: auraFlowGraph,
  inputs: (config, { x, timesteps, context }) => ({
    x: patchify(x, IN_PATCHES),
    ...positionInputs(config, x),
    time: timestepEmbedding(timesteps, EMBEDDING, { frequencies: TIME_SCALE }),
    context,
  }),
  output: ({ outChannels }, out, { x }: DenoiserInputs) =>
    unpatchify(out, [x.shape[0], outChannels, ...x.shape.slice(2)], OUT_PATCHES),
};

function isBeyondTable({ tableSide }: AuraFlowConfig, x: Tensor): boolean {
  const { rows, columns } = patchGrid(x, PATCH);
  return Math.max(rows, columns) > tableSide;
}

function positionInputs(config: AuraFlowConfig, x: Tensor): Record<string, Tensor> {
  const grid = patchGrid(x, PATCH);
  const { tableSide } = config;
  return isBeyondTable(config, x)
    ? resizedPlaces(grid, tableSide)
    : { places: tablePlaces(grid, tableSide, { name: NAME, patch: PATCH * FACTOR }) };
}
