// How each family of models uses its text encoders: one value per family (ComfyUI's sd1_clip,
// sdxl_clip, sd2_clip, text_encoders/).
import type { Family } from '../../formats/identify/identified-model.ts';
import { END_TOKEN } from '../../text/clip-bpe.ts';
import { GEMMA_START } from '../../text/tokenizers/gemma.ts';
import { LLAMA3_PAD, LLAMA3_START } from '../../text/tokenizers/llama3.ts';
import { PILE_T5_END, PILE_T5_PAD } from '../../text/tokenizers/pile-t5.ts';
import {
  QWEN_IMAGE,
  QWEN_MESSAGE,
  QWEN_MESSAGE_END,
  QWEN_PAD,
  QWEN_USER,
} from '../../text/tokenizers/qwen.ts';
import { T5_END, t5Tokenizer } from '../../text/tokenizers/t5.ts';
import { TEKKEN_START } from '../../text/tokenizers/tekken.ts';
import type { FamilyRule, PartRule, SequenceRule } from './family-rules.ts';
import { hiDream, onlyPart, pooledBeside, sideBySide, stableDiffusion3 } from './join.ts';
import type { TokenSlot } from './text-encoder.ts';

/** FLUX.1 schnell uses text encoders as dev does. */
export type ClipFamily = Exclude<Family, 'flux-schnell'>;

const CLIP_L = { kind: 'clip_l', tokens: { chunkPad: END_TOKEN } } as const;
const CLIP_G = { kind: 'clip_g', tokens: { chunkPad: 0 }, project: true } as const;

const T5: SequenceRule = {
  end: T5_END,
  pad: 0,
  minLength: 1,
  isWeighted: true,
  takesEmbeddings: true,
};
/** T5-XXL with prompts of at least so many tokens. */
const t5xxl = (rule: Partial<SequenceRule>): PartRule => ({
  kind: 't5xxl',
  tokens: { ...T5, ...rule },
  layer: 'last',
  norm: true,
});

const QWEN_ASK = '<|im_start|>user\n';
const QWEN_END = '<|im_end|>\n<|im_start|>assistant\n';

/** The beginning of a message to edit pictures with Qwen-Image. */
const QWEN_EDIT =
  '<|im_start|>system\nDescribe the key features of the input image (color, shape, size, texture, ' +
  "objects, background), then explain how the user's text instruction should alter or modify the " +
  "image. Generate a new image that meets the user's requirements while maintaining consistency " +
  `with the original input where appropriate.<|im_end|>\n${QWEN_ASK}`;

/** The text around a prompt that Qwen-Image and Krea 2 draw. */
const QWEN_DESCRIBE = [
  '<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, ' +
    `quantity, text, spatial relationships of the objects and background:<|im_end|>\n${QWEN_ASK}`,
  QWEN_END,
] as const;
const QWEN_SEES = '<|vision_start|><|image_pad|><|vision_end|>';
/** Prompts with these bring their own template. */
const QWEN_MARKS = ['<|im_start|>', '<|start_header_id|>'];

/** What LongCat-Image says before a prompt, and before one that edits a picture. */
const LONGCAT_DRAW =
  'As an image captioning expert, generate a descriptive text prompt based on an image content, ' +
  'suitable for input to a text-to-image model.';
const LONGCAT_EDIT =
  'As an image editing expert, first analyze the content and attributes of the input image(s). ' +
  "Then, based on the user's editing instructions, clearly and precisely determine how to modify " +
  'the given image(s), ensuring that only the specified parts are altered and all other aspects ' +
  'remain consistent with the original(s).';

/** The beginning of a message to Qwen-Image 2.1, and the images in it. */
const QWEN_COMPREHEND = `<|im_start|>system\nComprehend and analyze the provided prompt.<|im_end|>\n${QWEN_ASK}`;
const numberedImages = (count: number): string =>
  Array.from({ length: count }, (_, i) => `<image${i + 1}>${QWEN_SEES}`).join(' ');

/** A prompt as a message to a Qwen. */
const QWEN_CHAT: SequenceRule = {
  pad: QWEN_PAD,
  minLength: 1,
  template: [QWEN_ASK, QWEN_END],
  isWeighted: false,
  takesEmbeddings: true,
  padding: 'masked',
};

/** An encoder of FLUX.2 klein: a prompt as a message that is answered without reasoning. */
const klein = (kind: 'qwen3_4b' | 'qwen3_8b'): PartRule => ({
  kind,
  tokens: {
    ...QWEN_CHAT,
    minLength: 512,
    template: [QWEN_ASK, `${QWEN_END}<think>\n\n</think>\n\n`],
  },
  layer: [9, 18, 27],
  norm: false,
});

