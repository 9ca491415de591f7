import { expect, it } from 'vitest';
import { quotedParts } from './quoted-parts.ts';

// comfy.text_encoders.longcat_image.split_quotation(prompt)
it.each<[string, [string, boolean][]]>([
  ['', []],
  ['a cat', [['a cat', false]]],
  [
    "a sign 'OPEN' here",
    [
      ['a sign ', false],
      ["'OPEN'", true],
      [' here', false],
    ],
  ],
  [
    "it's a “b” c",
    [
      ["it's a ", false],
      ['“b”', true],
      [' c', false],
    ],
  ],
  [
    "a'b'c' d",
    [
      ["a'b", false],
      ["'c'", true],
      [' d', false],
    ],
  ],
  ["'tis don't", [["'tis don't", true]]],
  ['one " two', [['one " two', false]]],
])('divides %j', (prompt, parts) => {
  expect(quotedParts(prompt).map(({ text, isQuoted }) => [text, isQuoted])).toEqual(parts);
});
