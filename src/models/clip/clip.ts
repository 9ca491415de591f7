// The value of CLIP sockets: the text encoders of a family, and the number of skipped last layers
// (comfy.sd CLIP).
import { DarkroomError } from '../../errors.ts';
import type { Warn } from '../../text/embeddings.ts';
import { emptyChunk } from '../../text/token-chunks.ts';
import type { Chunk } from '../../text/token-groups.ts';
import type { HookGroup } from '../hooks/hooks.ts';
import { encodePrompts, once } from './encode-prompts.ts';
import { CLIP_FAMILIES, type ClipFamily } from './families.ts';
import type { EncodedPrompt } from './join.ts';
import {
  chunkLength,
  type Padding,
  type Part,
  type PromptImages,
  type PromptOptions,
  promptTokens,
  tokensBesideOf,
} from './prompt-tokens.ts';
import type { EncoderKind, TextEncoder } from './text-encoder.ts';

export {
  type Embedding,
  type EmbeddingLookup,
  embeddingReader,
  type Warn,
} from '../../text/embeddings.ts';
export type { ClipFamily } from './families.ts';
export type { EncodedPrompt } from './join.ts';

/**
 * Immutable: a change returns another value over the same encoders. Warnings go to the `warn` of
 * the call, else to that of makeClip.
 */
export interface Clip {
  readonly family: ClipFamily;
  /** In the order of their features. */
  readonly encoders: readonly TextEncoder[];
  encode(text: string, warn?: Warn): Promise<EncodedPrompt>;
  /** Encodes a prompt after a change of its chunks. */
  encodeChanged(text: string, change: (chunk: Chunk) => Chunk, warn?: Warn): Promise<EncodedPrompt>;
  /**
   * Encodes one prompt for CLIP-G and one for CLIP-L; the shorter one is padded with empty chunks.
   * Throws DR_INPUT_INVALID for families without both.
   */
  encodePair(textG: string, textL: string, warn?: Warn): Promise<EncodedPrompt>;
  /**
   * Encodes prompts of their own for some encoders. Chunks are padded as by encodePair. Throws
   * DR_INPUT_INVALID for encoders that the family does not have.
   */
  encodeTexts(texts: PromptTexts, warn?: Warn): Promise<EncodedPrompt>;
  /** Encodes a prompt with images; families that see none encode the text. */
  encodeWithImages(text: string, images: PromptImages, warn?: Warn): Promise<EncodedPrompt>;
  /**
   * Takes features from a layer counted from the end, -1 being the last (CLIPSetLastLayer). Throws
   * DR_INPUT_INVALID unless it is a negative integer.
   */
  withLastLayer(stopAtClipLayer: number): Clip;
  /** Pads the sequences of encoders in another way (T5TokenizerOptions). */
  withPadding(padding: Partial<Record<EncoderKind, Padding>>): Clip;
  /** Replaces encoders by others of the same kind; encoders of other kinds are not changed. */
  withEncoders(encoders: readonly TextEncoder[]): Clip;
  /** Hooks that change the encoders in each encoding (SetClipHooks); not `encoders` themselves. */
  readonly hooks?: ClipHooks;
}

/** The hooks of a CLIP. */
export interface ClipHooks {
  readonly group: HookGroup;
  /** Hooks that conditionings get that are encoded with the CLIP. */
  readonly ofConditionings?: HookGroup;
  /** Prompts are encoded once for each part of the denoising, with the keyframes of that part. */
  readonly isScheduled: boolean;
  /** The CLIP without hooks. */
  readonly plain: Clip;
  /** Returns the CLIP with the hooks' weights; `factors` are those of the group's hooks. */
  at(factors: readonly number[]): Clip;
}

/** The prompts of the encoders; null is no prompt at all, not even an empty one. */
export interface PromptTexts {
  readonly own: Partial<Record<EncoderKind, string | null>>;
  /** The prompt of the other encoders. */
  readonly rest: string;
}

export interface ClipOptions extends PromptOptions {
  readonly family: ClipFamily;
  readonly encoders: readonly TextEncoder[];
}

/**
 * Combines the encoders of a family. Throws DR_MODEL_PART_MISSING when one is missing that the
 * family needs.
 */
export function makeClip(options: ClipOptions): Clip {
  const { parts: rules, isPartial } = CLIP_FAMILIES[options.family];
  const parts = rules.map((rule): Part => {
    const found = options.encoders.find(({ kind }) => kind === rule.kind);
    const encoder = rule.keepsFileType ? (found?.inFileType?.() ?? found) : found;
    if (encoder || isPartial) return { encoder, rule };
    throw missingEncoder(options.family, rule.kind);
  });
  if (!parts.some(({ encoder }) => encoder))
    throw missingEncoder(options.family, rules.map(({ kind }) => kind).join(', '));
  return clipOf(options, parts);
}

