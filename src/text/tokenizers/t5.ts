// T5's tokenizer (Raffel et al. 2020): a SentencePiece unigram model by the rules of transformers'
// T5TokenizerFast, read from its tokenizer.json (Apache-2.0).
import { packagedText } from '../packaged-text.ts';
import { charsmap } from './charsmap.ts';
import { type Tokenizer, tokenSplitter, wellFormed } from './tokenizer.ts';
import { unigram } from './unigram.ts';

/** `</s>` */
export const T5_END = 1;

/** Stands for a space in the vocabulary. */
const SPACE = '▁';

interface TokenizerFile {
  readonly added_tokens: readonly { readonly id: number; readonly content: string }[];
  readonly normalizer: {
    readonly normalizers: readonly { readonly precompiled_charsmap?: string }[];
  };
  readonly model: {
    readonly unk_id: number;
    readonly vocab: readonly (readonly [string, number])[];
  };
}

function createT5Tokenizer({ added_tokens, normalizer, model }: TokenizerFile): Tokenizer {
  const split = tokenSplitter(new Map(added_tokens.map(({ content, id }) => [content, id])));
  const normalise = charsmap(
    Buffer.from(normalizer.normalizers[0].precompiled_charsmap!, 'base64'),
  );
  const encodeWord = unigram(model.vocab, model.unk_id);
  const encodePiece = (text: string, isFirst: boolean): number[] => {
    const normal = trimEnd(normalise(text)).replace(/ +/g, SPACE);
    if (normal === '') return [];
    const prefixed = isFirst && !normal.startsWith(SPACE) ? SPACE + normal : normal;
    return (prefixed.match(/▁[^▁]*|[^▁]+/g) ?? []).flatMap(encodeWord);
  };
  return {
    encode: (text) =>
      split(wellFormed(text)).flatMap((piece) =>
        typeof piece === 'number' ? piece : encodePiece(piece.text, piece.first),
      ),
  };
}

/** Removes Unicode's white space at the end, which JavaScript's trimEnd does not know entirely. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && /\p{White_Space}/u.test(text[end - 1])) end--;
  return text.slice(0, end);
}

let shared: Tokenizer | undefined;

/**
 * The tokenizer of the packaged vocabulary, created once. Throws DR_FILE_MISSING if the package
 * lacks it.
 */
export function t5Tokenizer(): Tokenizer {
  shared ??= createT5Tokenizer(JSON.parse(packagedText('t5/tokenizer.json.br')));
  return shared;
}
