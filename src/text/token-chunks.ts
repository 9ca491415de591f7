// Tokenizes a prompt as ComfyUI's SDTokenizer does: weighted segments and embeddings become groups
// of tokens, which are packed into chunks of 77 = start + 75 + end. A group of fewer than 8 tokens
// is never split.
import { strip } from '../strip.ts';
import { type Bpe, clipBpe, END_TOKEN, START_TOKEN } from './clip-bpe.ts';
import { type EmbeddingLookup, embeddingVectors, type Warn } from './embeddings.ts';
import { parseWeights } from './prompt-weights.ts';
import { splitWords } from './python-string.ts';

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
  readonly warn?: Warn;
  readonly bpe?: Bpe;
}

const EMBEDDING = 'embedding:';
const EMBEDDING_SPLIT = /[ \n](?=embedding:)/;
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
  for (const { text, weight } of parseWeights(prompt)) {
    for (const piece of text.split(EMBEDDING_SPLIT)) {
      let rest = piece;
      if (piece.startsWith(EMBEDDING)) {
        const found = await findEmbedding(piece.slice(EMBEDDING.length), options);
        if (found.vectors) groups.push(found.vectors.map((value) => ({ value, weight })));
        rest = found.rest;
      }
      if (rest !== '') groups.push(bpe.encode(rest).map((value) => ({ value, weight })));
    }
  }
  return groups;
}

/**
 * Looks up the name at the beginning of `text`, then the name without surrounding commas. The rest
 * of the text is tokenized in either case.
 */
async function findEmbedding(
  text: string,
  options: ChunkOptions,
): Promise<{ vectors?: Float32Array[]; rest: string }> {
  const warn: Warn = options.warn ?? (() => {});
  const [name, ...words] = splitWords(text);
  const rest = words.join(' ');
  if (name === undefined) {
    warn('an embedding without a name (embedding:) is left out of the prompt');
    return { rest };
  }
  const bare = strip(name, ',');
  const candidates = [{ name, rest }];
  if (bare !== name)
    candidates.push({ name: bare, rest: `${[...name].slice([...bare].length).join('')} ${rest}` });
  for (const candidate of candidates) {
    const embedding =
      candidate.name === '' ? undefined : await options.embeddings?.(candidate.name, warn);
    if (embedding)
      return {
        vectors: embeddingVectors(embedding, options.key, options.width),
        rest: candidate.rest,
      };
  }
  warn(`embedding:${bare} does not exist and is left out of the prompt`);
  return { rest: candidates.at(-1)!.rest };
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
