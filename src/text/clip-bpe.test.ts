// The vocabulary and characters outside of words, which the goldens of tokenizer.test.ts do not
// contain.
import { describe, expect, it } from 'vitest';
import { clipBpe } from './clip-bpe.ts';
import { normalise } from './normalise.ts';

describe('clipBpe', () => {
  it('builds the vocabulary from the merges', () => {
    // vocab.json: len 49408; "!" 0, "!</w>" 256, "in" 512, "<|endoftext|>" 49407
    const vocabulary = clipBpe().vocabulary();
    expect(new Set(vocabulary).size).toBe(49408);
    expect(vocabulary[0]).toBe('!');
    expect(vocabulary[256]).toBe('!</w>');
    expect(vocabulary[512]).toBe('in');
    expect(vocabulary[49407]).toBe('<|endoftext|>');
  });

  it('encodes a word of many letters', () => {
    const letters = Array.from({ length: 100_000 }, (_, i) =>
      String.fromCharCode(97 + ((i * i + (i >> 3)) % 26)),
    );
    expect(clipBpe().encode(letters.join('')).length).toBeGreaterThan(10_000);
  });

  it('drops U+0345, as CLIPTokenizer does', () => {
    // It is not a letter, but its case folding is one, so no alternative of the pattern matches it.
    expect(clipBpe().encode('a\u0345b')).toEqual([
      ...clipBpe().encode('a'),
      ...clipBpe().encode('b'),
    ]);
  });
});

describe('normalise', () => {
  it('drops control and format characters and lone surrogates', () => {
    expect(normalise('\ufeffA\u200b\ud800B\x85\u2028c')).toBe('ab c');
  });
});
