// The sizes of a Chroma network: the blocks of FLUX.1, and the approximator of their modulations.
import { onlyResembles, unsupportedModel } from '../../formats/model-file-errors.ts';
import { type FluxBlocksConfig, fluxBlocksConfig } from '../flux/config.ts';
import type { Weights } from '../weights/tensors.ts';

export interface ChromaConfig extends FluxBlocksConfig {
  /** The layers of the approximator. */
  readonly layers: number;
}

/** The vectors that the approximator computes; all sizes of Chroma have as many. */
export const MODULATIONS = 344;

const APPROXIMATOR = 'distilled_guidance_layer';

/** Reads the architecture. Throws DR_MODEL_UNSUPPORTED for other networks. */
export function chromaConfig(weights: Weights): ChromaConfig {
  const config = fluxBlocksConfig(weights);
  const used = 3 * config.singleBlocks + 12 * config.doubleBlocks;
  if (used > MODULATIONS)
    throw unsupportedModel(
      weights.file,
      `has blocks for ${used} modulations, where Chroma has ${MODULATIONS}`,
      onlyResembles('Chroma'),
    );
  let layers = 0;
  while (weights.has(`${APPROXIMATOR}.layers.${layers}.in_layer.weight`)) layers++;
  return { ...config, layers };
}
