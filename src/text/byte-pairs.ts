// Byte-pair encoding (Sennrich et al. 2016): the merging of a word's symbols, and the vocabularies
// of bytes that are written as printable characters (GPT-2).
import { SmallestFirst } from './smallest-first.ts';

/** More than the symbols of any word; a rank times this is still an exact number. */
const MAX_WORD = 2 ** 32;
/** More than the tokens of any vocabulary. */
const MAX_ID = 2 ** 20;

/** A pair of tokens as one map key. */
export const pairKey = (left: number, right: number): number => left * MAX_ID + right;

interface ByteOrder {
  /** The character for each token 0..255 in the file of merges. */
  readonly symbols: readonly string[];
  /** The token of each byte. */
  readonly tokens: Uint8Array;
}

/** Printable Latin-1 bytes come first, as themselves; the others follow as U+0100 and up. */
export function byteOrder(): ByteOrder {
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

/**
 * Applies merges to the symbols of a word: always the one of the lowest rank that applies anywhere,
 * from left to right. `rankOf` returns the rank of the merge of two symbols, undefined where there
 * is none; `join` what they become. Changes `parts`.
 */
export function mergePairs<T>(
  parts: T[],
  rankOf: (left: T, right: T) => number | undefined,
  join: (left: T, right: T, rank: number) => T,
): T[] {
  const { length } = parts;
  const isMerged = new Uint8Array(length);
  const next = Array.from(parts, (_, i) => i + 1);
  const previous = Array.from(parts, (_, i) => i - 1);
  const queue = new SmallestFirst();
  const rankAt = (left: number): number | undefined => rankOf(parts[left], parts[next[left]]);
  const offer = (left: number): void => {
    const rank = left < 0 || next[left] >= length ? undefined : rankAt(left);
    if (rank !== undefined) queue.add(rank * MAX_WORD + left);
  };
  for (let i = 0; i + 1 < length; i++) offer(i);
  for (let entry = queue.take(); entry !== undefined; entry = queue.take()) {
    const left = entry % MAX_WORD;
    const rank = (entry - left) / MAX_WORD;
    // a merge that another one made impossible
    if (isMerged[left] || next[left] >= length || rankAt(left) !== rank) continue;
    const right = next[left];
    parts[left] = join(parts[left], parts[right], rank);
    isMerged[right] = 1;
    next[left] = next[right];
    if (next[left] < length) previous[next[left]] = left;
    offer(previous[left]);
    offer(left);
  }
  return parts.filter((_, i) => !isMerged[i]);
}

/**
 * Returns the merges in the text of a file (a version line, then two symbols a line) by pairKey,
 * and the token ids of all symbols in it. `bytes`: the ids of the symbols before the first merge,
 * whose result has the id `firstMerge`.
 */
export function readMerges(
  text: string,
  bytes: Map<string, number>,
  firstMerge: number,
): { readonly joined: ReadonlyMap<number, number>; readonly ids: ReadonlyMap<string, number> } {
  const joined = new Map<number, number>();
  const lines = text.split('\n').filter((line, i) => i > 0 && line !== '');
  for (const [rank, line] of lines.entries()) {
    const [left, right] = line.split(' ');
    joined.set(pairKey(bytes.get(left)!, bytes.get(right)!), firstMerge + rank);
    bytes.set(left + right, firstMerge + rank);
  }
  return { joined, ids: bytes };
}

/** Merges tokens by the merges that readMerges returns. Changes `parts`. */
export const mergeTokens = (parts: number[], joined: ReadonlyMap<number, number>): number[] =>
  mergePairs(
    parts,
    (left, right) => joined.get(pairKey(left, right)),
    (_left, _right, id) => id,
  );
