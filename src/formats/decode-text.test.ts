import { expect, it } from 'vitest';
import { decodeText } from './decode-text.ts';

const swapped = (text: string) => Buffer.from(text, 'utf16le').swap16();

it.each([
  ['UTF-8', Buffer.from('é\n漢')],
  ['UTF-8 with a byte order mark', Buffer.from('\ufeffé\n漢')],
  ['UTF-16 little-endian', Buffer.from('\ufeffé\n漢', 'utf16le')],
  ['UTF-16 big-endian', swapped('\ufeffé\n漢')],
])('decodes %s', (_, bytes) => {
  expect(decodeText(bytes)).toEqual({ text: 'é\n漢' });
});

it.each([
  ['Latin-1 in line 3', Buffer.from('a\r\nb\nFüchse\n', 'latin1'), 3],
  ['a cut character at the end', Buffer.from('a\n漢').subarray(0, -1), 2],
  ['the first byte', Buffer.from([0xff, 0x41]), 1],
  ['half a UTF-16 surrogate', Buffer.from([0xff, 0xfe, 10, 0, 0, 0xd8, 65, 0]), 2],
])('returns the line of what is not valid: %s', (_, bytes, invalidLine) => {
  expect(decodeText(bytes).invalidLine).toBe(invalidLine);
});
