import { expect, it } from 'vitest';
import { didYouMean, distance, near } from './near-matches.ts';

it('counts edits; a swap of neighbours is one', () => {
  expect([
    distance('', 'abc'),
    distance('kitten', 'sitting'),
    distance('run', 'rnu'),
    distance('a', 'a'),
  ]).toEqual([3, 3, 1, 0]);
});

it('finds what was meant, in other folders and spellings too', () => {
  expect(near('sdxl-base.safetensors', ['sub/SDXL_base.safetensors', 'vae.safetensors'])).toEqual([
    'sub/SDXL_base.safetensors',
  ]);
  expect(near('xyz', ['KSampler'])).toEqual([]);
  expect(didYouMean('KSamplr', ['KSampler', 'SaveImage'])).toBe("Did you mean 'KSampler'?");
  expect(didYouMean('', ['a'])).toBe('');
});
