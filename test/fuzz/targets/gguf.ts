// The header of GGUF files, and the blocks of the tensors that it names.
import { memorySource } from '../../../src/formats/byte-source.ts';
import { readGguf } from '../../../src/formats/gguf/gguf-file.ts';
import { tensorReader } from '../../../src/formats/tensor-file.ts';
import { ggufFile } from '../../support/files/gguf-file.ts';
import type { FuzzTarget } from '../target.ts';

const tensors = { 'a.weight': [2, 32], 'enc.blk.0.attn_q.weight': [1, 64] };

export const target: FuzzTarget = {
  run: async (input) => {
    const source = memorySource('input', input);
    const file = tensorReader(source, await readGguf(source));
    for (const name of file.tensors.keys()) await file.read(name);
  },
  seeds: () => [
    ggufFile({ architecture: 'flux', tensors }),
    ggufFile({ architecture: 't5', tensors, entries: { 'general.alignment': 32, list: [1, 2] } }),
    ggufFile({ tensors, type: 0, version: 2, entries: { 'split.count': 1, text: 'words' } }),
    ggufFile({
      architecture: 'lumina2',
      tensors: { 'a.weight': [1, 256] },
      type: 12,
      entries: { 'comfy.gguf.orig_shape.a.weight': [16, 16], 'general.file_type': 15 },
    }),
  ],
  dictionary: ['GGUF', 'general.architecture', 'general.alignment', 'split.count', 'flux', 't5'],
};
