// The inputs of networks that act inside of a transformer (layer-control.ts) for one evaluation.
import { full, repeatToBatch, type Tensor } from '../../tensor/tensor.ts';
import type { LayerControl } from '../denoiser.ts';
import { controlInputs } from './layer-control.ts';
import { type Patches, patchGrid, patchify } from './patches.ts';

/**
 * The controlInputs for one evaluation with latents x [B, C, …, H, W]; `isPadded`: hints are for
 * latents that are padded to whole patches.
 */
export async function layerControlInputs(
  controls: readonly LayerControl[],
  x: Tensor,
  { patches, isPadded }: { readonly patches: Patches; readonly isPadded: boolean },
): Promise<Record<string, Tensor>> {
  const { rows, columns } = patchGrid(x, patches.side);
  const [height, width] = isPadded
    ? [rows * patches.side, columns * patches.side]
    : x.shape.slice(-2);
  const inputs: Record<string, Tensor> = {};
  for (const [i, { hint, strength }] of controls.entries()) {
    const names = controlInputs(i);
    inputs[names.hint] = repeatToBatch(patchify(await hint(height, width), patches), x.shape[0]);
    inputs[names.strength] = full([1], strength);
  }
  return inputs;
}
