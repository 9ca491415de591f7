// The inputs of layer-control.ts for one evaluation: the patches of the hints, and their strengths.
import { DarkroomError } from '../../errors.ts';
import { full, repeatToBatch, type Tensor } from '../../tensor/tensor.ts';
import type { DenoiserInputs, LayerControl } from '../denoiser.ts';
import { patchify } from '../dit/patches.ts';
import { PATCH } from './config.ts';
import { PATCHES } from './token-streams.ts';

/** Throws DR_INPUT_INVALID for latents of odd sizes, and with reference images. */
export async function layerControlInputs(
  controls: readonly LayerControl[],
  { x, references }: DenoiserInputs,
): Promise<Record<string, Tensor>> {
  const inputs: Record<string, Tensor> = {};
  const [batch, , height, width] = x.shape;
  for (const [i, { hint, strength }] of controls.entries()) {
    if (height % PATCH > 0 || width % PATCH > 0) throw oddSize(height, width);
    if (references?.latents.length) throw withReferences();
    const patches = patchify(await hint(height, width), PATCHES);
    inputs[`control${i}`] = repeatToBatch(patches, batch);
    inputs[`controlStrength${i}`] = full([1], strength);
  }
  return inputs;
}

const oddSize = (height: number, width: number): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: `a ControlNet of Z-Image needs an even number of latent cells, not ${width}x${height}`,
    hint: 'Use sides that are multiples of 16 pixels.',
  });

const withReferences = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: 'a ControlNet of Z-Image does not work with reference images',
    hint: 'Remove the reference images or the ControlNet.',
  });
