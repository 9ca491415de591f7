import { describe, expect, it } from 'vitest';
import {
  type CacheEntry,
  indexExpansions,
  type ResultCache,
  removeReplacedExpansions,
  removeUnused,
} from './result-cache.ts';

const entry = (...lineage: string[]): CacheEntry => ({ outputs: [], ui: undefined, lineage });
const namesOf = (cache: ResultCache): string[] => [...cache.keys()];

describe('a new prompt', () => {
  it('removes what it does not use, but nothing inside nodes that it still has', () => {
    const cache: ResultCache = new Map([
      ['used', entry()],
      ['unused', entry()],
      ['inside 2', entry('2 Loop')],
      ['inside 3', entry('3 Loop')],
    ]);
    removeUnused(cache, new Set(['used']), new Set(['2 Loop']));
    expect(namesOf(cache)).toEqual(['used', 'inside 2']);
  });
});

describe('a node that expands again', () => {
  it('removes what it expanded to before, unless it expands to the same', () => {
    const cache: ResultCache = new Map([
      ['old', entry('2 Loop')],
      ['new', entry('2 Loop')],
      ['of another node', entry('3 Loop')],
    ]);
    removeReplacedExpansions(cache, indexExpansions(cache), '2 Loop', new Set(['new']), new Set());
    expect(namesOf(cache)).toEqual(['new', 'of another node']);
  });

  it('leaves what is deeper inside as long as the node between is there', () => {
    const cache: ResultCache = new Map([
      ['in 2.1', entry('2 Loop', '2.1 Loop')],
      ['in 2.2', entry('2 Loop', '2.2 Loop')],
    ]);
    removeReplacedExpansions(
      cache,
      indexExpansions(cache),
      '2 Loop',
      new Set(),
      new Set(['2.1 Loop']),
    );
    expect(namesOf(cache)).toEqual(['in 2.1']);
  });
});
