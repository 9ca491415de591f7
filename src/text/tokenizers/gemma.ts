// Gemma's tokenizer as ComfyUI uses it (spiece_tokenizer.py): the SentencePiece model in the file of
// the text encoder, and a token that ends a turn.
import { isPlainBpe, sentencePieceBpe } from './sentencepiece-bpe.ts';
import { readSentencePieceModel } from './sentencepiece-model.ts';
import { type Tokenizer, tokenSplitter } from './tokenizer.ts';

/** `<bos>` */
export const GEMMA_START = 2;

const splitAtTurns = tokenSplitter(new Map([['<end_of_turn>', 107]]));

/**
 * Creates the tokenizer from the bytes of a SentencePiece model; undefined for a model of another
 * kind than Gemma's. Throws RangeError for bytes that are not a model.
 */
export function gemmaTokenizer(bytes: Uint8Array): Tokenizer | undefined {
  const model = readSentencePieceModel(bytes);
  if (!isPlainBpe(model) || model.addsSpace) return undefined;
  const { encode } = sentencePieceBpe(model);
  return {
    encode: (text) => {
      const pieces = splitAtTurns(text);
      const ids = pieces.flatMap((piece) =>
        typeof piece === 'number' ? piece : encode(piece.text),
      );
      // the original removes the first token as the start token, which such texts do not have
      return pieces.some((piece) => typeof piece === 'number') ? ids.slice(1) : ids;
    },
  };
}
