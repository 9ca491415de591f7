// Tokenizes a prompt as ComfyUI's SDTokenizer does: weighted segments and embeddings become groups
// of tokens, which are packed into chunks of 77 = start + 75 + end. A group of fewer than 8 tokens
// is never split.
import { type Bpe, clipBpe, END_TOKEN, START_TOKEN } from './clip-bpe.ts';
import {
  EMBEDDING,
  type EndsAtBrackets,
  embeddingAt,
  possibleNames,
  splitAtEmbeddings,
  withoutCommas,
} from './embedding-names.ts';
import { type EmbeddingLookup, embeddingVectors, type Warn } from './embeddings.ts';
import { parseWeights, type WeightedText } from './prompt-weights.ts';

/** A token id, or a vector of an embedding (textual inversion). */
export type TokenValue = number | Float32Array;

export interface Token {
  readonly value: TokenValue;
  readonly weight: number;
  /** The number of the group that the token is from, from 1; 0 for start, end and padding. */
  readonly word: number;
}

export type Chunk = readonly Token[];
type Group = readonly { readonly value: TokenValue; readonly weight: number }[];

export interface ChunkOptions {
  /** The key of the encoder in embedding files. */
  readonly key: string;
  /**
   * The token that fills a chunk after its end token: 49407 for CLIP-L, 0 for CLIP-G and CLIP-H.
   */
  readonly pad: number;
  /** The number of tokens in a chunk. */
  readonly length: number;
  /** The length of the encoder's vectors, to choose from embedding files with several kinds. */
  readonly width?: number;
  readonly embeddings?: EmbeddingLookup;
  readonly endsAtBrackets?: EndsAtBrackets;
  readonly warn?: Warn;
  readonly bpe?: Bpe;
}

const SPLIT_FROM = 8;

/** Tokenizes a prompt into one or more chunks of `length` tokens. */
export async function tokenize(prompt: string, options: ChunkOptions): Promise<Chunk[]> {
  return pack(await groupsOf(prompt, options), options);
}

/** The chunk of an empty prompt: start, end, padding. */
export const emptyChunk = (options: Pick<ChunkOptions, 'pad' | 'length'>): Chunk =>
  pack([], options)[0];

async function groupsOf(prompt: string, options: ChunkOptions): Promise<Group[]> {
  const bpe = options.bpe ?? clipBpe();
  const groups: Group[] = [];
  for (const { text, weight } of piecesOf(prompt, options.endsAtBrackets ?? false)) {
    let rest = text;
    if (text.startsWith(EMBEDDING)) {
      const found = await findEmbedding(text.slice(EMBEDDING.length), options);
      if (found.vectors) groups.push(found.vectors.map((value) => ({ value, weight })));
      rest = found.rest;
    }
    if (rest !== '') groups.push(bpe.encode(rest).map((value) => ({ value, weight })));
  }
  return groups;
}

/** Divides a prompt at its weights, and before each embedding. */
const piecesOf = (prompt: string, endsAtBrackets: EndsAtBrackets): WeightedText[] =>
  parseWeights(prompt).flatMap(({ text, weight }) =>
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
  { embeddings, endsAtBrackets = false, key, width, warn = () => {} }: ChunkOptions,
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

/** Packs groups of tokens into chunks. */
function pack(
  groups: readonly Group[],
  { pad, length }: Pick<ChunkOptions, 'pad' | 'length'>,
): Chunk[] {
  const plain = (value: number): Token => ({ value, weight: 1, word: 0 });
  const chunks: Token[][] = [];
  let chunk = [plain(START_TOKEN)];
  const close = () => {
    chunk.push(plain(END_TOKEN));
    while (chunk.length < length) chunk.push(plain(pad));
    chunks.push(chunk);
    chunk = [plain(START_TOKEN)];
  };
  for (const [index, group] of groups.entries()) {
    let used = 0;
    const add = (end: number): void => {
      for (; used < end; used++) chunk.push({ ...group[used], word: index + 1 });
    };
    while (group.length - used + chunk.length > length - 1) {
      if (group.length >= SPLIT_FROM) add(used + length - 1 - chunk.length);
      close();
    }
    add(group.length);
  }
  close();
  return chunks;
}
