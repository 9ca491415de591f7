// Tokenizes a prompt as ComfyUI's SDTokenizer does: weighted segments and embeddings become groups
// of tokens, which are packed into chunks of 77 = start + 75 + end. A group of fewer than 8 tokens
// is never split.
import { strip } from '../strip.ts';
import { type Bpe, clipBpe, END_TOKEN, START_TOKEN } from './clip-bpe.ts';
import { type EmbeddingLookup, embeddingVectors, type Warn } from './embeddings.ts';
import { parseWeights, type WeightedText } from './prompt-weights.ts';
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
  for (const { text, weight } of piecesOf(prompt)) {
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
const piecesOf = (prompt: string): WeightedText[] =>
  parseWeights(prompt).flatMap(({ text, weight }) =>
    text.split(EMBEDDING_SPLIT).map((piece) => ({ text: piece, weight })),
  );

/**
 * Returns the names that each `embedding:` of a prompt may stand for, in the order in which they are
 * looked up. Throws as parseWeights does.
 */
export const embeddingNames = (prompt: string): (readonly string[])[] =>
  piecesOf(prompt)
    .filter(({ text }) => text.startsWith(EMBEDDING))
    .map(({ text }) => candidatesIn(text.slice(EMBEDDING.length)).map(({ name }) => name))
    .filter((names) => names.length > 0);

/** A name that a text may begin with, and the text after it. */
interface Candidate {
  readonly name: string;
  readonly rest: string;
}

/**
 * The name at the beginning of a text, the name without surrounding commas, and both up to a `<` or
 * `[`, where newer versions of ComfyUI end names.
 */
function candidatesIn(text: string): Candidate[] {
  const [word, ...words] = splitWords(text);
  if (word === undefined) return [];
  const rest = words.join(' ');
  const cut = word.search(/[<[]/);
  const names: Candidate[] = [{ name: word, rest }];
  if (cut >= 0)
    names.push({ name: word.slice(0, cut), rest: word.slice(cut) + (rest && ` ${rest}`) });
  return names
    .flatMap(({ name, rest }): Candidate[] => {
      const bare = strip(name, ',');
      const commas = [...name].slice([...bare].length).join('');
      return bare === name
        ? [{ name, rest }]
        : [
            { name, rest },
            { name: bare, rest: `${commas} ${rest}` },
          ];
    })
    .filter(({ name }) => name !== '');
}

/**
 * Looks up the name at the beginning of `text`. The rest of the text is tokenized in either case.
 */
async function findEmbedding(
  text: string,
  options: ChunkOptions,
): Promise<{ vectors?: Float32Array[]; rest: string }> {
  const warn: Warn = options.warn ?? (() => {});
  const [word, ...words] = splitWords(text);
  if (word === undefined) {
    warn('an embedding without a name (embedding:) is left out of the prompt');
    return { rest: '' };
  }
  for (const { name, rest } of candidatesIn(text)) {
    const embedding = await options.embeddings?.(name, warn);
    if (embedding)
      return { vectors: embeddingVectors(embedding, options.key, options.width), rest };
  }
  const bare = strip(word, ',');
  warn(`embedding:${bare} does not exist and is left out of the prompt`);
  const rest = words.join(' ');
  return { rest: bare === word ? rest : `${[...word].slice([...bare].length).join('')} ${rest}` };
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
