import { expect, it } from 'vitest';
import { strip, stripEnd, stripStart } from './strip.ts';

it('removes characters from the ends only', () => {
  expect(stripStart('::a:b::', ':')).toBe('a:b::');
  expect(stripEnd('::a:b::', ':')).toBe('::a:b');
  expect(strip(',;a,b;,', ',;')).toBe('a,b');
  expect(strip('::::', ':')).toBe('');
  expect(strip('', ':')).toBe('');
});
