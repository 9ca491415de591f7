// Mistral's byte-level BPE, whose vocabulary (tekken.json) travels in the file of the text encoder
// (comfy/text_encoders/bpe_tokenizer.py from_tekken_json). It lists tokens alone: two of them merge
// where their bytes together are a token, that of the lowest id first.
import { mergePairs, pairKey } from '../byte-pairs.ts';
import { wordPattern } from './qwen.ts';
import { type Tokenizer, tokenSplitter, wellFormed } from './tokenizer.ts';

interface Tekken {
  readonly config: {
    readonly default_vocab_size: number;
    readonly default_num_special_tokens: number;
  };
  readonly vocab: readonly { readonly rank: number; readonly token_bytes: string }[];
  readonly special_tokens: readonly {
    readonly rank: number;
    readonly token_str?: string;
    readonly token_bytes?: string;
  }[];
}

/** `<s>` */
export const TEKKEN_START = 1;

/** The most digits of a word. */
const MAX_DIGITS = 3;
/** Sticky: every character belongs to a word. */
const WORD = wordPattern(MAX_DIGITS);

/**
 * Returns the tokenizer of a vocabulary, the bytes of a tekken.json. Throws RangeError if they are
 * none.
 */
export function tekkenTokenizer(bytes: Uint8Array): Tokenizer {
  const { config, vocab, special_tokens: special } = parsed(bytes);
  const first = config.default_num_special_tokens;
  const ids = new Map<string, number>();
  for (const { rank, token_bytes } of vocab)
    if (rank < config.default_vocab_size - first) ids.set(latin1(token_bytes), rank + first);
  const missing = Array.from({ length: 256 }, (_, byte) => byte).find(
    (byte) => !ids.has(String.fromCharCode(byte)),
  );
  if (missing !== undefined) throw new RangeError(`no token of the byte ${missing}`);
  const merges = mergesOf(ids);
  const split = tokenSplitter(
    new Map(
      special.map(({ rank, token_str, token_bytes = '' }) => [
        token_str ?? Buffer.from(token_bytes, 'base64').toString('utf8'),
        rank,
      ]),
    ),
  );
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

const latin1 = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1');

function parsed(bytes: Uint8Array): Tekken {
  try {
    const found = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Tekken>;
    const { config, vocab, special_tokens } = found;
    if (config && Array.isArray(vocab) && Array.isArray(special_tokens)) return found as Tekken;
  } catch (error) {
    throw new RangeError('no JSON', { cause: error });
  }
  throw new RangeError('no vocabulary of tekken');
}
