// The loader of a diffusion model in its own file. Source: ComfyUI nodes.py.
import { fileState } from '../../../../formats/file-state.ts';
import { loadDiffusionModel } from '../../../../models/checkpoint/load.ts';
import type { Rounding } from '../../../../models/weights/tensors.ts';
import { combo, defineNode, modelFile, output, outputs } from '../../../declare.ts';
import { loadOnce } from '../../../shared/file-cache.ts';
import { modelOf } from '../../../shared/named-checkpoint.ts';

/** The number format that weights are rounded to, by the name of the option. */
const WEIGHT_TYPES = {
  default: undefined,
  fp8_e4m3fn: 'f8e4m3',
  fp8_e4m3fn_fast: 'f8e4m3',
  fp8_e5m2: 'f8e5m2',
} as const satisfies Record<string, Rounding | undefined>;

const UNETLoader = defineNode({
  type: 'UNETLoader',
  display: 'Load Diffusion Model',
  category: 'advanced/loaders',
  inputs: {
    unet_name: modelFile('diffusion_models'),
    weight_dtype: combo(Object.keys(WEIGHT_TYPES) as (keyof typeof WEIGHT_TYPES)[]),
  },
  outputs: [output('MODEL')],
  fingerprint: ({ unet_name }, context) =>
    fileState(context.modelPath('diffusion_models', unet_name)),
  async run({ unet_name, weight_dtype }, { runtime, modelPath }) {
    const file = modelPath('diffusion_models', unet_name);
    const rounding = WEIGHT_TYPES[weight_dtype];
    return outputs(
      modelOf(
        await loadOnce(
          runtime,
          [file],
          () => loadDiffusionModel(file, runtime, { rounding }),
          `unet ${rounding}`,
        ),
      ),
    );
  },
});

export const DIFFUSION_MODEL_LOADER_NODES = [UNETLoader];
