// The tokenizer of Pile-T5 (EleutherAI 2024), which is that of Llama 2: a SentencePiece model of byte
// pairs, packaged as ComfyUI ships it (assets/pile-t5).
import { packagedBytes } from '../packaged-text.ts';
import { sentencePieceBpe } from './sentencepiece-bpe.ts';
import { readSentencePieceModel } from './sentencepiece-model.ts';
import type { Tokenizer } from './tokenizer.ts';

/** `</s>` */
export const PILE_T5_END = 2;
/** `<s>`, which pads prompts. */
export const PILE_T5_PAD = 1;

let shared: Tokenizer | undefined;

/**
 * The tokenizer of the packaged vocabulary, created once. Throws DR_FILE_MISSING if the package
 * lacks it.
 */
export function pileT5Tokenizer(): Tokenizer {
  shared ??= sentencePieceBpe(readSentencePieceModel(packagedBytes('pile-t5/tokenizer.model.br')));
  return shared;
}
