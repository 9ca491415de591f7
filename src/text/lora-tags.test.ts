// wildcards.test.ts compares parsed tags with the original's.
import { describe, expect, it } from 'vitest';
import { findLoraFile, parseLoraTags, removeLoraTags, splitAtBreak } from './lora-tags.ts';

describe('findLoraFile', () => {
  const files = ['styles/ink.safetensors', 'ink.pt', 'old.ckpt'];

  it('adds .safetensors to a name without an extension', () => {
    expect(findLoraFile('ink', files)).toBe('styles/ink.safetensors');
  });

  it('finds a name with its extension', () => {
    expect(findLoraFile('ink.pt', files)).toBe('ink.pt');
  });

  it('accepts the slashes of Windows', () => {
    expect(findLoraFile('a\\b\\ink', ['b/ink.safetensors', 'x/a/b/ink.safetensors'])).toBe(
      'x/a/b/ink.safetensors',
    );
  });

  it('returns undefined when no path ends with the name', () => {
    expect(findLoraFile('v1.5', files)).toBeUndefined();
  });
});

describe('many tags', () => {
  it('are read in linear time, with and without an end', () => {
    const open = '<lora:'.repeat(100_000);
    expect(parseLoraTags(open)).toEqual([]);
    expect(removeLoraTags(open)).toBe(open);
    expect(parseLoraTags(`<lora:${':'.repeat(200_000)}a${':'.repeat(200_000)}b>`)).toHaveLength(1);
    expect(removeLoraTags(`${open}x>`)).toBe('');
  });
});

describe('splitAtBreak', () => {
  it('drops empty parts', () => {
    expect(splitAtBreak('a BREAK b BREAKBREAK c')).toEqual(['a', 'b', 'c']);
  });

  it('returns one empty part for a prompt without words', () => {
    expect(splitAtBreak(' BREAK ')).toEqual(['']);
  });
});
