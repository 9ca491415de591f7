// CLIP's byte-pair encoding (Sennrich et al. 2016; OpenAI CLIP, MIT). The merges determine the
// vocabulary: 256 bytes, 256 bytes that end a word, one token per merge, the start and the end
// token. The file of merges is read on first use.
import { byteOrder, mergeTokens, readMerges } from './byte-pairs.ts';
import { normalise } from './normalise.ts';
import { packagedText } from './packaged-text.ts';

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
  const lines = merges.split('\n').slice(0, MERGES + 1);
  const { symbols, tokens } = byteOrder();
  const bytes = new Map<string, number>();
  for (const [id, symbol] of symbols.entries())
    bytes.set(symbol, id).set(`${symbol}</w>`, id + WORD_END);
  const { joined, ids } = readMerges(lines.join('\n'), bytes, FIRST_MERGE);
  if (joined.size !== MERGES || ids.size !== START_TOKEN)
    throw new Error(`internal: ${ids.size} tokens from ${joined.size} merges`);

  const encodeWord = (word: string): number[] => {
    const special = SPECIAL.get(word);
    if (special !== undefined) return [special];
    const parts = Array.from(Buffer.from(word, 'utf8'), (byte) => tokens[byte]);
    parts[parts.length - 1] += WORD_END;
    return mergeTokens(parts, joined);
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

let shared: Bpe | undefined;

/**
 * The tokenizer of the packaged merges, created once. Throws DR_FILE_MISSING if the package lacks
 * them.
 */
export function clipBpe(): Bpe {
  shared ??= createBpe(packagedText('clip-bpe/merges.txt.gz'));
  return shared;
}
