// The tokens of a prompt for one encoder of a family: chunks, or one sequence.
import type { EndsAtBrackets } from '../../text/embedding-names.ts';
import type { EmbeddingLookup, Warn } from '../../text/embeddings.ts';
import { emptyChunk, tokenize } from '../../text/token-chunks.ts';
import type { Chunk } from '../../text/token-groups.ts';
import { emptySequence, tokenizeSequence } from '../../text/token-sequences.ts';
import type { ChunkRule, PartRule, SequenceRule } from './families.ts';
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

/** Tokenizes a prompt for a part; a missing sequence encoder gets no tokens. */
export async function promptTokens(
  { embeddings, endsAtBrackets, warn, padding }: PromptOptions,
  part: Part,
  text: string,
): Promise<Chunk[]> {
  const { encoder, rule } = part;
  const common = { key: rule.kind, width: encoder?.width, embeddings, endsAtBrackets, warn };
  if ('chunkPad' in rule.tokens) {
    const { chunkPad } = rule.tokens;
    return tokenize(text, { ...common, pad: chunkPad, length: chunkLength(part) });
  }
  if (!encoder?.tokenizer) return [];
  const { template = ['', ''], templateMarks = [], ...sequence } = rule.tokens;
  const [before, after] = templateMarks.some((mark) => text.startsWith(mark)) ? ['', ''] : template;
  const tokenizer = await encoder.tokenizer();
  const options = { ...common, ...sequence, ...padding?.[rule.kind], tokenizer };
  return [await tokenizeSequence(before + text + after, options)];
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
