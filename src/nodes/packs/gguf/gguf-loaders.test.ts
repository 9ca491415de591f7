// Loaders of GGUF: declarations of the original, its numbers, and text encoders under llama.cpp's
// names beside the same encoders in .safetensors.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { caseInputs, denoisedBy } from '../../../../test/support/dit-cases.ts';
import { ggufFile, storedTensors } from '../../../../test/support/files/gguf-file.ts';
import { tensorsOf } from '../../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../test/support/run-node.ts';
import type { Clip } from '../../../models/clip/clip.ts';
import type { Model } from '../../../sampling/sampling-types.ts';
import { openFolders } from '../../../storage/folders.ts';
import { NODES } from '../../index.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-gguf-'));

const FILES = {
  unet: fixtureModel('tiny_z_image_q8_0', 'gguf'),
  clip_l: fixtureModel('tiny_clip_l'),
  clip_g: fixtureModel('tiny_clip_g'),
  t5: fixtureModel('tiny_t5xxl'),
  qwen: fixtureModel('tiny_qwen3_4b'),
};
const encoders = {
  ...FILES,
  't5.gguf': join(root, 't5.gguf'),
  'qwen.gguf': join(root, 'qwen.gguf'),
};
const context = testContext({ unet_gguf: { 'z.gguf': FILES.unet }, text_encoders: encoders });
afterAll(async () => {
  await context.runtime.close();
  rmSync(root, { recursive: true, force: true });
});

/** llama.cpp's names by those of the original files. */
const T5: readonly (readonly [string, string])[] = [
  ['encoder.final_layer_norm', 'enc.output_norm'],
  ['encoder.block.', 'enc.blk.'],
  ['layer.0.SelfAttention.relative_attention_bias', 'attn_rel_b'],
  ['layer.0.SelfAttention.', 'attn_'],
  ['layer.0.layer_norm', 'attn_norm'],
  ['layer.1.layer_norm', 'ffn_norm'],
  ['layer.1.DenseReluDense.wi_0', 'ffn_gate'],
  ['layer.1.DenseReluDense.wi_1', 'ffn_up'],
  ['layer.1.DenseReluDense.wo', 'ffn_down'],
  ['shared', 'token_embd'],
];
const QWEN: typeof T5 = [
  ['model.layers.', 'blk.'],
  ['post_attention_layernorm', 'ffn_norm'],
  ['input_layernorm', 'attn_norm'],
  ['self_attn.o_proj', 'attn_output'],
  ['self_attn.q_norm', 'attn_q_norm'],
  ['self_attn.k_norm', 'attn_k_norm'],
  ['self_attn.q_proj', 'attn_q'],
  ['self_attn.k_proj', 'attn_k'],
  ['self_attn.v_proj', 'attn_v'],
  ['mlp.gate_proj', 'ffn_gate'],
  ['mlp.up_proj', 'ffn_up'],
  ['mlp.down_proj', 'ffn_down'],
  ['model.embed_tokens', 'token_embd'],
  ['model.norm', 'output_norm'],
];
const FLOATS = ['F32', 'F16', 'BF16'];

/** Writes an encoder in GGUF, its numbers as they are. */
async function writeEncoder(
  path: string,
  source: string,
  architecture: string,
  names: typeof T5,
): Promise<void> {
  const all = Object.entries(await tensorsOf(source)).flatMap(([name, tensor]) =>
    FLOATS.includes(tensor.dtype) && !name.startsWith('lm_head')
      ? [[names.reduce((text, [from, to]) => text.replace(from, to), name), tensor] as const]
      : [],
  );
  writeFileSync(path, ggufFile({ architecture, ...storedTensors(Object.fromEntries(all)) }));
}

