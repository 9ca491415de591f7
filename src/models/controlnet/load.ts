// Loads ControlNets, control LoRAs and T2I-Adapters.
import { basename, extname } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { identify } from '../../formats/identify/identify.ts';
import { withModelFile } from '../../formats/model-file.ts';
import type { TensorInfo } from '../../formats/tensor-file.ts';
import { wrongFile } from '../checkpoint/wrong-file.ts';
import type { Denoiser } from '../denoiser.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import { fromDiffusers } from '../unet/diffusers-unet.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import { adapterNames } from './adapter-graph.ts';
import { createAdapter } from './adapter-network.ts';
import { differenceWeights } from './control-lora.ts';
import type { ControlNet } from './controlnet.ts';
import { createControlLora, createControlNet } from './network.ts';
import { createTransformerControlIn, isTransformerControl } from './transformer-kinds.ts';

/**
 * File names of shuffle ControlNets, whose residuals are averaged over each plane (global average
 * pooling).
 */
const SHUFFLE_NAME = /_shuffle(_fp16)?$/;

const HINT =
  'ControlNets and T2I-Adapters of SD1.x, SD2.x and SDXL, and ControlNets of SD3, FLUX.1 and ' +
  'Qwen-Image are supported.';

/**
 * Loads a ControlNet in the original or diffusers' layout, a union network, a control LoRA or a
 * T2I-Adapter. `unet`: the model to which the differences of such a file are added. Throws
 * DR_MODEL_UNSUPPORTED, and what openModelFile throws.
 */
export async function loadControlNet(
  file: string,
  runtime: ModelRuntime,
  unet?: Denoiser,
): Promise<ControlNet> {
  const tensors = await withModelFile(file, (opened) => opened.tensors);
  const found = identify(tensors);
  if (found.kind !== 'controlnet') throw wrongFile(file, 'a ControlNet', found, HINT);
  const { layout } = found;
  if (isTransformerControl(layout))
    return withModelFile(file, (opened) => createTransformerControlIn(opened, layout, runtime));
  const pooled = SHUFFLE_NAME.test(basename(file, extname(file)));
  const weights = (named: ReadonlyMap<string, TensorInfo> = tensors): Weights =>
    weightsOf(file, named, found.prefix);
  switch (layout) {
    case 't2i':
      return createAdapter(runtime, weights(adapterNames(tensors)));
    case 'lora':
      return createControlLora(runtime, weights());
    case 'diffusers':
      return createControlNet(runtime, weights(fromDiffusers(tensors)), { pooled });
    case 'sgm': {
      if (!tensors.has('difference')) return createControlNet(runtime, weights(), { pooled });
      if (unet?.base)
        return createControlNet(runtime, weights(), {
          pooled,
          base: unet.base,
          combine: differenceWeights,
        });
      throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
        message: `${basename(file)} contains differences to a model, not a whole ControlNet`,
        hint: 'Load it with DiffControlNetLoader and connect the model.',
        file,
      });
    }
  }
}
