// Files of textual inversion.
import { embeddingVectors, readEmbedding } from '../../../src/text/embeddings.ts';
import { asFile, filesOf } from '../inputs.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: async (input) => {
    const embedding = await readEmbedding(asFile(input, 'input.safetensors'));
    for (const key of ['clip_l', 'clip_g']) embeddingVectors(embedding, key, 768);
  },
  seeds: () => [
    ...filesOf('test/fixtures', /^tinyti.*\.gz$/),
    ...filesOf('test/fixtures/torch', /^(inversion|learned).*/),
  ],
  dictionary: ['emb_params', 'string_to_param', 'clip_g', 'bundle_emb.', '"shape":[', '"F32"'],
};
