import { expect, it } from 'vitest';
import { didYouMean, distanceWithin, nearMatches } from './near-matches.ts';

it.each([
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['run', 'rnu', 1],
  ['a', 'a', 0],
])('counts the edits from %o to %o: %i', (a, b, edits) => {
  expect(distanceWithin(a, b, 10)).toBe(edits);
});

it('finds near matches in other folders and spellings', () => {
  expect(
    nearMatches('sdxl-base.safetensors', ['sub/SDXL_base.safetensors', 'vae.safetensors']),
  ).toEqual(['sub/SDXL_base.safetensors']);
  expect(nearMatches('xyz', ['KSampler'])).toEqual([]);
});

it('asks about near matches in a sentence', () => {
  expect(didYouMean('KSamplr', ['KSampler', 'SaveImage'])).toBe("Did you mean 'KSampler'?");
  expect(didYouMean('', ['a'])).toBe('');
});

it('compares thousands of long names', () => {
  const candidates = Array.from({ length: 800 }, (_, i) => `Node${i * 7919}OfManyLetters`);
  const words = Array.from({ length: 1000 }, (_, i) => `${i}`.padEnd(192, 'abcdefgh'));
  expect(words.flatMap((word) => nearMatches(word, candidates))).toEqual([]);
  expect(nearMatches(`${'x'.repeat(190)}ab`, [`${'x'.repeat(190)}ba`])).toHaveLength(1);
  expect(nearMatches('Node7919OfManyLeters', candidates)).toContain('Node7919OfManyLetters');
});
