// Loaders of text encoders in their own files. Source: ComfyUI nodes.py.
import { DarkroomError } from '../../../../errors.ts';
import { fileState } from '../../../../formats/file-state.ts';
import type { ClipFamily } from '../../../../models/clip/clip.ts';
import { loadTextEncoder } from '../../../../models/clip/load.ts';
import type { TextEncoder } from '../../../../models/clip/text-encoder.ts';
import type { NodeContext } from '../../../context.ts';
import { combo, defineNode, modelFile, output, outputs } from '../../../declare.ts';
import { loadOnce } from '../../../shared/file-cache.ts';
import { clipOf } from '../../../shared/named-checkpoint.ts';

/** The text encoder of a file, loaded once. */
export const loadEncoderOnce = (file: string, { runtime }: NodeContext): Promise<TextEncoder> =>
  loadOnce(runtime, [file], () => loadTextEncoder(file, runtime), 'text encoder');

const clipFileInput = () => modelFile('text_encoders');
/** Accepted, but without effect: all models run on the same device. */
const deviceInput = () => combo(['default', 'cpu'], { optional: true });

/** In ComfyUI's order. */
const CLIP_TYPES = [
  'stable_diffusion',
  'stable_cascade',
  'sd3',
  'stable_audio',
  'mochi',
  'ltxv',
  'pixart',
  'cosmos',
  'lumina2',
  'wan',
  'hidream',
  'chroma',
  'ace',
  'omnigen2',
  'qwen_image',
  'hunyuan_image',
  'flux2',
  'ovis',
  'longcat_image',
  'cogvideox',
  'lens',
  'pixeldit',
  'ideogram4',
  'boogu',
  'krea2',
  'joyimage',
  'mage',
  'minimax',
] as const;

/** In ComfyUI's order. */
const DUAL_TYPES = [
  'sdxl',
  'sd3',
  'flux',
  'hunyuan_video',
  'hidream',
  'hunyuan_image',
  'hunyuan_video_15',
  'kandinsky5',
  'kandinsky5_image',
  'ltxv',
  'newbie',
  'ace',
] as const;

type ClipType = (typeof CLIP_TYPES)[number];

/**
 * The family of a single encoder, and the types for which ComfyUI uses it for a model that is not
 * supported.
 */
export const SINGLE_ENCODERS: Readonly<
  Record<
    TextEncoder['kind'],
    { readonly family: ClipFamily; readonly unsupportedTypes: readonly ClipType[] }
  >
> = {
  clip_l: { family: 'sd1', unsupportedTypes: ['sd3', 'hidream'] },
  clip_h: { family: 'sd2', unsupportedTypes: [] },
  clip_g: { family: 'sdxl-refiner', unsupportedTypes: ['stable_cascade', 'sd3', 'hidream'] },
};

const CLIPLoader = defineNode({
  type: 'CLIPLoader',
  display: 'Load CLIP',
  category: 'advanced/loaders',
  description:
    'Loads a text encoder: CLIP-L for SD1.x, CLIP-H for SD2.x, CLIP-G for the refiner of SDXL.',
  inputs: { clip_name: clipFileInput(), type: combo(CLIP_TYPES), device: deviceInput() },
  outputs: [output('CLIP')],
  fingerprint: ({ clip_name }, context) => fileState(context.modelPath('text_encoders', clip_name)),
  async run({ clip_name, type }, context) {
    const encoder = await loadEncoderOnce(context.modelPath('text_encoders', clip_name), context);
    const { family, unsupportedTypes } = SINGLE_ENCODERS[encoder.kind];
    if (unsupportedTypes.includes(type)) throw unsupportedType(type, 'stable_diffusion');
    return outputs(clipOf({ family, encoders: [encoder] }, clip_name, context));
  },
});

const DualCLIPLoader = defineNode({
  type: 'DualCLIPLoader',
  display: 'DualCLIPLoader',
  category: 'advanced/loaders',
  description: 'Loads the two text encoders of SDXL, CLIP-L and CLIP-G, from two files.',
  inputs: {
    clip_name1: clipFileInput(),
    clip_name2: clipFileInput(),
    type: combo(DUAL_TYPES),
    device: deviceInput(),
  },
  outputs: [output('CLIP')],
  fingerprint: ({ clip_name1, clip_name2 }, context) =>
    fileState(...[clip_name1, clip_name2].map((name) => context.modelPath('text_encoders', name))),
  async run({ clip_name1, clip_name2, type }, context) {
    if (type !== 'sdxl') throw unsupportedType(type, 'sdxl');
    const names = [clip_name1, clip_name2];
    const encoders = [];
    for (const name of names)
      encoders.push(await loadEncoderOnce(context.modelPath('text_encoders', name), context));
    const kinds = encoders.map(({ kind }) => kind);
    const kindOfNames = names.map((name, i) => `${name} is ${kinds[i]}`).join(', ');
    if (!kinds.includes('clip_l') || !kinds.includes('clip_g'))
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: `SDXL needs a CLIP-L and a CLIP-G, but ${kindOfNames}`,
        hint: 'Select one file of each kind, in any order.',
        input: kinds.includes('clip_l') ? 'clip_name2' : 'clip_name1',
      });
    return outputs(clipOf({ family: 'sdxl', encoders }, names.join(' and '), context));
  },
});

const unsupportedType = (type: string, supportedType: string): DarkroomError =>
  new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `text encoders of the type '${type}' are for models that are not supported`,
    hint: `For SD1.x, SD2.x and SDXL select the type '${supportedType}'.`,
    input: 'type',
  });

export const TEXT_ENCODER_LOADER_NODES = [CLIPLoader, DualCLIPLoader];
