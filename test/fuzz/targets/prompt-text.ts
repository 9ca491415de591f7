// Prompts: weights, tokens, LoRA tags, BREAK.
import {
  findLoraFile,
  parseLoraTags,
  removeLoraTags,
  splitAtBreak,
} from '../../../src/text/lora-tags.ts';
import { tokenize } from '../../../src/text/token-chunks.ts';
import type { FuzzTarget } from '../target.ts';

const VECTOR = new Map([['emb_params', { shape: [2, 4], data: new Float32Array(8) }]]);
const options = {
  key: 'clip_l',
  pad: 0,
  length: 77,
  embeddings: async (name: string) => (name.startsWith('x') ? VECTOR : undefined),
  warn: () => undefined,
};

export const target: FuzzTarget = {
  run: async (input) => {
    const text = input.toString('utf8');
    for (const { name } of parseLoraTags(text)) findLoraFile(name, ['a.safetensors', 'b/c.pt']);
    splitAtBreak(removeLoraTags(text));
    await tokenize(text, options);
  },
  seeds: () => [
    'a (red:1.3) \\(cat\\) [dog] ((x)) embedding:x, <lora:a:0.5:1> BREAK (y:1e-1)',
    'ünï ㍿ 🙂 1_0 (a:inf) (b:nan) (c:١.٢) (d:.5)',
  ],
  dictionary: ['(', ')', ':1.1)', '\\(', '\\)', 'embedding:', '<lora:', 'LBW=', 'BREAK', ':inf)'],
};
