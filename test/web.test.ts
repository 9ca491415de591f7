// The page's own modules without a browser: numbers that survive, what follows what, the frames of a job.
import { describe, expect, it } from 'vitest';

const load = (name: string) => import(new URL(`../web/${name}.js`, import.meta.url).href);
const { parse, print, number, shown } = await load('json');
const { changesOf, problemOf, reseeded } = await load('values');

describe('JSON of the page', () => {
  it('keeps every number as it was written', () => {
    for (const text of [
      '{"seed":18446744073709551615,"cfg":8.0,"n":[1,-0.5,1e5,0]}',
      '{"a":"18446744073709551615 \\" 8.0","b":null}',
      '[]',
    ])
      expect(print(parse(text))).toBe(text);
    expect(shown(parse('18446744073709551615'))).toBe('18446744073709551615');
    expect(shown(parse('8.0'))).toBe('8');
    expect([print(number(' 007 ')), print(number('4,5')), number('1e'), number('')]).toEqual([
      '7',
      '4.5',
      undefined,
      undefined,
    ]);
    // a text that looks like a kept number, but is none
    expect(print({ a: '\u0001 x' })).toBe('{"a":"\\u0001 x"}');
  });
});

describe('a field', () => {
  const seed = {
    id: '1',
    input: 'seed',
    label: 'Seed',
    kind: 'seed',
    value: 7,
    min: 0,
    max: parse('18446744073709551615'),
  };
  const prompt = {
    '1': { inputs: { seed: 7, steps: 20, end_at_step: 16 } },
    '2': { inputs: { seed: 9, steps: 20 } },
  };

  it('has limits, also beyond 2^53', () => {
    expect(problemOf(seed, '18446744073709551615')).toBeUndefined();
    expect(problemOf(seed, '18446744073709551616')).toBe('Give at most 18446744073709551615.');
    expect(problemOf(seed, '-1')).toBe('Give at least 0.');
    expect(problemOf(seed, '1.5')).toBe('Give a whole number.');
    expect(problemOf({ ...seed, kind: 'float', min: 0, max: 100 }, 'much')).toBe('Give a number.');
    expect(problemOf({ ...seed, kind: 'lines' }, 'much')).toBeUndefined();
  });

  it('takes others along', () => {
    const steps = { ...seed, input: 'steps', value: 20 };
    const followed = { ...seed, followers: [{ id: '2', input: 'seed', how: 'shift' }] };
    const text = (changes: unknown) => print(changes);
    expect(text(changesOf(prompt, followed, number('18446744073709551615')))).toBe(
      '[["1","seed",18446744073709551615],["2","seed",1]]',
    );
    const followers = [
      { id: '2', input: 'steps', how: 'same' },
      { id: '1', input: 'end_at_step', how: 'share' },
    ];
    expect(text(changesOf(prompt, { ...steps, followers }, number('30')))).toBe(
      '[["1","steps",30],["2","steps",30],["1","end_at_step",24]]',
    );
  });

  it('gets a new seed, and what the editor would show of the old one goes', () => {
    const made = reseeded({ prompt, extra: { workflow: {}, other: 1 }, form: { main: [seed] } });
    expect(made.extra).toEqual({ other: 1 });
    expect(made.prompt['1'].inputs.seed).not.toBe(7);
    expect(prompt['1'].inputs.seed).toBe(7);
  });
});
