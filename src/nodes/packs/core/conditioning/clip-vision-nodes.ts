// CLIP vision models, and models whose conditioning is an image (unCLIP). Source: ComfyUI nodes.py.
import { DarkroomError } from '../../../../errors.ts';
import { fileState } from '../../../../formats/file-state.ts';
import {
  loadCheckpointVision,
  loadVision,
  type VisionModel,
} from '../../../../models/vision/load.ts';
import type { NodeContext } from '../../../context.ts';
import { combo, defineNode, float, modelFile, output, outputs, socket } from '../../../declare.ts';
import { loadOnce } from '../../../shared/file-cache.ts';
import { loadNamedCheckpoint } from '../../../shared/named-checkpoint.ts';

const FOLDER = 'clip_vision';

const CLIPVisionLoader = defineNode({
  type: 'CLIPVisionLoader',
  display: 'Load CLIP Vision',
  category: 'loaders',
  inputs: { clip_name: modelFile(FOLDER) },
  outputs: [output('CLIP_VISION')],
  fingerprint: ({ clip_name }, context) => fileState(context.modelPath(FOLDER, clip_name)),
  async run({ clip_name }, { runtime, modelPath }) {
    const file = modelPath(FOLDER, clip_name);
    return outputs(await loadOnce(runtime, [file], () => loadVision(file, runtime), 'clip vision'));
  },
});

const CLIPVisionEncode = defineNode({
  type: 'CLIPVisionEncode',
  display: 'CLIP Vision Encode',
  category: 'conditioning',
  inputs: {
    clip_vision: socket('CLIP_VISION'),
    image: socket('IMAGE'),
    crop: combo(['center', 'none']),
  },
  outputs: [output('CLIP_VISION_OUTPUT')],
  run: async ({ clip_vision, image, crop }) =>
    outputs(await clip_vision.encode(image, crop === 'center')),
});

/** Replaces the vision model of a checkpoint that has none: `encode` throws. */
const missingVision = (name: string): VisionModel => ({
  projected: 0,
  encode: () => {
    throw new DarkroomError('DR_MODEL_PART_MISSING', {
      message: `${name} contains no CLIP vision model`,
      hint:
        'Load an unCLIP checkpoint, or add a CLIPVisionLoader node and connect its CLIP_VISION ' +
        'instead.',
      file: name,
    });
  },
});

/** The parts of a checkpoint, its vision model included. */
async function loadPartsWithVision(name: string, context: NodeContext) {
  const { runtime } = context;
  const file = context.modelPath('checkpoints', name);
  const parts = await loadNamedCheckpoint(name, context);
  const vision = await loadOnce(
    runtime,
    [file],
    () => loadCheckpointVision(file, runtime),
    'vision of a checkpoint',
  );
  return { ...parts, vision: vision ?? missingVision(name) };
}

const unCLIPCheckpointLoader = defineNode({
  type: 'unCLIPCheckpointLoader',
  display: 'unCLIPCheckpointLoader',
  category: 'loaders',
  inputs: { ckpt_name: modelFile('checkpoints') },
  outputs: [output('MODEL'), output('CLIP'), output('VAE'), output('CLIP_VISION')],
  fingerprint: ({ ckpt_name }, context) => fileState(context.modelPath('checkpoints', ckpt_name)),
  async run({ ckpt_name }, context) {
    const { model, clip, vae, vision } = await loadPartsWithVision(ckpt_name, context);
    return outputs(model, clip, vae, vision);
  },
});

const ImageOnlyCheckpointLoader = defineNode({
  type: 'ImageOnlyCheckpointLoader',
  display: 'Image Only Checkpoint Loader (img2vid model)',
  category: 'loaders/video_models',
  description:
    'Loads the parts of a checkpoint whose conditioning is an image. Video models are not ' +
    'supported.',
  inputs: { ckpt_name: modelFile('checkpoints') },
  outputs: [output('MODEL'), output('CLIP_VISION'), output('VAE')],
  fingerprint: ({ ckpt_name }, context) => fileState(context.modelPath('checkpoints', ckpt_name)),
  async run({ ckpt_name }, context) {
    const { model, vision, vae } = await loadPartsWithVision(ckpt_name, context);
    return outputs(model, vision, vae);
  },
});

const unCLIPConditioning = defineNode({
  type: 'unCLIPConditioning',
  display: 'unCLIPConditioning',
  category: 'conditioning',
  inputs: {
    conditioning: socket('CONDITIONING'),
    clip_vision_output: socket('CLIP_VISION_OUTPUT'),
    strength: float({ default: 1, min: -10, max: 10, step: 0.01 }),
    noise_augmentation: float({ default: 0, min: 0, max: 1, step: 0.01 }),
  },
  outputs: [output('CONDITIONING')],
  run({ conditioning, clip_vision_output, strength, noise_augmentation }) {
    if (strength === 0) return outputs(conditioning);
    const unclip = {
      embeds: clip_vision_output.embeds,
      strength,
      noiseAugmentation: noise_augmentation,
    };
    return outputs(
      conditioning.map((entry) => ({
        ...entry,
        unclip_conditioning: [...(entry.unclip_conditioning ?? []), unclip],
      })),
    );
  },
});

export const VISION_NODES = [
  CLIPVisionLoader,
  CLIPVisionEncode,
  unCLIPCheckpointLoader,
  ImageOnlyCheckpointLoader,
  unCLIPConditioning,
];
