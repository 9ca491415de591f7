// The byte-level BPE of Qwen2 to Qwen3 (transformers' Qwen2Tokenizer, Apache-2.0). The merges
// determine the vocabulary: 256 bytes, then one token per merge, then the added tokens.
import { byteOrder, mergeTokens, readMerges } from '../byte-pairs.ts';
import { packagedText } from '../packaged-text.ts';
import { type Tokenizer, tokenSplitter } from './tokenizer.ts';

const BYTES = 256;
/** `<|endoftext|>`: the first added token, which also pads prompts. */
export const QWEN_PAD = 151_643;

/** `<|im_start|>`, which begins a message. */
export const QWEN_MESSAGE = 151_644;
/** `<|im_end|>`, which ends it. */
export const QWEN_MESSAGE_END = 151_645;
/** `user` and the end of a line, as a message from the user begins. */
export const QWEN_USER: readonly number[] = [872, 198];
/** `<|image_pad|>`, in the place of an image. */
export const QWEN_IMAGE = 151_655;

/** In the order of their ids, from QWEN_PAD on. */
const ADDED = [
  '<|endoftext|>',
  '<|im_start|>',
  '<|im_end|>',
  '<|object_ref_start|>',
  '<|object_ref_end|>',
  '<|box_start|>',
  '<|box_end|>',
  '<|quad_start|>',
  '<|quad_end|>',
  '<|vision_start|>',
  '<|vision_end|>',
  '<|vision_pad|>',
  '<|image_pad|>',
  '<|video_pad|>',
  '<tool_call>',
  '</tool_call>',
  '<|fim_prefix|>',
  '<|fim_middle|>',
  '<|fim_suffix|>',
  '<|fim_pad|>',
  '<|repo_name|>',
  '<|file_sep|>',
  '<tool_response>',
  '</tool_response>',
  '<think>',
  '</think>',
];
const ADDED_IDS = new Map(ADDED.map((token, i) => [token, QWEN_PAD + i]));

/** White space for Python's regex module, without and with the ends of lines. */
const BLANK = String.raw`\t\v\f \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;
const SPACE = String.raw`${BLANK}\r\n`;
const words = (maxDigits: number): string[] => [
  // ſ is an s when case is ignored
  `'(?:[sSſtTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])`,
  String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`,
  String.raw`\p{N}{1,${maxDigits}}`,
  String.raw` ?[^${SPACE}\p{L}\p{N}]+[\r\n]*`,
  String.raw`(?:[${BLANK}]*[\r\n])+`,
  `[${SPACE}]+(?![^${SPACE}])`,
  `[${SPACE}]+`,
];
/** Returns what matches one word after another; every character belongs to one. */
export const wordPattern = (maxDigits: number): RegExp =>
  new RegExp(words(maxDigits).join('|'), 'guy');

const WORD = wordPattern(1);

function createQwenTokenizer(merges: string): Tokenizer {
  const { symbols, tokens } = byteOrder();
  const { joined } = readMerges(merges, new Map(symbols.map((symbol, id) => [symbol, id])), BYTES);
  if (joined.size !== QWEN_PAD - BYTES) throw new Error(`internal: ${joined.size} merges of Qwen`);
  const split = tokenSplitter(ADDED_IDS);
  const encodeWord = (word: string): number[] =>
    mergeTokens(
      Array.from(Buffer.from(word, 'utf8'), (byte) => tokens[byte]),
      joined,
    );
  return {
    encode: (text) =>
      split(text.normalize('NFC')).flatMap((piece) =>
        typeof piece === 'number' ? piece : (piece.text.match(WORD) ?? []).flatMap(encodeWord),
      ),
  };
}

let shared: Tokenizer | undefined;

/**
 * The tokenizer of the packaged merges, created once. Throws DR_FILE_MISSING if the package lacks
 * them.
 */
export function qwenTokenizer(): Tokenizer {
  shared ??= createQwenTokenizer(packagedText('qwen/merges.txt.br'));
  return shared;
}
