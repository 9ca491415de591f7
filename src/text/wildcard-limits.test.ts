// Texts that took quadratic to exponential time, and those that have no end.
import { describe, expect, it } from 'vitest';
import { hasWildcards, populateWildcards } from './wildcards.ts';

const LISTS = new Map<string, readonly string[]>([
  ['colors', ['red', 'green']],
  ['people/hair', ['long', 'short']],
  ['itself', ['__itself__']],
  ['doubled', ['__doubled__ __doubled__']],
  ['group', ['{1$$__group__}']],
  ['many', Array.from({ length: 20_000 }, (_, i) => `item ${i}`)],
]);
const populate = (text: string): string => populateWildcards(text, 1, LISTS);

describe('wildcards in long texts', () => {
  it('replaces many names', () => {
    expect(populate('__colors__ '.repeat(50_000))).toMatch(/^((red|green) ){50000}$/);
    expect(populate('{20000#__colors__}')).toMatch(/^(red|green)$/);
    expect(populate('{20000$$__many__}').split(' ')).toHaveLength(40_000);
  });

  it('searches many names in all folders', () => {
    expect(populate('900#__hair__')).toMatch(/^((long|short)\|?){900}$/);
    expect(populate('1000#__missing__')).toBe(Array(1000).fill('__*/missing__').join('|'));
    expect(() => populate('1001#__missing__')).toThrow(/more than 1000 names of lists that do not/);
    const names = Array.from({ length: 30 }, (_, i) => `__missing${i}__`).join(' ');
    expect(populate(`{1$$${names}}`)).toBe('');
  });

  it('matches names of many stars', () => {
    expect(populate(`__${'*'.repeat(60)}x__`)).toBe(`__${'*'.repeat(60)}x__`);
    expect(populate(`__${'*o'.repeat(2)}${'*'.repeat(60)}rs__`)).toMatch(/^(red|green)$/);
    expect(populate(`__${'c+'.repeat(30)}__ 2#__${'c+'.repeat(30)}x__`)).toContain('2#__');
  });

  it('replaces nested groups, and reads texts without an end once', () => {
    expect(populate(`${'{'.repeat(4000)}a${'}'.repeat(4000)}`)).toBe('a');
    for (const text of ['{', '\\{', '{\\}', '{\\{', '__/a', '1', '1#', '\n', '-1.'])
      expect(populate(text.repeat(100_000)).length).toBeGreaterThanOrEqual(100_000);
    expect(hasWildcards('\n'.repeat(200_000))).toBe(false);
    expect(populate(`{${'1'.repeat(200_000)}x::a}`)).toContain('x::a');
  });
});

describe('wildcards without an end', () => {
  it('stops after 99 rounds, as the original does', () => {
    expect(populate('__itself__')).toBe('__itself__');
  });

  it('refuses texts that grow too long or take too many steps', () => {
    expect(() => populate('__doubled__')).toThrow(/too many steps/);
    expect(() => populate('{__group__}')).toThrow(
      'the wildcards of the text take too many steps to replace',
    );
    expect(() => populate('100000#__people/hair__')).toThrow(
      'the wildcards of the text expand to more than 1048576 characters',
    );
    expect(() => populate('_'.repeat(100_000))).toThrow(/too many steps/);
    const names = Array.from({ length: 12 }, () => '__hair__').join(' ');
    expect(populate(`{1$$${names}}`)).toBe('');
  });
});

it('chooses by numbers of any size below 2^63, as NumPy does', () => {
  // every option is chosen when the number is above theirs
  expect(populate('{100000000000000000$$a}')).toBe('a');
  expect(populate('{100000000000000000-100000000000000001$$a}')).toBe('a');
  expect(() => populate('{99999999999999999999$$a|b}')).toThrow('before $$ is too large');
  expect(populate(`{1-${'9'.repeat(400)}$$a|b}`)).toMatch(/^[ab]( [ab])?$/);
});
