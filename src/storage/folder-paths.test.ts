import { expect, it } from 'vitest';
import { isAtOrUnder, parseAnnotatedName } from './folder-paths.ts';

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

it.each([
  ['/models', '/models', true],
  ['/models/loras/a.pt', '/models', true],
  ['/models2/a.pt', '/models', false],
  ['/models/a.pt', '/', true],
])('%s at or under %s: %s', (path, folder, expected) => {
  expect(isAtOrUnder(path, folder)).toBe(expected);
});
