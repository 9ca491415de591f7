// Text encoders in their own files, alone and together, as CLIPs of families. Source: ComfyUI
// nodes.py, comfy/sd.py (load_text_encoder_state_dicts).
import { DarkroomError } from '../../errors.ts';
import { fileState } from '../../formats/file-state.ts';
import type { Clip, ClipFamily } from '../../models/clip/clip.ts';
import { loadTextEncoder } from '../../models/clip/load.ts';
import type { TextEncoder } from '../../models/clip/text-encoder.ts';
import type { NodeContext } from '../context.ts';
import { loadOnce } from './file-cache.ts';
import { clipOf } from './named-checkpoint.ts';

/** The text encoder of a file, loaded once. */
export const loadEncoderOnce = (file: string, { runtime }: NodeContext): Promise<TextEncoder> =>
  loadOnce(runtime, [file], () => loadTextEncoder(file, runtime), 'text encoder');

/** In ComfyUI's order. */
export const CLIP_TYPES = [
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
export const DUAL_TYPES = [
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

export type ClipType = (typeof CLIP_TYPES)[number];
export type DualType = (typeof DUAL_TYPES)[number];

/** The family of a single encoder by the type; null: ComfyUI uses it for an unsupported model. */
interface SingleUse {
  /** For the types that are not in the table. */
  readonly otherwise: ClipFamily | null;
  readonly types?: Partial<Record<ClipType, ClipFamily | null>>;
}

export const SINGLE_ENCODERS: Readonly<Record<TextEncoder['kind'], SingleUse>> = {
  clip_l: { otherwise: 'sd1', types: { sd3: 'sd3', hidream: 'hidream' } },
  clip_h: { otherwise: 'sd2' },
  clip_g: {
    otherwise: 'sdxl-refiner',
    types: { stable_cascade: null, sd3: 'sd3', hidream: 'hidream' },
  },
  t5xxl: {
    otherwise: null,
    types: { sd3: 'sd3', chroma: 'chroma', pixart: 'chroma', hidream: 'hidream' },
  },
  pile_t5xl: { otherwise: 'auraflow' },
  llama3_8b: { otherwise: 'hidream' },
  gemma2_2b: { otherwise: 'lumina2', types: { pixeldit: null } },
  qwen3_4b: { otherwise: 'z-image', types: { flux2: 'flux2' } },
  qwen3_8b: { otherwise: 'flux2', types: { ideogram4: null } },
  qwen3_06b: { otherwise: 'anima' },
  qwen25_7b: {
    otherwise: 'qwen-image',
    types: { hunyuan_image: null, longcat_image: 'longcat-image' },
  },
  qwen3vl_4b: { otherwise: null, types: { krea2: 'krea2' } },
  qwen3vl_8b: { otherwise: null, types: { qwen_image: 'qwen-image-21' } },
  mistral3_24b: { otherwise: 'flux2' },
};

/** Loads one encoder as the CLIP of a type. Throws DR_MODEL_UNSUPPORTED for other models. */
export async function loadSingleEncoder(
  name: string,
  type: ClipType,
  context: NodeContext,
): Promise<Clip> {
  const encoder = await loadEncoderOnce(context.modelPath('text_encoders', name), context);
  const { otherwise, types = {} } = SINGLE_ENCODERS[encoder.kind];
  const family = types[type] === undefined ? otherwise : types[type];
  if (family === null) throw unsupportedUse(name, encoder.kind, type);
  return clipOf({ family, encoders: [encoder] }, name, context);
}

/** The encoders of a family in files of their own. */
export interface EncoderSet {
  readonly family: ClipFamily;
  /** Begins a sentence that says what is missing. */
  readonly needs: string;
  readonly kinds: readonly TextEncoder['kind'][];
}

const SD3_KINDS = ['clip_l', 'clip_g', 't5xxl'] as const;

const HIDREAM_KINDS = ['clip_l', 'clip_g', 't5xxl', 'llama3_8b'] as const;

const DUAL_SETS: Partial<Record<DualType, EncoderSet>> = {
  sdxl: { family: 'sdxl', needs: 'SDXL needs a CLIP-L and a CLIP-G', kinds: ['clip_l', 'clip_g'] },
  sd3: {
    family: 'sd3',
    needs: 'Stable Diffusion 3 needs two different ones of CLIP-L, CLIP-G and T5-XXL here',
    kinds: SD3_KINDS,
  },
  flux: {
    family: 'flux',
    needs: 'FLUX.1 needs a CLIP-L and a T5-XXL',
    kinds: ['clip_l', 't5xxl'],
  },
  hidream: {
    family: 'hidream',
    needs: 'HiDream needs two different ones of CLIP-L, CLIP-G, T5-XXL and Llama 3 8B here',
    kinds: HIDREAM_KINDS,
  },
};

export const TRIPLE_SET: EncoderSet = {
  family: 'sd3',
  needs: 'Stable Diffusion 3 needs a CLIP-L, a CLIP-G and a T5-XXL here',
  kinds: SD3_KINDS,
};

export const QUADRUPLE_SET: EncoderSet = {
  family: 'hidream',
  needs: 'HiDream needs a CLIP-L, a CLIP-G, a T5-XXL and a Llama 3 8B here',
  kinds: HIDREAM_KINDS,
};

/** Loads the encoders of a set, in any order. Throws DR_INPUT_INVALID for others. */
export async function loadEncoderSet(
  set: EncoderSet,
  files: Readonly<Record<string, string>>,
  context: NodeContext,
): Promise<Clip> {
  const names = Object.values(files);
  const encoders: TextEncoder[] = [];
  for (const name of names)
    encoders.push(await loadEncoderOnce(context.modelPath('text_encoders', name), context));
  const kinds = encoders.map(({ kind }) => kind);
  const wrong = kinds.findIndex(
    (kind, i) => !set.kinds.includes(kind) || kinds.indexOf(kind) !== i,
  );
  if (wrong < 0) return clipOf({ family: set.family, encoders }, names.join(' and '), context);
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `${set.needs}, but ${names.map((name, i) => `${name} is ${kinds[i]}`).join(', ')}`,
    hint: 'Select one file of each kind, in any order.',
    input: Object.keys(files)[wrong],
  });
}

