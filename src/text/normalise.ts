// Cleans text before CLIP's byte-pair encoding, as the slow CLIPTokenizer of transformers 4 does
// without ftfy (BERT's basic tokenizer, accents kept): control characters dropped, ideographs
// separated, NFC, one space between words, lower case.
import { splitWords } from '../python-space.ts';

/**
 * Control, format, private, surrogate and unassigned characters, and the replacement character.
 * Tabs and line ends become spaces instead.
 */
const DROPPED = /(?![\t\n\r])[\p{C}\ufffd]/gu;
const BLANK = /[\t\n\r\p{Zs}]/gu;
const IDEOGRAPH_RANGES = [
  String.raw`\u4e00-\u9fff`,
  String.raw`\u3400-\u4dbf`,
  String.raw`\u{20000}-\u{2a6df}`,
  String.raw`\u{2a700}-\u{2b73f}`,
  String.raw`\u{2b740}-\u{2b81f}`,
  String.raw`\u{2b820}-\u{2ceaf}`,
  String.raw`\uf900-\ufaff`,
  String.raw`\u{2f800}-\u{2fa1f}`,
];
const IDEOGRAPH = new RegExp(`[${IDEOGRAPH_RANGES.join('')}]`, 'gu');

/** A part of a prompt as lower-case words with one space between them. */
export function normalise(text: string): string {
  const spaced = text
    .replace(DROPPED, '')
    .replace(BLANK, ' ')
    .replace(IDEOGRAPH, ' $& ')
    .normalize('NFC');
  return splitWords(spaced)
    .map((word) => word.toLowerCase())
    .join(' ');
}
