// Decodes text files: UTF-8, with or without a byte order mark, and UTF-16 with one.

export interface DecodedText {
  /** The text without its byte order mark; U+FFFD replaces what is not valid. */
  readonly text: string;
  /** The line of the first byte that is not valid, from 1. */
  readonly invalidLine?: number;
}

/** Decodes a text file. Files without a byte order mark are read as UTF-8. */
export function decodeText(bytes: Uint8Array): DecodedText {
  const encoding = encodingOf(bytes);
  const text = new TextDecoder(encoding).decode(bytes);
  if (isValid(bytes, encoding)) return { text };
  return { text, invalidLine: firstInvalidLine(bytes, encoding) };
}

/** The encoding that the byte order mark names, else UTF-8. */
function encodingOf([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}

function isValid(bytes: Uint8Array, encoding: string, stream = false): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream });
    return true;
  } catch {
    return false;
  }
}

/** Halves the bytes until the shortest beginning that is not valid is found. */
function firstInvalidLine(bytes: Uint8Array, encoding: string): number {
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (isValid(bytes.subarray(0, middle), encoding, true)) valid = middle;
    else invalid = middle;
  }
  const before = new TextDecoder(encoding).decode(bytes.subarray(0, valid));
  return before.split(/\r\n|\r|\n/).length;
}
