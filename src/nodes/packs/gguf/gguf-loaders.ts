// Loaders of models in GGUF. Source: ComfyUI-GGUF nodes.py.
import { fileState } from '../../../formats/file-state.ts';
import type { BlockArithmetic } from '../../../formats/gguf/block-types.ts';
import { loadDiffusionModel } from '../../../models/checkpoint/load.ts';
import type { Model } from '../../../sampling/sampling-types.ts';
import type { NodeContext, NodeEnvironment } from '../../context.ts';
import { boolean, combo, defineNode, modelFile, output, outputs } from '../../declare.ts';
import { loadOnce } from '../../shared/file-cache.ts';
import { modelOf } from '../../shared/named-checkpoint.ts';
import {
  CLIP_TYPES,
  DUAL_TYPES,
  encoderFileStates,
  loadEncoderPair,
  loadEncoderSet,
  loadSingleEncoder,
  QUADRUPLE_SET,
  TRIPLE_SET,
} from '../../shared/named-text-encoders.ts';

/** What quantised weights are computed in, by the name of the option; `target` is float32 here. */
const DEQUANT_TYPES = {
  default: 'f16',
  target: 'f32',
  float32: 'f32',
  float16: 'f16',
  bfloat16: 'bf16',
} as const satisfies Record<string, BlockArithmetic>;
type DequantType = keyof typeof DEQUANT_TYPES;
const DEQUANT_NAMES = Object.keys(DEQUANT_TYPES) as DequantType[];

const unetFile = () => modelFile('unet_gguf');

async function loadUnet(
  name: string,
  arithmetic: BlockArithmetic,
  { runtime, modelPath }: NodeContext,
): Promise<Model> {
  const file = modelPath('unet_gguf', name);
  const load = () => loadDiffusionModel(file, runtime, { arithmetic });
  return modelOf(await loadOnce(runtime, [file], load, `unet gguf ${arithmetic}`));
}

const UnetLoaderGGUF = defineNode({
  type: 'UnetLoaderGGUF',
  display: 'Unet Loader (GGUF)',
  category: 'bootleg',
  description: 'Loads a diffusion model in GGUF: FLUX.1, Z-Image, Lumina 2, SD3, SDXL, SD1.x.',
  inputs: { unet_name: unetFile() },
  outputs: [output('MODEL')],
  fingerprint: ({ unet_name }, context) => fileState(context.modelPath('unet_gguf', unet_name)),
  run: async ({ unet_name }, context) => outputs(await loadUnet(unet_name, 'f16', context)),
});

const UnetLoaderGGUFAdvanced = defineNode({
  type: 'UnetLoaderGGUFAdvanced',
  display: 'Unet Loader (GGUF/Advanced)',
  category: 'bootleg',
  description:
    'Loads a diffusion model in GGUF; dequant_dtype is the type that its quantised weights are ' +
    'computed in. LoRAs are always computed in float32.',
  inputs: {
    unet_name: unetFile(),
    dequant_dtype: combo(DEQUANT_NAMES, { default: 'default' }),
    patch_dtype: combo(DEQUANT_NAMES, { default: 'default' }),
    patch_on_device: boolean({ default: false }),
  },
  outputs: [output('MODEL')],
  fingerprint: ({ unet_name }, context) => fileState(context.modelPath('unet_gguf', unet_name)),
  async run({ unet_name, dequant_dtype, patch_dtype }, context) {
    if (patch_dtype === 'float16' || patch_dtype === 'bfloat16')
      context.warn(`patch_dtype ${patch_dtype} has no effect: LoRAs are computed in float32`);
    return outputs(await loadUnet(unet_name, DEQUANT_TYPES[dequant_dtype], context));
  },
});

/** Text encoders of both kinds of files, sorted together. */
const encoderFile = () => ({
  ...combo([]),
  folder: 'text_encoders',
  options: ({ modelFiles }: NodeEnvironment): readonly string[] =>
    [...modelFiles('text_encoders'), ...modelFiles('clip_gguf')].sort(),
});

const CLIPLoaderGGUF = defineNode({
  type: 'CLIPLoaderGGUF',
  display: 'CLIPLoader (GGUF)',
  category: 'bootleg',
  description: 'Loads a text encoder in GGUF or .safetensors.',
  inputs: { clip_name: encoderFile(), type: combo(CLIP_TYPES) },
  outputs: [output('CLIP')],
  fingerprint: ({ clip_name }, context) => encoderFileStates([clip_name], context),
  run: async ({ clip_name, type }, context) =>
    outputs(await loadSingleEncoder(clip_name, type, context)),
});

const DualCLIPLoaderGGUF = defineNode({
  type: 'DualCLIPLoaderGGUF',
  display: 'DualCLIPLoader (GGUF)',
  category: 'bootleg',
  description: 'Loads two text encoders in GGUF or .safetensors.',
  inputs: { clip_name1: encoderFile(), clip_name2: encoderFile(), type: combo(DUAL_TYPES) },
  outputs: [output('CLIP')],
  fingerprint: ({ clip_name1, clip_name2 }, context) =>
    encoderFileStates([clip_name1, clip_name2], context),
  run: async ({ clip_name1, clip_name2, type }, context) =>
    outputs(await loadEncoderPair({ clip_name1, clip_name2 }, type, context)),
});

const TripleCLIPLoaderGGUF = defineNode({
  type: 'TripleCLIPLoaderGGUF',
  display: 'TripleCLIPLoader (GGUF)',
  category: 'bootleg',
  description: 'Loads the three text encoders of SD3 in GGUF or .safetensors.',
  inputs: {
    clip_name1: encoderFile(),
    clip_name2: encoderFile(),
    clip_name3: encoderFile(),
  },
  outputs: [output('CLIP')],
  fingerprint: (files, context) => encoderFileStates(Object.values(files), context),
  run: async (files, context) => outputs(await loadEncoderSet(TRIPLE_SET, files, context)),
});

const QuadrupleCLIPLoaderGGUF = defineNode({
  type: 'QuadrupleCLIPLoaderGGUF',
  display: 'QuadrupleCLIPLoader (GGUF)',
  category: 'bootleg',
  description: 'Loads the four text encoders of HiDream-I1 in GGUF or .safetensors.',
  inputs: {
    clip_name1: encoderFile(),
    clip_name2: encoderFile(),
    clip_name3: encoderFile(),
    clip_name4: encoderFile(),
  },
  outputs: [output('CLIP')],
  fingerprint: (files, context) => encoderFileStates(Object.values(files), context),
  run: async (files, context) => outputs(await loadEncoderSet(QUADRUPLE_SET, files, context)),
});

export const GGUF_LOADER_NODES = [
  UnetLoaderGGUF,
  CLIPLoaderGGUF,
  DualCLIPLoaderGGUF,
  TripleCLIPLoaderGGUF,
  QuadrupleCLIPLoaderGGUF,
  UnetLoaderGGUFAdvanced,
];
