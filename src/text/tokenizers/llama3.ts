// The byte-level BPE of Llama 3 (Grattafiori et al. 2024; comfy/text_encoders/hunyuan_video.py,
// LLAMA3Tokenizer), with the tokens that LLaVA adds.
import { byteOrder } from '../byte-pairs.ts';
import { packagedText } from '../packaged-text.ts';
import { bytePairTokenizer } from './byte-pair-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

/** `<|begin_of_text|>`: the first special token. */
export const LLAMA3_START = 128_000;
/** `<|eot_id|>`, which pads prompts. */
export const LLAMA3_PAD = 128_009;

/** Special tokens by how far they are behind the first one; the others are reserved. */
const NAMED: Readonly<Record<number, string>> = {
  0: '<|begin_of_text|>',
  1: '<|end_of_text|>',
  6: '<|start_header_id|>',
  7: '<|end_header_id|>',
  9: '<|eot_id|>',
  256: '<unk>',
  257: '<image>',
  258: '<pad>',
};
const SPECIALS = 259;

function specialTokens(): Map<string, number> {
  const tokens = new Map<string, number>();
  let reserved = 0;
  for (let i = 0; i < SPECIALS; i++)
    tokens.set(NAMED[i] ?? `<|reserved_special_token_${reserved++}|>`, LLAMA3_START + i);
  return tokens;
}

function createTokenizer(lines: readonly string[]): Tokenizer {
  const { symbols, tokens } = byteOrder();
  const byteOf = new Map(Array.from(tokens, (token, byte) => [symbols[token], byte]));
  const bytes = (line: string): string =>
    Array.from(line, (symbol) => String.fromCharCode(byteOf.get(symbol)!)).join('');
  return bytePairTokenizer(new Map(lines.map((line, id) => [bytes(line), id])), specialTokens());
}

let shared: Tokenizer | undefined;

/**
 * The tokenizer of the packaged vocabulary, created once. Throws DR_FILE_MISSING if the package
 * lacks it.
 */
export function llama3Tokenizer(): Tokenizer {
  shared ??= createTokenizer(packagedText('llama3/tokens.txt.br').split('\n'));
  return shared;
}
