// The inputs of layer-control.ts for one evaluation: the patches of the hints, and their strengths.
import { DarkroomError } from '../../errors.ts';
import { full, repeatToBatch, type Tensor } from '../../tensor/tensor.ts';
import type { DenoiserInputs, LayerControl } from '../denoiser.ts';
import { patchGrid, patchify } from '../dit/patches.ts';
import { PATCH } from './config.ts';
import { PATCHES } from './token-streams.ts';

/**
 * Hints are for latents that are padded to whole patches. Throws DR_INPUT_INVALID with reference
 * images.
 */
export async function layerControlInputs(
  controls: readonly LayerControl[],
  { x, references }: DenoiserInputs,
): Promise<Record<string, Tensor>> {
  const inputs: Record<string, Tensor> = {};
  const [batch] = x.shape;
  const { rows, columns } = patchGrid(x, PATCH);
  for (const [i, { hint, strength }] of controls.entries()) {
    if (references?.latents.length) throw withReferences();
    const patches = patchify(await hint(PATCH * rows, PATCH * columns), PATCHES);
    inputs[`control${i}`] = repeatToBatch(patches, batch);
    inputs[`controlStrength${i}`] = full([1], strength);
  }
  return inputs;
}

const withReferences = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: 'a ControlNet of Z-Image does not work with reference images',
    hint: 'Remove the reference images or the ControlNet.',
  });