/** The encoder of FLUX.2 dev: a prompt as a message to a model that describes images. */
const MISTRAL3: PartRule = {
  kind: 'mistral3_24b',
  tokens: {
    start: TEKKEN_START,
    pad: 0,
    minLength: 1,
    template: [
      '[SYSTEM_PROMPT]You are an AI that reasons about image descriptions. You give structured ' +
        'responses focusing on object relationships, object\nattribution and actions without ' +
        'speculation.[/SYSTEM_PROMPT][INST]',
      '[/INST]',
    ],
    isWeighted: false,
    takesEmbeddings: true,
    padding: 'masked',
  },
  layer: [10, 20, 30],
  norm: false,
};

export const CLIP_FAMILIES: Readonly<Record<ClipFamily, FamilyRule>> = {
  sd1: {
    parts: [{ ...CLIP_L, layer: 'last', norm: true }],
    join: onlyPart,
    loader: 'CLIPLoader (type stable_diffusion)',
  },
  sd2: {
    parts: [{ kind: 'clip_h', tokens: { chunkPad: 0 }, layer: -2, norm: true, project: true }],
    join: onlyPart,
    loader: 'CLIPLoader (type stable_diffusion)',
  },
  sdxl: {
    parts: [
      { ...CLIP_L, layer: -2, norm: false },
      { ...CLIP_G, layer: -2, norm: false },
    ],
    join: sideBySide('clip_g'),
    loader: 'DualCLIPLoader (type sdxl)',
  },
  'sdxl-refiner': {
    parts: [{ ...CLIP_G, layer: -2, norm: false }],
    join: onlyPart,
    loader: 'CLIPLoader (type stable_diffusion)',
  },
  sd3: {
    parts: [
      { ...CLIP_L, layer: -2, norm: false },
      { ...CLIP_G, layer: -2, norm: false },
      t5xxl({ minLength: 77 }),
    ],
    isPartial: true,
    join: stableDiffusion3,
    loader: 'TripleCLIPLoader',
  },
  flux: {
    parts: [{ ...CLIP_L, layer: 'last', norm: true }, t5xxl({ minLength: 256 })],
    join: pooledBeside('t5xxl', 'clip_l'),
    loader: 'DualCLIPLoader (type flux)',
  },
  flux2: {
    parts: [klein('qwen3_4b'), klein('qwen3_8b'), MISTRAL3],
    isPartial: true,
    join: onlyPart,
    loader: 'CLIPLoader (type flux2)',
  },
  'longcat-image': {
    parts: [
      {
        kind: 'qwen25_7b',
        tokens: {
          ...QWEN_CHAT,
          takesEmbeddings: false,
          template: [`<|im_start|>system\n${LONGCAT_DRAW}<|im_end|>\n${QWEN_ASK}`, QWEN_END],
          imageTemplate: () => [
            `<|im_start|>system\n${LONGCAT_EDIT}<|im_end|>\n${QWEN_ASK}${QWEN_SEES}`,
            QWEN_END,
          ],
          imageToken: QWEN_IMAGE,
          templateMarks: QWEN_MARKS,
          spelledLength: 512,
          leftOut: longCatFirstTokens,
          leftOutAtEnd: longCatLastTokens,
        },
        layer: 'last',
        norm: false,
      },
    ],
    join: onlyPart,
    loader: 'CLIPLoader (type longcat_image)',
  },
  chroma: {
    parts: [{ ...t5xxl({ emptyIsPadding: true }), keepsFileType: true }],
    join: onlyPart,
    loader: 'CLIPLoader (type chroma)',
  },
  'z-image': {
    parts: [{ kind: 'qwen3_4b', tokens: QWEN_CHAT, layer: -2, norm: false }],
    join: onlyPart,
    loader: 'CLIPLoader (type lumina2)',
  },
  lumina2: {
    parts: [
      {
        kind: 'gemma2_2b',
        tokens: {
          start: GEMMA_START,
          pad: 0,
          minLength: 1,
          isWeighted: true,
          takesEmbeddings: false,
          padding: 'masked',
        },
        layer: -2,
        norm: false,
      },
    ],
    join: onlyPart,
    loader: 'CLIPLoader (type lumina2)',
  },
  'qwen-image': {
    parts: [
      {
        kind: 'qwen25_7b',
        tokens: {
          ...QWEN_CHAT,
          template: QWEN_DESCRIBE,
          imageTemplate: () => [QWEN_EDIT + QWEN_SEES, QWEN_END],
          imageToken: QWEN_IMAGE,
          templateMarks: QWEN_MARKS,
          leftOut: qwenSystemTokens,
        },
        layer: 'last',
        norm: false,
      },
    ],
    join: onlyPart,
    loader: 'CLIPLoader (type qwen_image)',
  },
  auraflow: {
    parts: [
      {
        kind: 'pile_t5xl',
        tokens: {
          end: PILE_T5_END,
          pad: PILE_T5_PAD,
          minLength: 256,
          isWeighted: true,
          takesEmbeddings: true,
          padding: 'zeroed',
        },
        layer: 'last',
        norm: true,
      },
    ],
    join: onlyPart,
    loader: 'CLIPLoader (any type)',
  },
  'qwen-image-21': {
    parts: [
      {
        kind: 'qwen3vl_8b',
        tokens: {
          ...QWEN_CHAT,
          template: [QWEN_COMPREHEND, QWEN_END],
          imageTemplate: (count) => [QWEN_COMPREHEND + numberedImages(count), QWEN_END],
          imageToken: QWEN_IMAGE,
          leavesOutImages: true,
          templateMarks: ['<|im_start|>'],
          leftOut: (tokens) => tokens.indexOf(QWEN_MESSAGE, tokens.indexOf(QWEN_MESSAGE) + 1),
        },
        layer: -1,
        norm: false,
      },
    ],
    join: onlyPart,
    loader: 'CLIPLoader (type qwen_image)',
  },
  krea2: {
    parts: [
      {
        kind: 'qwen3vl_4b',
        tokens: {
          ...QWEN_CHAT,
          template: QWEN_DESCRIBE,
          imageTemplate: (count) => [QWEN_ASK + QWEN_SEES.repeat(count), QWEN_END],
          imageToken: QWEN_IMAGE,
          templateMarks: ['<|im_start|>'],
          leftOut: qwenSystemTokens,
        },
        layer: [2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 32, 35],
        norm: false,
      },
    ],
    join: onlyPart,
    loader: 'CLIPLoader (type krea2)',
  },
  anima: {
    parts: [
      {
        kind: 'qwen3_06b',
        tokens: { ...QWEN_CHAT, template: undefined, isWeighted: true, dropsWeights: true },
        layer: 'last',
        norm: false,
      },
    ],
    join: onlyPart,
    tokensBeside: { kind: 't5xxl', tokens: T5, tokenizer: t5Tokenizer },
    loader: 'CLIPLoader (type stable_diffusion)',
  },
  hidream: {
    parts: [
      { ...CLIP_L, layer: 'last', norm: true, project: true },
      { ...CLIP_G, layer: -2, norm: false },
      t5xxl({ minLength: 128, maxLength: 128, padding: 'hidden' }),
      {
        kind: 'llama3_8b',
        tokens: {
          start: LLAMA3_START,
          pad: LLAMA3_PAD,
          minLength: 128,
          isWeighted: true,
          takesEmbeddings: true,
          padding: 'hidden',
        },
        layer: 'all',
        norm: true,
      },
    ],
    isPartial: true,
    join: hiDream,
    loader: 'QuadrupleCLIPLoader',
  },
};

