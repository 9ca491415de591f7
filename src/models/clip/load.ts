// Loads text encoders, from checkpoints and from files of their own: CLIP in Hugging Face's and
// open_clip's layouts, and the encoders that read a prompt as one sequence.

import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import type {
  ClipPart,
  EncoderPart,
  SequencePart,
} from '../../formats/identify/identified-model.ts';
import { identify } from '../../formats/identify/identify.ts';
import { withModelFile } from '../../formats/model-file.ts';
import type { TensorFile, TensorInfo } from '../../formats/tensor-file.ts';
import { gemmaTokenizer } from '../../text/tokenizers/gemma.ts';
import { llama3Tokenizer } from '../../text/tokenizers/llama3.ts';
import { pileT5Tokenizer } from '../../text/tokenizers/pile-t5.ts';
import { qwenTokenizer } from '../../text/tokenizers/qwen.ts';
import { t5Tokenizer } from '../../text/tokenizers/t5.ts';
import { tekkenTokenizer } from '../../text/tokenizers/tekken.ts';
import type { Tokenizer } from '../../text/tokenizers/tokenizer.ts';
import { rejectScaledFp8, wrongFile } from '../checkpoint/wrong-file.ts';
import { createLlm } from '../llm/encoder.ts';
import { type ModelRuntime, textEncoderRounding } from '../model-runtime.ts';
import { createVisionTower } from '../qwenvl/vision-tower.ts';
import { createT5 } from '../t5/encoder.ts';
import { type Rounding, type Weights, weightsOf } from '../weights/tensors.ts';
import { type ClipLayout, HUGGING_FACE, LEGACY_CLIP_SAVE, OPEN_CLIP } from './config.ts';
import { createTextEncoder } from './network.ts';
import type { TextEncoder } from './text-encoder.ts';

type Tensors = ReadonlyMap<string, TensorInfo>;

const LAYOUTS: Readonly<Record<ClipPart['layout'], ClipLayout>> = {
  'hugging-face': HUGGING_FACE,
  'open-clip': OPEN_CLIP,
};

/** Returns the encoder in a part of a file. */
export function encoderOf(
  runtime: ModelRuntime,
  { file, tensors }: Pick<TensorFile, 'file' | 'tensors'>,
  part: EncoderPart,
): TextEncoder {
  rejectScaledFp8(file, new Map([...tensors].filter(([name]) => name.startsWith(part.prefix))));
  if (!('layout' in part)) return SEQUENCES[part.kind](runtime, file, tensors, part);
  if (part.hasProjection) return clipBesideProjection(runtime, file, tensors, part);
  return clipOf(runtime, file, tensors, part, LAYOUTS[part.layout]);
}

/**
 * Returns a CLIP encoder. ComfyUI rounds CLIP to float16, whatever the file holds, and computes in
 * float32.
 */
function clipOf(
  runtime: ModelRuntime,
  file: string,
  tensors: Tensors,
  { kind, prefix }: Pick<ClipPart, 'kind' | 'prefix'>,
  layout: ClipLayout,
): TextEncoder {
  const weights = weightsOf(file, tensors, prefix, { rounding: textEncoderRounding(runtime) });
  return createTextEncoder(runtime, { kind, weights, layout });
}

/** Returns a CLIP encoder in Hugging Face's layout whose projection is beside `text_model.`. */
function clipBesideProjection(
  runtime: ModelRuntime,
  file: string,
  tensors: Tensors,
  { kind, prefix }: ClipPart,
): TextEncoder {
  const outer = prefix.replace(/text_model\.$/, '');
  const own = new Map([...tensors].filter(([name]) => name.startsWith(outer)));
  const unprefixed = withoutPrefix(withoutPrefix(own, outer), 'text_model.');
  const layout = unprefixed.has(LEGACY_CLIP_SAVE.projection) ? LEGACY_CLIP_SAVE : HUGGING_FACE;
  return clipOf(runtime, file, unprefixed, { kind, prefix: '' }, layout);
}

/** Removes the prefix from the names that start with it. */
const withoutPrefix = (tensors: Tensors, prefix: string): Map<string, TensorInfo> =>
  new Map(
    [...tensors].map(([name, info]) => [
      name.startsWith(prefix) ? name.slice(prefix.length) : name,
      info,
    ]),
  );

