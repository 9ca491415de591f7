import { expect, it } from 'vitest';
import { parseAnnotatedName } from './folder-paths.ts';

it('separates the folder from a name', () => {
  expect(parseAnnotatedName('a b.png  [temp]')).toEqual({ name: 'a b.png', type: 'temp' });
  expect(parseAnnotatedName('[input]')).toEqual({ name: '', type: 'input' });
  expect(parseAnnotatedName('a [models]')).toEqual({ name: 'a [models]' });
  expect(parseAnnotatedName('a [temp] ')).toEqual({ name: 'a [temp] ' });
});

it('reads a name of many spaces in linear time', () => {
  const spaces = ' '.repeat(1_000_000);
  expect(parseAnnotatedName(`a${spaces}x`)).toEqual({ name: `a${spaces}x` });
  expect(parseAnnotatedName(`a${spaces}[output]`)).toEqual({ name: 'a', type: 'output' });
});
