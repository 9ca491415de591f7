// The tokens of a prompt for one encoder of a family: chunks, or one sequence.
import { DarkroomError } from '../../errors.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { EndsAtBrackets } from '../../text/embedding-names.ts';
import type { EmbeddingLookup, Warn } from '../../text/embeddings.ts';
import { quotedParts } from '../../text/quoted-parts.ts';
import { emptyChunk, tokenize } from '../../text/token-chunks.ts';
import { type Chunk, plainToken, type Token } from '../../text/token-groups.ts';
import { emptySequence, tokenizeSequence } from '../../text/token-sequences.ts';
import type { Tokenizer } from '../../text/tokenizers/tokenizer.ts';
import type { ChunkRule, PartRule, SequenceRule, TokensBeside } from './family-rules.ts';
import type { EncoderKind, TextEncoder, TokenSlot } from './text-encoder.ts';

/** An encoder and how its family uses it; absent where the family can do without it. */
export interface Part {
  readonly encoder?: TextEncoder;
  readonly rule: PartRule;
}

/** How sequences are padded: see SequenceOptions. */
export interface Padding {
  readonly minPadding: number;
  readonly minLength: number;
}

export interface PromptOptions {
  readonly embeddings?: EmbeddingLookup;
  /** How prompts name embeddings; see EndsAtBrackets. */
  readonly endsAtBrackets?: EndsAtBrackets;
  readonly warn?: Warn;
  /** In place of the families' own padding. */
  readonly padding?: Partial<Record<EncoderKind, Padding>>;
}

/** Positions of CLIP's chunks, for encoders that are missing. */
const CHUNK_LENGTH = 77;

export const chunkLength = ({ encoder }: Part): number => encoder?.length ?? CHUNK_LENGTH;

/** The images of a prompt. */
export interface PromptImages {
  /** [1,H,W,3] each, in 0..1. */
  readonly images: readonly Tensor[];
  /** The text around the prompt, in place of the family's own. */
  readonly template?: readonly [before: string, after: string];
  /** The features contain the tokens of images even where the family leaves them out. */
  readonly areKept?: boolean;
}

/**
 * Tokenizes a prompt for a part; a missing sequence encoder gets no tokens. Images beyond the
 * places that the text has for them are left out, and so are all where the family sees none.
 */
export async function promptTokens(
  { embeddings, endsAtBrackets, warn, padding }: PromptOptions,
  part: Part,
  text: string,
  { images, template }: PromptImages = { images: [] },
): Promise<Chunk[]> {
  const { encoder, rule } = part;
  const common = { key: rule.kind, width: encoder?.width, embeddings, endsAtBrackets, warn };
  if ('chunkPad' in rule.tokens) {
    const { chunkPad } = rule.tokens;
    return tokenize(text, { ...common, pad: chunkPad, length: chunkLength(part) });
  }
  if (!encoder?.tokenizer) return [];
  const { template: own = ['', ''], imageTemplate, imageToken, ...rest } = rule.tokens;
  const { templateMarks = [], spelledLength, dropsWeights, ...sequence } = rest;
  const ofImages = images.length > 0 ? imageTemplate?.(images.length) : undefined;
  const around = template ?? ofImages ?? own;
  const [before, after] = templateMarks.some((mark) => text.startsWith(mark)) ? ['', ''] : around;
  const tokenizer = await encoder.tokenizer();
  const options = { ...common, ...sequence, ...padding?.[rule.kind], tokenizer };
  const tokens =
    spelledLength === undefined
      ? await tokenizeSequence(before + text + after, options)
      : [
          ...tokenizer.encode(before),
          ...spelledTokens(text, tokenizer, { length: spelledLength, pad: sequence.pad }),
          ...tokenizer.encode(after),
        ].map(plainToken);
  const weighted = dropsWeights ? tokens.map((token) => ({ ...token, weight: 1 })) : tokens;
  return [await withImages(weighted, encoder, images, imageToken)];
}

/**
 * Returns a prompt's tokens for a network that embeds them itself, ids and weights, [1,T,2]. Throws
 * DR_INPUT_INVALID for embeddings.
 */
export async function tokensBesideOf(
  { embeddings, endsAtBrackets, warn, padding }: PromptOptions,
  { kind, tokens: rule, tokenizer }: TokensBeside,
  text: string,
): Promise<Tensor> {
  const options = { key: kind, embeddings, endsAtBrackets, warn, ...rule, ...padding?.[kind] };
  const tokens = await tokenizeSequence(text, { ...options, tokenizer: tokenizer() });
  const numbers = tokens.flatMap(({ value, weight }) => {
    if (typeof value === 'number') return [value, weight];
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'the prompt names an embedding, and the model takes tokens only',
      hint: 'Remove `embedding:…` from the prompt.',
      input: 'text',
    });
  });
  return tensor([1, tokens.length, 2], Float32Array.from(numbers));
}

/** The tokens of a prompt whose quoted letters are tokenized alone, padded or cut to a length. */
function spelledTokens(
  text: string,
  { encode }: Tokenizer,
  { length, pad }: { readonly length: number; readonly pad: number },
): number[] {
  const tokens = quotedParts(text || ' ').flatMap((part) =>
    part.isQuoted ? [...part.text].flatMap((letter) => encode(letter)) : encode(part.text),
  );
  return Array.from({ length }, (_, i) => tokens[i] ?? pad);
}

/** Puts the tokens of images in the places of `imageToken`. */
async function withImages(
  tokens: Chunk,
  { imageTokens }: TextEncoder,
  images: readonly Tensor[],
  imageToken: number | undefined,
): Promise<Chunk> {
  if (images.length === 0 || !imageTokens) return tokens;
  const result: Token[] = [];
  let next = 0;
  for (const token of tokens) {
    if (token.value !== imageToken || next === images.length) {
      result.push(token);
      continue;
    }
    const { tokens: seen, ...image } = await imageTokens(images[next++]);
    const width = seen.shape[1];
    for (let i = 0; i < seen.shape[0]; i++) {
      const value = seen.data.subarray(i * width, (i + 1) * width);
      result.push({ ...token, value, ...(i === 0 && { image }) });
    }
  }
  return result;
}

/** The tokens that weights are relative to, as many as in `like`. */
export function emptyTokens(part: Part, tokens: ChunkRule | SequenceRule, length: number): Chunk {
  if ('chunkPad' in tokens) return emptyChunk({ pad: tokens.chunkPad, length: chunkLength(part) });
  const { start, end, pad, emptyIsPadding } = tokens;
  return emptySequence({ start, end: emptyIsPadding ? undefined : end, pad }, length);
}

/** Where tokens are attended to (1), and where padding is hidden (0): from the first pad token on. */
export function attentionMask(slots: readonly TokenSlot[], { end, pad }: SequenceRule): number[] {
  const last = end ?? pad;
  let isAtStart = slots[0] === pad;
  let hasEnded = false;
  return slots.map((slot) => {
    if (typeof slot !== 'number') return 1;
    const isHidden = hasEnded || (isAtStart && slot === pad);
    if (!isHidden) isAtStart = false;
    const ends = !hasEnded && slot === last && !isAtStart;
    hasEnded ||= ends;
    return isHidden || (ends && end === undefined) ? 0 : 1;
  });
}
