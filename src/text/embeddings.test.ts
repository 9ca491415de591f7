import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureModel } from '../../test/support/golden.ts';
import { tensor } from '../tensor/tensor.ts';
import {
  type Embedding,
  embeddingReader,
  embeddingVectors,
  findEmbeddingFile,
  readEmbedding,
} from './embeddings.ts';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../test/fixtures/torch/${name}`, import.meta.url));

const vectorsOf = (embedding: Embedding, key: string) =>
  embeddingVectors(embedding, key).map((vector) => [...vector]);

/** A tensor [count, width] of the numbers from `first` on. */
const counting = (count: number, width: number, first = 0) =>
  tensor(
    [count, width],
    Float32Array.from({ length: count * width }, (_, i) => first + i),
  );

describe('embeddingVectors', () => {
  it('returns the vectors under the key of the encoder', () => {
    const embedding = new Map([
      ['clip_g', counting(1, 3)],
      ['clip_l', counting(1, 2)],
    ]);
    expect(vectorsOf(embedding, 'clip_l')).toEqual([[0, 1]]);
  });

  it('returns bundled vectors of the key', () => {
    const embedding = new Map([
      ['bundle_emb.a.clip_l', counting(1, 2)],
      ['bundle_emb.b.clip_l', counting(1, 2, 5)],
      ['lora', counting(1, 9)],
    ]);
    expect(vectorsOf(embedding, 'clip_l')).toEqual([
      [0, 1],
      [5, 6],
    ]);
  });

  it('returns the first tensor of a file without the key', () => {
    expect(vectorsOf(new Map([['emb_params', counting(2, 2)]]), 'clip_g')).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('returns a tensor of one axis as one vector', () => {
    const embedding = new Map([['one', tensor([2], Float32Array.of(7, 8))]]);
    expect(vectorsOf(embedding, 'clip_l')).toEqual([[7, 8]]);
  });

  it.each(['inversion.pt', 'inversion_module.pt'])(
    "prefers the web UI's vectors: %s",
    async (name) => {
      expect(vectorsOf(await readEmbedding(fixture(name)), 'clip_l')).toEqual([
        [0, 1, 2, 3, 4, 5, 6, 7],
        [8, 9, 10, 11, 12, 13, 14, 15],
      ]);
    },
  );

  it("returns the vectors of the encoder's width from a list", async () => {
    const list = await readEmbedding(fixture('inversion_list.pt'));
    expect(embeddingVectors(list, 'clip_l', 8).map((v) => v[0])).toEqual([0, 0, 8]);
    expect(embeddingVectors(list, 'clip_l', 4).map((v) => v.length)).toEqual([4]);
  });
});

describe('embeddingReader', () => {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-embeddings-'));
  const broken = join(folder, 'broken.safetensors');
  const evil = join(folder, 'evil.pt');
  const files: Record<string, string> = {
    'tiny.safetensors': fixtureModel('tinyti'),
    'web.pt': fixture('inversion.pt'),
    'hub.bin': fixture('learned_embeds.bin'),
    'evil.pt': evil,
    'broken.safetensors': broken,
  };
  beforeAll(() => {
    writeFileSync(broken, 'no header');
    writeFileSync(evil, '\x80\x02cposix\nsystem\nX\x02\0\0\0ls\x85R.', 'latin1');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function read(name: string): Promise<{ embedding?: Embedding; warnings: string[] }> {
    const warnings: string[] = [];
    const lookup = embeddingReader(Object.keys(files), (fileName) => files[fileName]);
    const embedding = await lookup(name, (message) => warnings.push(message));
    return { embedding, warnings };
  }

  it('tries the name, then the name with .safetensors, .pt and .bin', async () => {
    const tiny = await read('tiny');
    expect([...tiny.embedding!.keys()].sort()).toEqual(['clip_g', 'clip_l']);
    expect((await read('tiny.safetensors')).embedding).toBeDefined();
    expect([...(await read('web')).embedding!.keys()]).toEqual(['string_to_param.*']);
    const hub = await read('hub');
    expect(vectorsOf(hub.embedding!, 'clip_l')).toEqual([[0, 1, 2, 3, 4, 5, 6, 7]]);
    expect(tiny.warnings).toEqual([]);
    expect(hub.warnings).toEqual([]);
  });

  it('returns undefined for a name without a file', async () => {
    expect(await read('gone')).toEqual({ embedding: undefined, warnings: [] });
  });

  it('warns of a file that imports a function', async () => {
    const { embedding, warnings } = await read('evil');
    expect(embedding).toBeUndefined();
    expect(warnings[0]).toContain(`embedding:evil is left out: ${evil} imports posix.system`);
  });

  it('warns of a broken file', async () => {
    const { embedding, warnings } = await read('broken');
    expect(embedding).toBeUndefined();
    expect(warnings[0]).toContain(`${broken} is not a valid .safetensors file`);
  });
});

// load_embed(name, folder, 768) of comfy/sd1_clip.py with these files finds the same, or one of
// several in its folders' order, which changes from start to start
describe('findEmbeddingFile', () => {
  const files = [
    'a.pt',
    'a.safetensors',
    'b/deep_ti.safetensors',
    'b/inner/only.bin',
    'c/a.safetensors',
    'c/b/deep_ti.safetensors',
    'c/b/twice.pt',
    'c/twice.pt',
    'd/twice.safetensors',
    'Upper.pt',
    'x.v1.pt',
  ];
  it.each([
    ['a', 'a.safetensors'],
    ['a.pt', 'a.pt'],
    ['deep_ti', 'b/deep_ti.safetensors'],
    ['deep_ti.safetensors', 'b/deep_ti.safetensors'],
    ['b/deep_ti', 'b/deep_ti.safetensors'],
    ['c/b/deep_ti', 'c/b/deep_ti.safetensors'],
    ['c\\b\\deep_ti', 'c/b/deep_ti.safetensors'],
    ['inner/only', 'b/inner/only.bin'],
    ['only', 'b/inner/only.bin'],
    ['twice', 'c/twice.pt'],
    ['x.v1', 'x.v1.pt'],
    ['b/../a', 'a.safetensors'],
    ['./a', 'a.safetensors'],
  ])('finds %s', (name, file) => {
    expect(findEmbeddingFile(name, files)).toBe(file);
  });

  it.each(['upper', 'eep_ti', '../a', 'b/../../a', '/a', '..', '.', '', 'b', 'b/'])(
    'finds nothing for %j',
    (name) => {
      expect(findEmbeddingFile(name, files, false)).toBeUndefined();
    },
  );

  it('ignores the case where the file system does', () => {
    expect(findEmbeddingFile('UPPER', files, true)).toBe('Upper.pt');
    expect(findEmbeddingFile('B\\Deep_TI', files, true)).toBe('b/deep_ti.safetensors');
  });
});
