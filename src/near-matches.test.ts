import { expect, it } from 'vitest';
import { didYouMean, editDistance, nearMatches } from './near-matches.ts';

it('counts edits; a swap of neighbours is one', () => {
  expect([
    editDistance('', 'abc'),
    editDistance('kitten', 'sitting'),
    editDistance('run', 'rnu'),
    editDistance('a', 'a'),
  ]).toEqual([3, 3, 1, 0]);
});

it('finds what was meant, in other folders and spellings too', () => {
  expect(
    nearMatches('sdxl-base.safetensors', ['sub/SDXL_base.safetensors', 'vae.safetensors']),
  ).toEqual(['sub/SDXL_base.safetensors']);
  expect(nearMatches('xyz', ['KSampler'])).toEqual([]);
  expect(didYouMean('KSamplr', ['KSampler', 'SaveImage'])).toBe("Did you mean 'KSampler'?");
  expect(didYouMean('', ['a'])).toBe('');
});
