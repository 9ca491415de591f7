// Packs the tokens of a prompt into CLIP's chunks of 77 = start + 75 + end, as ComfyUI's SDTokenizer
// does. A group of fewer than 8 tokens is never split.
import { clipBpe, END_TOKEN, START_TOKEN } from './clip-bpe.ts';
import {
  type Chunk,
  type Group,
  type GroupOptions,
  plainToken,
  type Token,
  tokenGroups,
} from './token-groups.ts';

export interface ChunkOptions extends Omit<GroupOptions, 'tokenizer'> {
  /** CLIP's by default. */
  readonly tokenizer?: GroupOptions['tokenizer'];
  /**
   * The token that fills a chunk after its end token: 49407 for CLIP-L, 0 for CLIP-G and CLIP-H.
   */
  readonly pad: number;
  /** The number of tokens in a chunk. */
  readonly length: number;
}

const SPLIT_FROM = 8;

/** Tokenizes a prompt into one or more chunks of `length` tokens. */
export async function tokenize(prompt: string, options: ChunkOptions): Promise<Chunk[]> {
  return pack(await tokenGroups(prompt, { tokenizer: clipBpe(), ...options }), options);
}

/** The chunk of an empty prompt: start, end, padding. */
export const emptyChunk = (options: Pick<ChunkOptions, 'pad' | 'length'>): Chunk =>
  pack([], options)[0];

/** Packs groups of tokens into chunks. */
function pack(
  groups: readonly Group[],
  { pad, length }: Pick<ChunkOptions, 'pad' | 'length'>,
): Chunk[] {
  const chunks: Token[][] = [];
  let chunk = [plainToken(START_TOKEN)];
  const close = () => {
    chunk.push(plainToken(END_TOKEN));
    while (chunk.length < length) chunk.push(plainToken(pad));
    chunks.push(chunk);
    chunk = [plainToken(START_TOKEN)];
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
