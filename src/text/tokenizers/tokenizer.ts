// What turns a text into the token ids of a text encoder.

export interface Tokenizer {
  /** The token ids of a text, without start and end token. */
  encode(text: string): number[];
}

/** Replaces halves of surrogate pairs, which have no bytes in UTF-8. */
export const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, '\ufffd');

/** A text between tokens; `first` is true at the beginning of the whole text. */
export interface TextPiece {
  readonly text: string;
  readonly first: boolean;
}

/**
 * Returns a function that divides texts at the tokens of a table, the longest first: it returns the
 * ids of those, and the texts between them, none of which is empty.
 */
export function tokenSplitter(
  tokens: ReadonlyMap<string, number>,
): (text: string) => (number | TextPiece)[] {
  const escaped = [...tokens.keys()]
    .sort((a, b) => b.length - a.length)
    .map((token) => token.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  const pattern = tokens.size > 0 ? new RegExp(`(${escaped.join('|')})`, 'u') : undefined;
  const piecesOf = (text: string): string[] => (pattern ? text.split(pattern) : [text]);
  return (text) =>
    piecesOf(text).flatMap(
      (piece, i) => tokens.get(piece) ?? (piece === '' ? [] : { text: piece, first: i === 0 }),
    );
}
