// The white space of Python's str.isspace() and str.split(). JavaScript's \s differs in
// U+001C..1F, U+0085 and U+FEFF.

/** The characters, for use inside the brackets of a regular expression. */
export const SPACE =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const SPACES = new RegExp(`[${SPACE}]+`, 'u');

/** text.split(): the words between white space. */
export const splitWords = (text: string): string[] =>
  text.split(SPACES).filter((word) => word !== '');
