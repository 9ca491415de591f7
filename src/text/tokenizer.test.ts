// The tokenizer, the weights and the chunks against text/tokenizer
// (SDXLTokenizer.tokenize_with_weights, transformers 4.57, no ftfy).
import { describe, expect, it } from 'vitest';
import { expectExact, fixtureModel, golden } from '../../test/support/golden.ts';
import { clipBpe, END_TOKEN, START_TOKEN } from './clip-bpe.ts';
import { type EmbeddingLookup, embeddingVectors, readEmbedding } from './embeddings.ts';
import { tokenize } from './token-chunks.ts';

const g = golden('text', 'tokenizer');
const RAISES = 'tok52'; // 'embedding:' alone: the original raises IndexError
const ENCODERS = [
  { letter: 'l', key: 'clip_l', pad: END_TOKEN },
  { letter: 'g', key: 'clip_g', pad: 0 },
];

const tinyti = await readEmbedding(fixtureModel('tinyti'));
const embeddings: EmbeddingLookup = async (name) => (name === 'tinyti' ? tinyti : undefined);

describe('golden text/tokenizer', () => {
  it('encodes whole prompts to the original’s token ids (raw_variants.tf4)', () => {
    // The other variants (tf4_ftfy, tf5) belong to installations that differ from ComfyUI's usual
    // one.
    const bpe = clipBpe();
    const cases = g.cases.filter(({ id }) => id !== RAISES);
    expect(cases.length).toBe(70);
    for (const { id, params, scalars } of cases) {
      expect(
        [START_TOKEN, ...bpe.encode(params.prompt), END_TOKEN],
        `${id} ${JSON.stringify(params.prompt)}`,
      ).toEqual(scalars!.raw_variants.tf4);
    }
  });

  it('packs chunks with the original’s ids, weights and word numbers', async () => {
    for (const { id, params, outputs, scalars } of g.cases) {
      if (id === RAISES) continue;
      for (const { letter, key, pad } of ENCODERS) {
        const chunks = await tokenize(params.prompt, { key, pad, length: 77, embeddings });
        const vectors = embeddingVectors(tinyti, key);
        const idOf = (slot: number | Float32Array) =>
          typeof slot === 'number'
            ? slot
            : -1 - vectors.findIndex((vector) => vector.every((value, i) => value === slot[i]));
        const tokens = chunks.flat();
        expect(
          chunks.map((chunk) => chunk.length),
          id,
        ).toEqual(scalars![`chunk_lens_${letter}`]);
        const values = {
          ids: tokens.map((t) => idOf(t.value)),
          weights: tokens.map((t) => t.weight),
          words: tokens.map((t) => t.word),
        };
        for (const [name, actual] of Object.entries(values))
          expectExact(g, id, outputs[`${letter}_${name}`], actual);
      }
    }
  });

  it(`drops an embedding without a name and warns of it (${RAISES})`, async () => {
    const warnings: string[] = [];
    const { prompt } = g.cases.find(({ id }) => id === RAISES)!.params;
    const warn = (message: string) => warnings.push(message);
    const [chunk] = await tokenize(`${prompt}`, {
      key: 'clip_l',
      pad: END_TOKEN,
      length: 77,
      embeddings,
      warn,
    });
    expect(chunk.slice(0, 2).map((token) => token.value)).toEqual([START_TOKEN, END_TOKEN]);
    expect(warnings).toHaveLength(1);
  });
});
