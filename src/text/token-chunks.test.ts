import { expect, it } from 'vitest';
import { tensor } from '../tensor/tensor.ts';
import { clipBpe, END_TOKEN } from './clip-bpe.ts';
import { tokenize } from './token-chunks.ts';

it('tokenizes the comma after the name of an embedding as text', async () => {
  const vectors = new Map([['clip_l', tensor([1, 2], Float32Array.of(0, 1))]]);
  const [chunk] = await tokenize('embedding:x, cat', {
    key: 'clip_l',
    pad: END_TOKEN,
    length: 77,
    embeddings: async (name) => (name === 'x' ? vectors : undefined),
  });
  expect(chunk[1].value).toBeInstanceOf(Float32Array);
  expect(chunk.slice(2, 4).map((token) => token.value)).toEqual(clipBpe().encode(', cat'));
});
