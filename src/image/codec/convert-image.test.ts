import { expect, it } from 'vitest';
import { formatOfName } from './convert-image.ts';

it.each([
  ['fox.png', 'png'],
  ['fox.JPG', 'jpeg'],
  ['a.b/fox.webp', 'webp'],
  ['fox', undefined],
  ['fox.tiff', undefined],
  ['fox.constructor', undefined],
])('%s is the name of a file of format %s', (name, format) => {
  expect(formatOfName(name)).toBe(format);
});