export const encoderFileStates = (
  names: readonly string[],
  context: NodeContext,
): Promise<string> => fileState(...names.map((name) => context.modelPath('text_encoders', name)));

const DUAL_HINT = `Select the type of your model: ${Object.keys(DUAL_SETS).join(', ')}.`;
const CLIP_HINT = "For SD1.x, SD2.x and SDXL select the type 'stable_diffusion', for SD3 'sd3'.";

/** Loads two encoders as the CLIP of a type. Throws as loadEncoderSet, and for other models. */
export function loadEncoderPair(
  files: Readonly<Record<'clip_name1' | 'clip_name2', string>>,
  type: DualType,
  context: NodeContext,
): Promise<Clip> {
  const set = DUAL_SETS[type];
  if (!set) throw unsupportedType(type, DUAL_HINT);
  return loadEncoderSet(set, files, context);
}

/** What to do with an encoder that ComfyUI uses for a model of another kind. */
const OTHER_USES: Partial<Record<TextEncoder['kind'], string>> = {
  t5xxl:
    "Select the type 'sd3' for SD3 or 'chroma' for Chroma; for FLUX.1 load it with a CLIP-L by " +
    'DualCLIPLoader.',
  qwen25_7b: "For Qwen-Image select the type 'qwen_image', for LongCat-Image 'longcat_image'.",
  qwen3vl_4b: "For Krea 2 select the type 'krea2'.",
  qwen3vl_8b: "For Qwen-Image 2.1 select the type 'qwen_image'.",
  qwen3_8b: "For FLUX.2 klein select the type 'flux2'.",
  gemma2_2b: "For Lumina 2 select the type 'lumina2'.",
};

function unsupportedUse(name: string, kind: TextEncoder['kind'], type: ClipType): DarkroomError {
  const hint = OTHER_USES[kind];
  if (!hint) return unsupportedType(type, CLIP_HINT);
  return new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `${name} is ${kind}, which with the type '${type}' is for models that are not supported`,
    hint,
    input: 'type',
  });
}

const unsupportedType = (type: string, hint: string): DarkroomError =>
  new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `text encoders of the type '${type}' are for models that are not supported`,
    hint,
    input: 'type',
  });
