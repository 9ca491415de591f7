// Text as CLIP's byte-pair step gets it, cleaned as the slow CLIPTokenizer of transformers 4 does when ftfy is not installed
// (BERT's basic tokenizer, accents kept): controls dropped, ideographs set apart, NFC, one space between words, lower case.

/** What Python's str.split() and str.strip() take for white space (JavaScript's \s differs in U+001C..1F, U+0085 and U+FEFF). */
const SPACE =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const SPACES = new RegExp(`[${SPACE}]+`, 'u');
const OUTER_SPACES = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, 'gu');

/** Control, format, private, surrogate and unassigned characters, and the replacement character; tab and line ends are kept as spaces. */
const DROPPED = /(?![\t\n\r])[\p{C}\ufffd]/gu;
const BLANK = /[\t\n\r\p{Zs}]/gu;
const IDEOGRAPH =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

/** Python's `text.split()`: words between white space, none empty. */
export const splitWords = (text: string): string[] =>
  text.split(SPACES).filter((word) => word !== '');

/** Python's `text.strip()`. */
export const strip = (text: string): string => text.replace(OUTER_SPACES, '');

/** Cleans a piece of a prompt: lower-case words with one space between. */
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
