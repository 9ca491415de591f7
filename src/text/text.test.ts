// Edges of weights, embedding files and the vocabulary that the goldens do not reach; Python's
// answers quoted.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { fixtureModel } from '../../test/support/golden.ts';
import { tensor } from '../tensor/tensor.ts';
import { clipBpe, END_TOKEN } from './clip-bpe.ts';
import { type Embedding, embeddingReader, embeddingVectors, readEmbedding } from './embeddings.ts';
import { normalise } from './normalise.ts';
import { parseFloatAsPython, parseWeights } from './prompt-weights.ts';
import { tokenize } from './token-chunks.ts';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../test/fixtures/torch/${name}`, import.meta.url));

describe('bpe', () => {
  it('derives the vocabulary from the merges', () => {
    // vocab.json: len 49408; "!" 0, "!</w>" 256, "in" 512, "<|endoftext|>" 49407
    const vocabulary = clipBpe().vocabulary();
    expect(new Set(vocabulary).size).toBe(49408);
    expect([0, 256, 512, 49407].map((id) => vocabulary[id])).toEqual([
      '!',
      '!</w>',
      'in',
      '<|endoftext|>',
    ]);
  });

  it('drops what Python drops', () => {
    // CLIPTokenizer('a\u0345b'): U+0345 is no letter, and its case folding is one: no alternative
    //   of the pattern takes it
    expect(clipBpe().encode('a\u0345b')).toEqual([
      ...clipBpe().encode('a'),
      ...clipBpe().encode('b'),
    ]);
    expect(normalise('\ufeffA\u200b\ud800B\x85\u2028c')).toBe('ab c');
  });
});

describe('weights', () => {
  it('reads numbers as Python float() does', () => {
    const cases: [string, number | undefined][] = [
      [' 1.3 ', 1.3],
      ['.5', 0.5],
      ['2.', 2],
      ['1e-1', 0.1],
      ['+1_000.5', 1000.5],
      ['-inf', Number.NEGATIVE_INFINITY],
      ['NaN', Number.NaN],
      ['１．５', undefined],
      ['١.٥', 1.5],
      ['1__0', undefined],
      ['', undefined],
      ['.', undefined],
      ['0x10', undefined],
      ['1,5', undefined],
    ];
    for (const [text, value] of cases) expect(parseFloatAsPython(text), text).toBe(value);
  });

  it('a closing parenthesis too many swallows a later group', () => {
    expect(parseWeights('a) (b:2) c')).toEqual([{ text: 'a) (b:2) c', weight: 1 }]);
  });
});

describe('embeddings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-embeddings-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const vectors = (count: number, width: number, from = 0) =>
    tensor(
      [count, width],
      Float32Array.from({ length: count * width }, (_, i) => from + i),
    );
  const counted = (embedding: Embedding, key: string) =>
    embeddingVectors(embedding, key).map((vector) => [...vector]);

  it('takes the vectors under the key, else bundled ones, else the first tensor', () => {
    const l = vectors(1, 2);
    expect(
      counted(
        new Map([
          ['clip_g', vectors(1, 3)],
          ['clip_l', l],
        ]),
        'clip_l',
      ),
    ).toEqual([[0, 1]]);
    expect(counted(new Map([['emb_params', vectors(2, 2)]]), 'clip_g')).toEqual([
      [0, 1],
      [2, 3],
    ]);
    const bundle = new Map([
      ['bundle_emb.a.clip_l', l],
      ['bundle_emb.b.clip_l', vectors(1, 2, 5)],
      ['lora', vectors(1, 9)],
    ]);
    expect(counted(bundle, 'clip_l')).toEqual([
      [0, 1],
      [5, 6],
    ]);
    expect(counted(new Map([['one', tensor([2], Float32Array.of(7, 8))]]), 'clip_l')).toEqual([
      [7, 8],
    ]);
  });

  it("takes the web UI's vectors first, and those of the encoder's width out of a list", async () => {
    for (const name of ['inversion.pt', 'inversion_module.pt']) {
      const embedding = await readEmbedding(fixture(name));
      expect(counted(embedding, 'clip_l'), name).toEqual([
        [0, 1, 2, 3, 4, 5, 6, 7],
        [8, 9, 10, 11, 12, 13, 14, 15],
      ]);
    }
    const list = await readEmbedding(fixture('inversion_list.pt'));
    expect(embeddingVectors(list, 'clip_l', 8).map((v) => v[0])).toEqual([0, 0, 8]);
    expect(embeddingVectors(list, 'clip_l', 4).map((v) => v.length)).toEqual([4]);
  });

  it('tries the name, then .safetensors, .pt and .bin; says what is wrong with files', async () => {
    const broken = join(folder, 'broken.safetensors');
    writeFileSync(broken, 'no header');
    const evil = join(folder, 'evil.pt');
    writeFileSync(evil, '\x80\x02cposix\nsystem\nX\x02\0\0\0ls\x85R.', 'latin1');
    const files: Record<string, string> = {
      'tiny.safetensors': fixtureModel('tinyti'),
      'web.pt': fixture('inversion.pt'),
      'hub.bin': fixture('learned_embeds.bin'),
      'evil.pt': evil,
      'broken.safetensors': broken,
    };
    const read = embeddingReader((name) => files[name]);
    const warnings: string[] = [];
    const warn = (message: string) => warnings.push(message);
    expect([...(await read('tiny', warn))!.keys()].sort()).toEqual(['clip_g', 'clip_l']);
    expect(await read('tiny.safetensors', warn)).toBeDefined();
    expect(await read('gone', warn)).toBeUndefined();
    expect(warnings).toEqual([]);
    expect([...(await read('web', warn))!.keys()]).toEqual(['string_to_param.*']);
    expect(counted((await read('hub', warn))!, 'clip_l')).toEqual([[0, 1, 2, 3, 4, 5, 6, 7]]);
    expect(await read('evil', warn)).toBeUndefined();
    expect(await read('broken', warn)).toBeUndefined();
    expect(warnings[0]).toContain(`embedding:evil is left out: ${evil} imports posix.system`);
    expect(warnings[1]).toContain(`${broken} is not a valid .safetensors file`);
  });

  it('a name with commas around it keeps the commas as text', async () => {
    const options = { key: 'clip_l', pad: END_TOKEN, length: 77 };
    const embeddings = async (name: string) =>
      name === 'x' ? new Map([['clip_l', vectors(1, 2)]]) : undefined;
    const [chunk] = await tokenize('embedding:x, cat', { ...options, embeddings });
    expect(chunk[1].value).toBeInstanceOf(Float32Array);
    expect(chunk.slice(2, 4).map((token) => token.value)).toEqual(clipBpe().encode(', cat'));
  });
});