const missingEncoder = (family: ClipFamily, kind: string): DarkroomError =>
  new DarkroomError('DR_MODEL_PART_MISSING', {
    message: `the ${family} model has no ${kind} text encoder`,
    hint: 'Load a checkpoint that contains its text encoders.',
  });

/** How one prompt is encoded for all encoders. */
interface OnePrompt {
  readonly images?: PromptImages;
  readonly change?: (chunk: Chunk) => Chunk;
  readonly warn?: Warn;
}

function clipOf(options: ClipOptions, parts: readonly Part[], stopAt?: number): Clip {
  const { family } = options;
  const { join, tokensBeside } = CLIP_FAMILIES[family];
  const encodeOne = async (
    text: string,
    { images, change, warn: callWarn }: OnePrompt,
  ): Promise<EncodedPrompt> => {
    const warn = once(callWarn ?? options.warn);
    const prompts: Chunk[][] = [];
    for (const part of parts) {
      const chunks = await promptTokens({ ...options, warn }, part, text, images);
      prompts.push(change ? chunks.map(change) : chunks);
    }
    const context = { stopAt, warn, keepsImages: images?.areKept };
    const encoded = join(await encodePrompts(parts, prompts, context));
    if (!tokensBeside) return encoded;
    return { ...encoded, tokens: await tokensBesideOf({ ...options, warn }, tokensBeside, text) };
  };
  const encodeTexts: Clip['encodeTexts'] = async ({ own, rest }, callWarn) => {
    checkTexts(family, parts, own);
    const warn = once(callWarn ?? options.warn);
    const prompts: Chunk[][] = [];
    for (const part of parts) {
      const text = own[part.rule.kind] === undefined ? rest : own[part.rule.kind]!;
      prompts.push(text === null ? [] : await promptTokens({ ...options, warn }, part, text));
    }
    padToLongest(parts, prompts);
    return join(await encodePrompts(parts, prompts, { stopAt, warn }));
  };
  return {
    family,
    encoders: parts.flatMap(({ encoder }) => encoder ?? []),
    encode: (text, warn) => encodeOne(text, { warn }),
    encodeChanged: (text, change, warn) => encodeOne(text, { change, warn }),
    encodeWithImages: (text, images, warn) => encodeOne(text, { images, warn }),
    encodeTexts,
    encodePair: (textG, textL, warn) =>
      encodeTexts({ own: { clip_g: textG, clip_l: textL }, rest: textG }, warn),
    withEncoders: (changed) => {
      const replaced = ({ encoder, rule }: Part): Part => ({
        encoder: encoder && (changed.find(({ kind }) => kind === rule.kind) ?? encoder),
        rule,
      });
      return clipOf(options, parts.map(replaced), stopAt);
    },
    withPadding: (padding) =>
      clipOf({ ...options, padding: { ...options.padding, ...padding } }, parts, stopAt),
    withLastLayer: (stop) => {
      if (Number.isInteger(stop) && stop < 0) return clipOf(options, parts, stop);
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: `stop_at_clip_layer is ${stop}; layers are counted from the end: -1, -2, …`,
        hint: 'Use -1 for the last layer, -2 for the one before it.',
        input: 'stop_at_clip_layer',
      });
    },
  };
}

/** Throws DR_INPUT_INVALID unless the family has an encoder for each text. */
function checkTexts(family: ClipFamily, parts: readonly Part[], own: PromptTexts['own']): void {
  const kinds = Object.keys(own);
  const missing = kinds.filter((kind) => !parts.some(({ rule }) => rule.kind === kind));
  if (missing.length === 0) return;
  const isPair = kinds.length === 2 && 'clip_g' in own && 'clip_l' in own;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: isPair
      ? `a pair of prompts needs the two text encoders of SDXL; this CLIP is of the ${family} family`
      : `this CLIP is of the ${family} family, which has no ${missing.join(' and no ')} text encoder`,
    hint: isPair
      ? 'Use CLIPTextEncode, or CLIPTextEncodeSDXLRefiner for the refiner.'
      : 'Use CLIPTextEncode, or load the text encoders that this node has prompts for.',
    input: 'clip',
  });
}

/** Pads all prompts in chunks with empty chunks to the length of the longest. */
function padToLongest(parts: readonly Part[], prompts: readonly Chunk[][]): void {
  const inChunks = parts.flatMap((part, i) =>
    'chunkPad' in part.rule.tokens
      ? { chunks: prompts[i], pad: part.rule.tokens.chunkPad, length: chunkLength(part) }
      : [],
  );
  const longest = Math.max(0, ...inChunks.map(({ chunks }) => chunks.length));
  for (const { chunks, pad, length } of inChunks)
    while (chunks.length < longest) chunks.push(emptyChunk({ pad, length }));
}
