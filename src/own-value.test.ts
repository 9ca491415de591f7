import { expect, it } from 'vitest';
import { ownValue } from './own-value.ts';

it('finds only what a table itself has', () => {
  const table = { png: 'image/png' };
  expect(ownValue(table, 'png')).toBe('image/png');
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
    expect(ownValue(table, name)).toBeUndefined();
});