/** The text around a prompt that names its images itself (TextEncodeQwenImageEditPlus). */
export const QWEN_EDIT_TEMPLATE = [QWEN_EDIT, QWEN_END] as const;

/** The tokens before a prompt: up to the second message, and its first line. */
function qwenSystemTokens(tokens: readonly TokenSlot[]): number {
  const first = secondMessage(tokens);
  // without a message ComfyUI takes the last token alone
  return first < 0 ? tokens.length - 1 : first;
}

/** As qwenSystemTokens, and all without a message. */
function longCatFirstTokens(tokens: readonly TokenSlot[]): number {
  return Math.max(0, secondMessage(tokens));
}

/** The tokens from the last end of a message on; none where no others would be left. */
function longCatLastTokens(tokens: readonly TokenSlot[]): number {
  const count = tokens.length - tokens.lastIndexOf(QWEN_MESSAGE_END);
  return count > tokens.length || tokens.length - longCatFirstTokens(tokens) <= count ? 0 : count;
}

/** Where the second message begins, or the first of only one, without its first line; or -1. */
function secondMessage(tokens: readonly TokenSlot[]): number {
  const starts = tokens.flatMap((token, i) => (token === QWEN_MESSAGE ? [i] : [])).slice(0, 2);
  const last = starts.at(-1) ?? -1;
  const isUser = QWEN_USER.every((token, i) => tokens[last + 1 + i] === token);
  const begin = last + 1 + QWEN_USER.length;
  return isUser && tokens.length > begin ? begin : last;
}