describe('the nodes of ComfyUI-GGUF', () => {
  it('have the inputs of the original', () => {
    const inputs = (type: string) => Object.keys(NODES.get(type)!.inputs);
    expect(inputs('UnetLoaderGGUF')).toEqual(['unet_name']);
    expect(inputs('UnetLoaderGGUFAdvanced')).toEqual([
      'unet_name',
      'dequant_dtype',
      'patch_dtype',
      'patch_on_device',
    ]);
    expect(inputs('CLIPLoaderGGUF')).toEqual(['clip_name', 'type']);
    expect(inputs('DualCLIPLoaderGGUF')).toEqual(['clip_name1', 'clip_name2', 'type']);
    expect(inputs('TripleCLIPLoaderGGUF')).toEqual(['clip_name1', 'clip_name2', 'clip_name3']);
    const { inputs: base } = NODES.get('CLIPLoader')!;
    const { inputs: own } = NODES.get('CLIPLoaderGGUF')!;
    expect(own.type).toEqual(base.type);
  });

  it('list the files that the original lists', () => {
    for (const [folder, name] of [
      ['unet', 'a.gguf'],
      ['diffusion_models', 'b.safetensors'],
      ['clip', 'c.gguf'],
      ['text_encoders', 'd.safetensors'],
    ])
      write(join(root, 'models', folder, name));
    const folders = openFolders({ models: [join(root, 'models')] });
    expect(folders.modelFiles('unet_gguf')).toEqual(['a.gguf']);
    expect(folders.modelFiles('diffusion_models')).toEqual(['b.safetensors']);
    expect(folders.modelFiles('clip_gguf')).toEqual(['c.gguf']);
    expect(folders.modelPath('text_encoders', 'c.gguf')).toBe(join(root, 'models/clip/c.gguf'));
    const { clip_name } = NODES.get('CLIPLoaderGGUF')!.inputs as Record<
      string,
      { options: unknown }
    >;
    const options = clip_name.options as (environment: typeof folders) => readonly string[];
    expect(options(folders)).toEqual(['c.gguf', 'd.safetensors']);
  });
});

describe('UnetLoaderGGUF', () => {
  const g = golden('weights', 'gguf');
  const one = g.cases.find(({ id }) => id === 'z_image_q8_0') as GoldenCase;
  const given = caseInputs(g, one);
  const load = async (type: string, inputs: Record<string, unknown> = {}) => {
    const [model] = await runNode<[Model]>(type, { unet_name: 'z.gguf', ...inputs }, context);
    return denoisedBy(await model.denoiser.evaluate(given), given);
  };

  it('computes as the original', async () => {
    expectGolden(g, one.id, one.outputs.denoised, await load('UnetLoaderGGUF'));
  });

  it('computes weights in another type on request', async () => {
    const inputs = { dequant_dtype: 'float32', patch_dtype: 'float16', patch_on_device: true };
    const { data } = await load('UnetLoaderGGUFAdvanced', inputs);
    const expected = g.float(one.outputs.denoised).data;
    const worst = Math.max(...data.map((value, i) => Math.abs(value - expected[i])));
    expect(worst).toBeGreaterThan(1e-5);
    expect(worst).toBeLessThan(1e-2);
    expect(context.warnings).toEqual([
      'patch_dtype float16 has no effect: LoRAs are computed in float32',
    ]);
  });
});

describe('text encoders in GGUF', () => {
  it('encode as those in .safetensors', async () => {
    await writeEncoder(encoders['t5.gguf'], FILES.t5, 't5', T5);
    await writeEncoder(encoders['qwen.gguf'], FILES.qwen, 'qwen3', QWEN);
    const encoded = async (node: string, inputs: Record<string, unknown>) => {
      const [clip] = await runNode<[Clip]>(node, inputs, context);
      const [conditioning] = await runNode('CLIPTextEncode', { clip, text: 'a red fox' }, context);
      return conditioning;
    };
    const qwen = { type: 'lumina2' };
    expect(await encoded('CLIPLoaderGGUF', { ...qwen, clip_name: 'qwen.gguf' })).toEqual(
      await encoded('CLIPLoader', { ...qwen, clip_name: 'qwen' }),
    );
    const pair = { clip_name1: 'clip_l', type: 'flux' };
    expect(await encoded('DualCLIPLoaderGGUF', { ...pair, clip_name2: 't5.gguf' })).toEqual(
      await encoded('DualCLIPLoader', { ...pair, clip_name2: 't5' }),
    );
    const triple = { clip_name1: 'clip_l', clip_name2: 'clip_g' };
    expect(await encoded('TripleCLIPLoaderGGUF', { ...triple, clip_name3: 't5.gguf' })).toEqual(
      await encoded('TripleCLIPLoader', { ...triple, clip_name3: 't5' }),
    );
  });
});

function write(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
}
