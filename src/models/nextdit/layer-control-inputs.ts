// The inputs of layer-control.ts for one evaluation.
import { DarkroomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { DenoiserInputs, LayerControl } from '../denoiser.ts';
import { layerControlInputs } from '../dit/layer-control-inputs.ts';
import { PATCHES } from './token-streams.ts';

/**
 * Hints are for latents that are padded to whole patches. Throws DR_INPUT_INVALID with reference
 * images.
 */
export function nextDitControlInputs(
  controls: readonly LayerControl[],
  { x, references }: DenoiserInputs,
): Promise<Record<string, Tensor>> {
  if (controls.length > 0 && references?.latents.length)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'a ControlNet of Z-Image does not work with reference images',
      hint: 'Remove the reference images or the ControlNet.',
    });
  return layerControlInputs(controls, x, { patches: PATCHES, isPadded: true });
}
