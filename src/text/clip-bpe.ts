// CLIP's byte-pair encoding (Sennrich et al. 2016; OpenAI CLIP, MIT). The merges determine the
// vocabulary: 256 bytes, 256 bytes that end a word, one token per merge, the start and the end
// token. The file of merges is read on first use.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { DarkroomError } from '../errors.ts';
import { normalise } from './normalise.ts';
import { SmallestFirst } from './smallest-first.ts';

const WORD_END = 256;
const FIRST_MERGE = 512;
const MERGES = 48894;
/** `<|startoftext|>` */
export const START_TOKEN = FIRST_MERGE + MERGES;
/** `<|endoftext|>` */
export const END_TOKEN = START_TOKEN + 1;

const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['<|startoftext|>', START_TOKEN],
  ['<|endoftext|>', END_TOKEN],
]);
const SPECIAL_SPLIT = /(<\|startoftext\|>|<\|endoftext\|>)/;
// Words as Python's regex module finds them when it ignores case: ſ counts as an s, and U+0345,
// which folds to a letter but is not one, belongs to no word.
const WORDS = [
  String.raw`<\|startoftext\|>`,
  String.raw`<\|endoftext\|>`,
  `'[sſtmd]`,
  `'(?:re|ve|ll)`,
  String.raw`\p{L}+`,
  String.raw`\p{N}`,
  String.raw`(?:(?!\u0345)[^\s\p{L}\p{N}])+`,
];
const WORD = new RegExp(WORDS.join('|'), 'gu');

/** More than the bytes of any word; an id times this is still an exact number. */
const MAX_WORD = 2 ** 32;
/** In place of a token that was merged with the one before it. */
const MERGED = -1;

/** A pair of tokens as one map key. */
const pairKey = (left: number, right: number): number => left * 65536 + right;

interface ByteOrder {
  /** The character for each token 0..255 in the merges file. */
  readonly symbols: readonly string[];
  /** The token of each byte. */
  readonly tokens: Uint8Array;
}

/** Printable Latin-1 bytes come first, as themselves; the others follow as U+0100 and up. */
function byteOrder(): ByteOrder {
  const printable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const visible = bytes.filter(printable);
  const others = bytes.filter((byte) => !printable(byte));
  const tokens = new Uint8Array(256);
  for (const [token, byte] of [...visible, ...others].entries()) tokens[byte] = token;
  const codes = [...visible, ...others.map((_, i) => 256 + i)];
  return { symbols: codes.map((code) => String.fromCodePoint(code)), tokens };
}

export interface Bpe {
  /** The token ids of a text, without start and end token. */
  encode(text: string): number[];
  /** Every token by id, written as in the merges file (`</w>` ends a word). */
  vocabulary(): string[];
}

/**
 * Creates the tokenizer from the text of a merges file: a version line, then 48894 lines of two
 * symbols.
 */
function createBpe(merges: string): Bpe {
  const lines = merges.split('\n').slice(1, MERGES + 1);
  const { symbols, tokens } = byteOrder();
  const ids = new Map<string, number>();
  for (const [id, symbol] of symbols.entries())
    ids.set(symbol, id).set(`${symbol}</w>`, id + WORD_END);
  const joined = new Map<number, number>();
  for (const [rank, line] of lines.entries()) {
    const [left, right] = line.split(' ');
    joined.set(pairKey(ids.get(left)!, ids.get(right)!), FIRST_MERGE + rank);
    ids.set(left + right, FIRST_MERGE + rank);
  }
  if (lines.length !== MERGES || ids.size !== START_TOKEN)
    throw new Error(`internal: ${ids.size} tokens from ${lines.length} merges`);

  const encodeWord = (word: string): number[] => {
    const special = SPECIAL.get(word);
    if (special !== undefined) return [special];
    const parts = Array.from(Buffer.from(word, 'utf8'), (byte) => tokens[byte]);
    parts[parts.length - 1] += WORD_END;
    return mergeAll(parts, joined);
  };
  return {
    encode: (text) =>
      text
        .split(SPECIAL_SPLIT)
        .flatMap(
          (piece) =>
            SPECIAL.get(piece) ??
            (normalise(piece).match(WORD) ?? []).flatMap((word) => encodeWord(word)),
        ),
    vocabulary: () => [
      ...[...ids].sort((a, b) => a[1] - b[1]).map(([token]) => token),
      ...SPECIAL.keys(),
    ],
  };
}

/**
 * Applies the merges to the tokens of a word: always the earliest one (the lowest id) that applies
 * anywhere, from left to right. Changes `parts`.
 */
function mergeAll(parts: number[], joined: ReadonlyMap<number, number>): number[] {
  const { length } = parts;
  const next = Array.from(parts, (_, i) => i + 1);
  const previous = Array.from(parts, (_, i) => i - 1);
  const queue = new SmallestFirst();
  const offer = (left: number): void => {
    const id = left < 0 || next[left] >= length ? undefined : joinedAt(left);
    if (id !== undefined) queue.add(id * MAX_WORD + left);
  };
  const joinedAt = (left: number): number | undefined =>
    joined.get(pairKey(parts[left], parts[next[left]]));
  for (let i = 0; i + 1 < length; i++) offer(i);
  for (let entry = queue.take(); entry !== undefined; entry = queue.take()) {
    const left = entry % MAX_WORD;
    const id = (entry - left) / MAX_WORD;
    // a merge that another one made impossible
    if (parts[left] < 0 || next[left] >= length || joinedAt(left) !== id) continue;
    const right = next[left];
    parts[left] = id;
    parts[right] = MERGED;
    next[left] = next[right];
    if (next[left] < length) previous[next[left]] = left;
    offer(previous[left]);
    offer(left);
  }
  return parts.filter((part) => part !== MERGED);
}

let shared: Bpe | undefined;

/**
 * The tokenizer of the packaged merges, created once. Throws DR_FILE_MISSING if the package lacks
 * them.
 */
export function clipBpe(): Bpe {
  if (shared) return shared;
  const file = fileURLToPath(new URL('../../assets/clip-bpe/merges.txt.gz', import.meta.url));
  try {
    shared = createBpe(gunzipSync(readFileSync(file)).toString('utf8'));
    return shared;
  } catch (cause) {
    throw new DarkroomError('DR_FILE_MISSING', {
      message: `the tokenizer's merges cannot be read from ${file}`,
      hint: 'Install the package again: its assets folder is incomplete.',
      file,
      cause,
    });
  }
}
