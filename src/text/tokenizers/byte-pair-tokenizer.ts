// Byte-level BPE of a vocabulary that lists tokens alone, as those of Mistral and Llama 3
// (comfy/text_encoders/bpe_tokenizer.py): two of them merge where their bytes together are a token,
// that of the lowest id first.
import { mergePairs, pairKey } from '../byte-pairs.ts';
import { wordPattern } from './qwen.ts';
import { type Tokenizer, tokenSplitter, wellFormed } from './tokenizer.ts';

/** The most digits of a word. */
const MAX_DIGITS = 3;
/** Sticky: every character belongs to a word. */
const WORD = wordPattern(MAX_DIGITS);

/**
 * Creates a tokenizer. `ids`: the tokens, whose bytes are the characters U+0000 to U+00FF; `special`:
 * texts that are tokens of their own. Throws RangeError for tokens that lack a byte.
 */
export function bytePairTokenizer(
  ids: ReadonlyMap<string, number>,
  special: ReadonlyMap<string, number>,
): Tokenizer {
  const missing = Array.from({ length: 256 }, (_, byte) => byte).find(
    (byte) => !ids.has(String.fromCharCode(byte)),
  );
  if (missing !== undefined) throw new RangeError(`no token of the byte ${missing}`);
  const merges = mergesOf(ids);
  const split = tokenSplitter(special);
  const encodeWord = (word: string): number[] =>
    mergePairs(
      Array.from(Buffer.from(word, 'utf8'), (byte) => ids.get(String.fromCharCode(byte))!),
      (left, right) => merges.get(pairKey(left, right))?.rank,
      (left, right) => merges.get(pairKey(left, right))!.id,
    );
  return {
    encode: (text) =>
      split(wellFormed(text)).flatMap((piece) =>
        typeof piece === 'number' ? piece : (piece.text.match(WORD) ?? []).flatMap(encodeWord),
      ),
  };
}

/** A merge of two tokens: its rank among all merges, and the token that they become. */
interface Merge {
  readonly rank: number;
  readonly id: number;
}

/**
 * Returns the merges by pairKey. Of the pairs that become one token, those of the lowest left and
 * then right token come first.
 */
function mergesOf(ids: ReadonlyMap<string, number>): ReadonlyMap<number, Merge> {
  const merges = new Map<number, Merge>();
  for (const [token, id] of [...ids].sort(([, a], [, b]) => a - b)) {
    const pairs = Array.from({ length: token.length - 1 }, (_, i) => [
      ids.get(token.slice(0, i + 1)),
      ids.get(token.slice(i + 1)),
    ]).filter((pair): pair is [number, number] => !pair.includes(undefined));
    pairs.sort(([a, b], [c, d]) => a - c || b - d);
    for (const [left, right] of pairs) merges.set(pairKey(left, right), { rank: merges.size, id });
  }
  return merges;
}