type LoadSequence = (
  runtime: ModelRuntime,
  file: string,
  tensors: Tensors,
  part: SequencePart,
) => TextEncoder;

/**
 * ComfyUI stores T5 in the type of its file, for SD3 and FLUX.1 but not in one wider than float16.
 */
const t5: LoadSequence = (runtime, file, tensors, { kind, prefix }) => {
  const isWide = isFloat32(tensors, `${prefix}encoder.final_layer_norm.weight`);
  const rounding: Rounding | undefined = isWide ? textEncoderRounding(runtime) : undefined;
  const stored = weightsOf(file, tensors, prefix, {
    multipliesIntegers: isWide,
    roundsChanges: true,
  });
  return rounding
    ? createT5(runtime, kind, weightsOf(file, tensors, prefix, { rounding }), t5Tokenizer, stored)
    : createT5(runtime, kind, stored, t5Tokenizer);
};

/** ComfyUI rounds Pile-T5-XL to float16, whatever its file holds, as it does CLIP. */
const pileT5: LoadSequence = (runtime, file, tensors, { kind, prefix }) =>
  createT5(
    runtime,
    kind,
    weightsOf(file, tensors, prefix, { rounding: textEncoderRounding(runtime) }),
    pileT5Tokenizer,
  );

/** Whether a file's type, which its norms have, is float32 or wider. */
function isFloat32(tensors: Tensors, norm: string): boolean {
  const dtype = tensors.get(norm)?.dtype;
  return dtype === 'F32' || dtype === 'F64';
}

/** ComfyUI stores language models in the type of their file. */
const llmWeights = (file: string, tensors: Tensors, prefix: string): Weights =>
  weightsOf(file, tensors, prefix, {
    multipliesIntegers: isFloat32(tensors, `${prefix}model.norm.weight`),
    roundsChanges: true,
  });

const qwen: LoadSequence = (runtime, file, tensors, { kind, prefix }) =>
  createLlm(runtime, kind, llmWeights(file, tensors, prefix), async () => qwenTokenizer());

/** ComfyUI stores Llama 3 as it does T5. */
const llama3: LoadSequence = (runtime, file, tensors, { kind, prefix }) => {
  const isWide = isFloat32(tensors, `${prefix}model.norm.weight`);
  const rounding = isWide ? textEncoderRounding(runtime) : undefined;
  const weights = rounding
    ? weightsOf(file, tensors, prefix, { rounding })
    : llmWeights(file, tensors, prefix);
  return createLlm(runtime, kind, weights, async () => llama3Tokenizer());
};

/** Its vision tower is opened with the first image. */
const qwenVl: LoadSequence = (runtime, file, tensors, { kind, prefix }) => {
  let tower: ReturnType<typeof createVisionTower> | undefined;
  const weights = llmWeights(file, tensors, prefix);
  const below = weightsOf(file, tensors, `${prefix}${VISION}`, {
    multipliesIntegers: isFloat32(tensors, `${prefix}model.norm.weight`),
  });
  const imageTokens: TextEncoder['imageTokens'] = async (image) => {
    if (!tensors.has(`${prefix}${VISION}patch_embed.proj.weight`))
      throw new DarkroomError('DR_MODEL_PART_MISSING', {
        message: `${basename(file)} has no vision tower, which sees the images beside a prompt`,
        hint: 'Use the text encoder of Qwen-Image as it is published for ComfyUI.',
        file,
      });
    tower ??= createVisionTower(runtime, below);
    return tower(image);
  };
  return createLlm(runtime, kind, weights, async () => qwenTokenizer(), { imageTokens });
};

const VISION = 'visual.';

/** Where the parts of Qwen3-VL are in files of its own, and where in checkpoints. */
const QWEN3_VL_PARTS = [
  ['model.language_model.', 'model.'],
  ['model.visual.', VISION],
] as const;

const qwen3VlName = (name: string): string => {
  const [from, to] = QWEN3_VL_PARTS.find(([part]) => name.startsWith(part)) ?? ['', ''];
  return to + name.slice(from.length);
};

