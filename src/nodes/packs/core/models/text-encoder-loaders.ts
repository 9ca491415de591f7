// Loaders of text encoders in their own files. Source: ComfyUI nodes.py.
import { fileState } from '../../../../formats/file-state.ts';
import { combo, defineNode, modelFile, output, outputs } from '../../../declare.ts';
import {
  CLIP_TYPES,
  DUAL_TYPES,
  encoderFileStates,
  loadEncoderPair,
  loadEncoderSet,
  loadSingleEncoder,
  QUADRUPLE_SET,
  TRIPLE_SET,
} from '../../../shared/named-text-encoders.ts';

const clipFileInput = () => modelFile('text_encoders');
/** Accepted, but without effect: all models run on the same device. */
const deviceInput = () => combo(['default', 'cpu'], { optional: true });

const CLIPLoader = defineNode({
  type: 'CLIPLoader',
  display: 'Load CLIP',
  category: 'advanced/loaders',
  description:
    'Loads a text encoder: CLIP-L for SD1.x, CLIP-H for SD2.x, CLIP-G for the refiner of SDXL, ' +
    'T5-XXL for Chroma, Qwen3-4B for Z-Image, Qwen2.5-VL for Qwen-Image, Gemma 2 2B for Lumina 2, ' +
    'any of CLIP-L, CLIP-G and T5-XXL for SD3.',
  inputs: { clip_name: clipFileInput(), type: combo(CLIP_TYPES), device: deviceInput() },
  outputs: [output('CLIP')],
  fingerprint: ({ clip_name }, context) => fileState(context.modelPath('text_encoders', clip_name)),
  run: async ({ clip_name, type }, context) =>
    outputs(await loadSingleEncoder(clip_name, type, context)),
});

const DualCLIPLoader = defineNode({
  type: 'DualCLIPLoader',
  display: 'DualCLIPLoader',
  category: 'advanced/loaders',
  description:
    'Loads two text encoders from two files: CLIP-L and CLIP-G of SDXL, CLIP-L and T5-XXL of ' +
    'FLUX.1, any two of SD3.',
  inputs: {
    clip_name1: clipFileInput(),
    clip_name2: clipFileInput(),
    type: combo(DUAL_TYPES),
    device: deviceInput(),
  },
  outputs: [output('CLIP')],
  fingerprint: ({ clip_name1, clip_name2 }, context) =>
    encoderFileStates([clip_name1, clip_name2], context),
  run: async ({ clip_name1, clip_name2, type }, context) =>
    outputs(await loadEncoderPair({ clip_name1, clip_name2 }, type, context)),
});

const TripleCLIPLoader = defineNode({
  type: 'TripleCLIPLoader',
  display: 'TripleCLIPLoader',
  category: 'advanced/loaders',
  description: 'Loads the three text encoders of SD3: CLIP-L, CLIP-G and T5-XXL, in any order.',
  inputs: {
    clip_name1: clipFileInput(),
    clip_name2: clipFileInput(),
    clip_name3: clipFileInput(),
  },
  outputs: [output('CLIP')],
  fingerprint: ({ clip_name1, clip_name2, clip_name3 }, context) =>
    encoderFileStates([clip_name1, clip_name2, clip_name3], context),
  run: async (files, context) => outputs(await loadEncoderSet(TRIPLE_SET, files, context)),
});

const QuadrupleCLIPLoader = defineNode({
  type: 'QuadrupleCLIPLoader',
  display: 'QuadrupleCLIPLoader',
  category: 'advanced/loaders',
  description:
    'Loads the four text encoders of HiDream-I1: CLIP-L, CLIP-G, T5-XXL and Llama 3.1 8B, in any ' +
    'order.',
  inputs: {
    clip_name1: clipFileInput(),
    clip_name2: clipFileInput(),
    clip_name3: clipFileInput(),
    clip_name4: clipFileInput(),
  },
  outputs: [output('CLIP')],
  fingerprint: ({ clip_name1, clip_name2, clip_name3, clip_name4 }, context) =>
    encoderFileStates([clip_name1, clip_name2, clip_name3, clip_name4], context),
  run: async (files, context) => outputs(await loadEncoderSet(QUADRUPLE_SET, files, context)),
});

export const TEXT_ENCODER_LOADER_NODES = [
  CLIPLoader,
  DualCLIPLoader,
  TripleCLIPLoader,
  QuadrupleCLIPLoader,
];
