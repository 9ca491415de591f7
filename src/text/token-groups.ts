// Divides a prompt into groups of tokens as ComfyUI's SDTokenizer does: a group is a segment of the
// text with one weight, or the vectors of an embedding (textual inversion).

import type { Tensor } from '../tensor/tensor.ts';
import {
  EMBEDDING,
  type EndsAtBrackets,
  embeddingAt,
  possibleNames,
  splitAtEmbeddings,
  withoutCommas,
} from './embedding-names.ts';
import { type EmbeddingLookup, embeddingVectors, type Warn } from './embeddings.ts';
import { parseWeights, type WeightedText, withoutWeights } from './prompt-weights.ts';
import type { Tokenizer } from './tokenizers/tokenizer.ts';

/** A token id, or a vector of an embedding (textual inversion). */
export type TokenValue = number | Float32Array;

export interface Token {
  readonly value: TokenValue;
  readonly weight: number;
  /** The number of the group that the token is from, from 1; 0 for start, end and padding. */
  readonly word: number;
  /** Of the first token of an image: how many rows and columns follow, and what else is seen. */
  readonly image?: {
    readonly rows: number;
    readonly columns: number;
    readonly deepstack?: readonly Tensor[];
  };
}

/** The tokens of one evaluation of an encoder. */
export type Chunk = readonly Token[];
export type Group = readonly { readonly value: TokenValue; readonly weight: number }[];

/** A token of no group: start, end, padding. */
export const plainToken = (value: number): Token => ({ value, weight: 1, word: 0 });

export interface GroupOptions {
  readonly tokenizer: Pick<Tokenizer, 'encode'>;
  /** The key of the encoder in embedding files. */
  readonly key: string;
  /** The length of the encoder's vectors, to choose from embedding files with several kinds. */
  readonly width?: number;
  /** Whether parentheses in the prompt are weights; true by default. */
  readonly isWeighted?: boolean;
  /** Whether `embedding:name` names an embedding; true by default. */
  readonly takesEmbeddings?: boolean;
  readonly embeddings?: EmbeddingLookup;
  readonly endsAtBrackets?: EndsAtBrackets;
  readonly warn?: Warn;
}

/** Returns the groups of a prompt in order. Throws as parseWeights does. */
export async function tokenGroups(prompt: string, options: GroupOptions): Promise<Group[]> {
  const { tokenizer, isWeighted = true, takesEmbeddings = true, endsAtBrackets = false } = options;
  const groups: Group[] = [];
  for (const { text, weight } of piecesOf(prompt, endsAtBrackets, isWeighted)) {
    let rest = text;
    if (takesEmbeddings && text.startsWith(EMBEDDING)) {
      const found = await findEmbedding(text.slice(EMBEDDING.length), options);
      if (found.vectors) groups.push(found.vectors.map((value) => ({ value, weight })));
      rest = found.rest;
    }
    if (rest !== '') groups.push(tokenizer.encode(rest).map((value) => ({ value, weight })));
  }
  return groups;
}

/** Divides a prompt at its weights, and before each embedding. */
const piecesOf = (
  prompt: string,
  endsAtBrackets: EndsAtBrackets,
  isWeighted = true,
): WeightedText[] =>
  (isWeighted ? parseWeights(prompt) : [{ text: withoutWeights(prompt), weight: 1 }]).flatMap(
    ({ text, weight }) =>
      splitAtEmbeddings(text, endsAtBrackets).map((piece) => ({ text: piece, weight })),
  );

/**
 * Returns the names that each `embedding:` of a prompt may stand for, in any release of ComfyUI.
 * Throws as parseWeights does.
 */
export const embeddingNames = (prompt: string): (readonly string[])[] =>
  piecesOf(prompt, true)
    .filter(({ text }) => text.startsWith(EMBEDDING))
    .map(({ text }) => possibleNames(text.slice(EMBEDDING.length)))
    .filter((names) => names.length > 0);

/**
 * Looks up the name at the beginning of `text`. The rest of the text is tokenized in either case.
 */
async function findEmbedding(
  text: string,
  { embeddings, endsAtBrackets = false, key, width, warn = () => {} }: GroupOptions,
): Promise<{ vectors?: Float32Array[]; rest: string }> {
  const whole = embeddingAt(text, endsAtBrackets);
  const bare = whole && withoutCommas(whole);
  for (const found of [whole, bare]) {
    const embedding = found && (await embeddings?.(found.name, warn));
    if (embedding) return { vectors: embeddingVectors(embedding, key, width), rest: found.rest };
  }
  const { name, rest } = bare ?? whole ?? { name: '', rest: '' };
  warn(
    name === ''
      ? 'an embedding without a name (embedding:) is left out of the prompt'
      : `embedding:${name} does not exist and is left out of the prompt`,
  );
  return { rest };
}
