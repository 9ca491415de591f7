// GGUF files: those of ComfyUI-GGUF, names of llama.cpp, and files that are not as they should be.
import { describe, expect, it } from 'vitest';
import { ggufFile } from '../../../test/support/files/gguf-file.ts';
import { expectExact, fixtureModel, golden } from '../../../test/support/golden.ts';
import { memorySource } from '../byte-source.ts';
import { withModelFile } from '../model-file.ts';
import { readGguf, withArithmetic } from './gguf-file.ts';

const g = golden('weights', 'gguf');

const read = (bytes: Uint8Array) => readGguf(memorySource('model.gguf', bytes));

describe('readGguf', () => {
  it('reads the names, types, shapes and values of the original', async () => {
    const one = g.cases.find(({ id }) => id === 'file')!;
    await withModelFile(fixtureModel('tiny_types', 'gguf'), async ({ tensors, read: values }) => {
      const found = Object.fromEntries(
        [...tensors].map(([name, { dtype, shape, blocks }]) => [
          name,
          [blocks?.type ?? dtype, shape],
        ]),
      );
      // the original has one-dimensional BF16 as float32 already
      const keys = { ...one.scalars!.keys, 'bf16.bias': ['BF16', [8]] };
      expect(found).toEqual(keys);
      for (const [name, output] of Object.entries(one.outputs))
        expectExact(g, 'file', output, (await values(name)).data);
    });
  });

  it('reads rows, and values in another arithmetic', async () => {
    const one = g.cases.find(({ id }) => id === 'file')!;
    await withModelFile(fixtureModel('tiny_types', 'gguf'), async (opened) => {
      const all = g.float(one.outputs['q4_k.weight']).data;
      const rows = await opened.readRows('q4_k.weight', [4, 1]);
      expect([...rows.data]).toEqual([...all.slice(4 * 512, 5 * 512), ...all.slice(512, 1024)]);
      const exact = opened.withTensors(withArithmetic(opened.tensors, 'f32'));
      const { data } = await exact.read('q4_k.weight');
      expect(data.some((value, i) => value !== all[i])).toBe(true);
      expect(Math.max(...data.map((value, i) => Math.abs(value - all[i])))).toBeLessThan(3e-3);
    });
  });

  // loader.py: sd_map_replace(sd, T5_SD_MAP), sd_map_replace(sd, LLAMA_SD_MAP)
  it.each([
    ['t5', 'token_embd.weight', 'shared.weight'],
    ['t5encoder', 'enc.output_norm.weight', 'encoder.final_layer_norm.weight'],
    ['t5', 'enc.blk.3.attn_q.weight', 'encoder.block.3.layer.0.SelfAttention.q.weight'],
    [
      't5',
      'enc.blk.0.attn_rel_b.weight',
      'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight',
    ],
    ['t5', 'enc.blk.3.ffn_gate.weight', 'encoder.block.3.layer.1.DenseReluDense.wi_0.weight'],
    ['qwen3', 'blk.11.attn_q_norm.weight', 'model.layers.11.self_attn.q_norm.weight'],
    ['qwen3', 'blk.1.attn_output.weight', 'model.layers.1.self_attn.o_proj.weight'],
    ['qwen3vl', 'blk.1.ffn_norm.weight', 'model.layers.1.post_attention_layernorm.weight'],
    ['qwen3', 'output_norm.weight', 'model.norm.weight'],
    ['qwen3', 'output.weight', 'lm_head.weight'],
    ['flux', 'model.diffusion_model.img_in.weight', 'img_in.weight'],
    ['pig', 'blk.0.attn_q.weight', 'blk.0.attn_q.weight'],
  ])('names the tensors of %s as the original: %s', async (architecture, name, original) => {
    const { tensors } = await read(ggufFile({ architecture, tensors: { [name]: [2, 32] } }));
    expect([...tensors.keys()]).toEqual([original]);
  });

  it('gives tensors their shapes in the original file', async () => {
    const { tensors, metadata } = await read(
      ggufFile({
        architecture: 'sd1',
        tensors: { 'a.weight': [8, 32] },
        entries: { 'comfy.gguf.orig_shape.a.weight': [4, 4, 4, 4], 'general.file_type': 15 },
      }),
    );
    expect(tensors.get('a.weight')?.shape).toEqual([4, 4, 4, 4]);
    expect(metadata['gguf.quantisation']).toBe('Q4_K_M');
  });

  it.each<[string, Parameters<typeof ggufFile>[0], string, string]>([
    [
      'a language model',
      { architecture: 'gemma3', tensors: { a: [2, 32] } },
      'is a GGUF model of the architecture gemma3, not one for images',
      'DR_MODEL_UNSUPPORTED',
    ],
    [
      'an unknown quantisation',
      { architecture: 'flux', tensors: { a: [2, 32] }, type: 18 },
      'has weights in the quantisation IQ3_XXS (a)',
      'DR_MODEL_UNSUPPORTED',
    ],
    [
      'one part of several',
      { architecture: 'flux', tensors: { a: [2, 32] }, entries: { 'split.count': 3 } },
      'is one of 3 parts of a GGUF model',
      'DR_MODEL_UNSUPPORTED',
    ],
    [
      'the vision part of a language model',
      { architecture: 'clip', tensors: { a: [2, 32] }, entries: { 'general.type': 'mmproj' } },
      'is the vision part of a language model',
      'DR_MODEL_UNSUPPORTED',
    ],
    [
      'rows that are no blocks',
      { architecture: 'flux', tensors: { a: [2, 33] } },
      'has the rows of a, 33 numbers, in blocks of others',
      'DR_MODEL_INVALID',
    ],
    [
      'a file that is cut off',
      { architecture: 'flux', tensors: { a: [2, 32] }, missing: 1 },
      'ends before the last bytes of a',
      'DR_MODEL_INVALID',
    ],
    [
      'an alignment that is none',
      { architecture: 'flux', tensors: { a: [2, 32] }, entries: { 'general.alignment': 24 } },
      'has the alignment 24, which is no power of two',
      'DR_MODEL_INVALID',
    ],
    [
      'an unknown version',
      { architecture: 'flux', tensors: {}, version: 1 },
      'has the version 1, and 2 and 3 are known',
      'DR_MODEL_INVALID',
    ],
  ])('names %s', async (_, options, message, code) => {
    await expect(read(ggufFile(options))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`model.gguf `) && expect.stringContaining(message),
    });
  });

  it('refuses every part of a header', async () => {
    const bytes = ggufFile({
      architecture: 'flux',
      tensors: { a: [2, 32] },
      entries: { list: [1, 2, 3], text: 'x'.repeat(9000) },
    });
    for (let length = 4; length < bytes.length; length += 7)
      await expect(read(bytes.subarray(0, length)), `${length}`).rejects.toMatchObject({
        code: 'DR_MODEL_INVALID',
      });
  });

  it('does not believe counts', async () => {
    for (const at of [8, 16]) {
      const bytes = Buffer.from(ggufFile({ architecture: 'flux', tensors: { a: [2, 32] } }));
      bytes.writeBigUInt64LE(2n ** 60n, at);
      await expect(read(bytes)).rejects.toMatchObject({ code: 'DR_MODEL_INVALID' });
      bytes.writeBigUInt64LE(1000n, at);
      await expect(read(bytes)).rejects.toMatchObject({ code: 'DR_MODEL_INVALID' });
    }
  });
});
