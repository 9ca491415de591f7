// The tokenizers of T5, Qwen and Gemma against text/vocabularies (transformers 4.57.1,
// sentencepiece 0.2.3), and long texts.
import { describe, expect, it } from 'vitest';
import { computedMs } from '../../../test/support/computed-time.ts';
import { fixtureModel, golden } from '../../../test/support/golden.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import { gemmaTokenizer } from './gemma.ts';
import { llama3Tokenizer } from './llama3.ts';
import { qwenTokenizer } from './qwen.ts';
import { sentencePieceBpe } from './sentencepiece-bpe.ts';
import type { Piece } from './sentencepiece-model.ts';
import { t5Tokenizer } from './t5.ts';
import { unigram } from './unigram.ts';

async function gemmaModel(): Promise<Uint8Array> {
  const file = await openSafetensors(fixtureModel('tiny_gemma2_2b'));
  const bytes = await file.readRaw('spiece_model');
  await file.close();
  return bytes;
}

const bytes = await gemmaModel();
const TOKENIZERS = { t5: t5Tokenizer(), qwen: qwenTokenizer(), gemma: gemmaTokenizer(bytes)! };

describe.each(Object.keys(TOKENIZERS) as (keyof typeof TOKENIZERS)[])(
  'the tokenizer of %s',
  (name) => {
    const { encode } = TOKENIZERS[name];
    const { cases } = golden('text', 'vocabularies');

    it('returns the ids of the original for texts in many scripts', () => {
      expect(cases.length).toBe(600);
      for (const { params, scalars } of cases)
        expect(encode(params.prompt), JSON.stringify(params.prompt)).toEqual(scalars![name]);
    });

    it.each(['x', 'é', '中', ' ', '\n', 'a photo of ', 'e\u0301\u0301'])(
      'takes time in proportion to the length of %j repeated',
      (unit) => {
        const timeOf = (length: number): number => {
          const text = unit.repeat(Math.ceil(length / unit.length));
          const start = computedMs();
          encode(text);
          return computedMs() - start;
        };
        timeOf(2000);
        // a time that grows with the square would be 25 times as long
        expect(timeOf(100_000)).toBeLessThan(10 * timeOf(20_000) + 1000);
      },
    );

    it('takes halves of surrogate pairs for unknown characters', () => {
      expect(encode('a \ud800 b')).toEqual(encode('a \ufffd b'));
    });
  },
);

describe('the tokenizer of gemma', () => {
  it('drops the first token of a text with the end of a turn, as ComfyUI does', () => {
    // SPieceTokenizer('a cat<end_of_turn>')['input_ids'][1:], which begins with no start token
    const { encode } = TOKENIZERS.gemma;
    const ids = encode('a cat');
    expect(encode('a cat<end_of_turn>')).toEqual([...ids.slice(1), 107]);
    expect(encode('<end_of_turn>a cat')).toEqual(ids);
  });

  it('refuses bytes that are no model', () => {
    expect(() => gemmaTokenizer(new Uint8Array())).toThrow(RangeError);
    expect(() => gemmaTokenizer(bytes.subarray(0, 5003))).toThrow(RangeError);
  });
});

it('the tokenizer of llama3 returns the ids of the original for texts in many scripts', () => {
  const { encode } = llama3Tokenizer();
  const { cases } = golden('text', 'llama3');
  expect(cases.length).toBeGreaterThan(500);
  for (const { params, scalars } of cases)
    expect(encode(params.prompt), JSON.stringify(params.prompt)).toEqual(scalars!.llama3);
});

it('divides unused pieces of a SentencePiece model again', () => {
  // bpe_model.cc, resegment: "ab" is unused, "abc" is not
  const piece = (text: string, score: number, type: Piece['type'] = 'normal'): Piece => ({
    text,
    score,
    type,
  });
  const pieces = [
    piece('a', -4),
    piece('b', -5),
    piece('c', -6),
    piece('ab', -1, 'unused'),
    piece('abc', -2),
  ];
  const { encode } = sentencePieceBpe({
    pieces,
    kind: 'bpe',
    byteFallback: true,
    isNormalised: false,
    addsSpace: false,
  });
  expect(encode('abab')).toEqual([0, 1, 0, 1]);
  expect(encode('abcab')).toEqual([4, 0, 1]);
});

it('finds the most probable pieces, and one token for unknown characters in a row', () => {
  const encode = unigram(
    [
      ['?', 0],
      ['a', -1],
      ['b', -1],
      ['ab', -1.5],
    ],
    0,
  );
  expect(encode('abb')).toEqual([3, 2]);
  expect(encode('axyb')).toEqual([1, 0, 2]);
});