const qwen3Vl: LoadSequence = (runtime, file, tensors, part) => {
  const { prefix } = part;
  const own = [...tensors].filter(([name]) => name.startsWith(prefix));
  const named = new Map(own.map(([name, info]) => [qwen3VlName(name.slice(prefix.length)), info]));
  return qwenVl(runtime, file, named, { ...part, prefix: '' });
};

/** A tokenizer whose vocabulary is in the file of its encoder. */
interface OwnVocabulary {
  /** What messages call the encoder. */
  readonly name: string;
  /** Undefined for the vocabulary of another model. Throws RangeError for bytes that are none. */
  create(bytes: Uint8Array): Tokenizer | undefined;
  /** What messages call such a vocabulary. */
  readonly other: string;
}

const withVocabulary =
  (own: OwnVocabulary): LoadSequence =>
  (runtime, file, tensors, { kind, prefix, vocabulary }) => {
    const weights = llmWeights(file, tensors, prefix);
    let tokenizer: Promise<Tokenizer> | undefined;
    const read = (): Promise<Tokenizer> => {
      tokenizer ??= readTokenizer(weights, vocabulary, own);
      return tokenizer;
    };
    return createLlm(runtime, kind, weights, read, { vocabulary });
  };

const SEQUENCES: Readonly<Record<SequencePart['kind'], LoadSequence>> = {
  t5xxl: t5,
  pile_t5xl: pileT5,
  qwen3_4b: qwen,
  qwen3_8b: qwen,
  qwen3_06b: qwen,
  qwen25_7b: qwenVl,
  qwen3vl_4b: qwen3Vl,
  qwen3vl_8b: qwen3Vl,
  llama3_8b: llama3,
  gemma2_2b: withVocabulary({
    name: 'Gemma 2 2B',
    create: gemmaTokenizer,
    other: 'of another kind than Gemma’s',
  }),
  mistral3_24b: withVocabulary({
    name: 'Mistral Small 3',
    create: tekkenTokenizer,
    other: 'of another kind than Mistral’s',
  }),
};

async function readTokenizer(
  weights: Weights,
  vocabulary: string,
  { name, create, other }: OwnVocabulary,
): Promise<Tokenizer> {
  const unreadable = (state?: string, cause?: Error): DarkroomError =>
    new DarkroomError('DR_MODEL_UNSUPPORTED', {
      message: state
        ? `the vocabulary (${vocabulary}) of ${basename(weights.file)} is ${state}`
        : `${basename(weights.file)} contains no vocabulary (${vocabulary})`,
      hint: `Use the ${name} text encoder as it is published for ComfyUI.`,
      file: weights.file,
      cause,
    });
  const file = await weights.open();
  try {
    const bytes = file.tensors.has(vocabulary) ? await file.readRaw(vocabulary) : undefined;
    const tokenizer = bytes && create(bytes);
    if (tokenizer) return tokenizer;
    throw unreadable(bytes && other);
  } catch (error) {
    if (error instanceof RangeError) throw unreadable('damaged', error);
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * Loads a file that holds one text encoder. Throws DR_MODEL_UNSUPPORTED, and what openModelFile
 * throws.
 */
export async function loadTextEncoder(file: string, runtime: ModelRuntime): Promise<TextEncoder> {
  const tensors = await withModelFile(file, (opened) => opened.tensors);
  const found = identify(tensors);
  if (found.kind !== 'text-encoder')
    throw wrongFile(
      file,
      'a text encoder',
      found,
      'The CLIP encoders of SD1.x (CLIP-L), SD2.x (CLIP-H) and SDXL (CLIP-L and CLIP-G) are ' +
        'supported, and T5-XXL, Pile-T5-XL, Qwen3, Qwen2.5-VL, Qwen3-VL, Gemma 2 2B, Mistral ' +
        'Small 3 and Llama 3 8B.',
    );
  const { clip } = found;
  const hasProjection = 'layout' in clip && clip.layout === 'hugging-face';
  return encoderOf(runtime, { file, tensors }, hasProjection ? { ...clip, hasProjection } : clip);
}
