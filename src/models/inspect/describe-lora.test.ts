import { describe, expect, it } from 'vitest';
import { fixtureModel } from '../../../test/support/golden.ts';
import { openLora } from '../lora/file.ts';
import { describeLora } from './describe-lora.ts';

const lora = (shapes: Readonly<Record<string, readonly number[]>>) =>
  describeLora(new Map(Object.entries(shapes).map(([name, shape]) => [name, { shape }])));

describe('describeLora', () => {
  it('names family, kind, rank, layers and targets', () => {
    const description = lora({
      'lora_unet_a_attn2_to_k.lora_down.weight': [16, 2048],
      'lora_unet_a_attn2_to_k.lora_up.weight': [640, 16],
      'lora_te1_b.lora_down.weight': [16, 768],
      'lora_te1_b.lora_up.weight': [768, 16],
    });
    expect(description).toBe('SDXL, LoRA of rank 16, 2 layers, for UNet and text encoders');
  });

  it('gives the range of several ranks', () => {
    const description = lora({
      'lora_unet_a.lora_down.weight': [4, 320],
      'lora_unet_b.lora_down.weight': [8, 320],
    });
    expect(description).toBe('LoRA of rank 4 to 8, 2 layers, for UNet');
  });

  it('distinguishes LoHa and DoRA from LoRA', () => {
    expect(lora({ 'lora_unet_a.hada_w1_a': [8, 4], 'lora_unet_a.hada_w1_b': [4, 8] })).toBe(
      'LoHa of rank 4, 1 layers, for UNet',
    );
    expect(lora({ 'lora_unet_a.dora_scale': [8, 1], 'lora_unet_a.lora_down.weight': [4, 8] })).toBe(
      'DoRA and LoRA of rank 4, 1 layers, for UNet',
    );
  });

  it('recognises GLoRA, OFT and BOFT', () => {
    expect(lora({ 'lora_unet_a.a1.weight': [320, 8], 'lora_unet_a.a2.weight': [8, 320] })).toBe(
      'GLoRA of rank 8, 1 layers, for UNet',
    );
    expect(lora({ 'lora_unet_a.oft_blocks': [8, 40, 40] })).toBe('OFT or BOFT, 1 layers, for UNet');
  });

  it('describes files of differences without ranks', () => {
    expect(lora({ 'diffusion_model.out.2.diff': [4, 320, 3, 3] })).toBe('differences, for UNet');
  });

  it.each([
    ['lora_flux_dev_kohya', 'FLUX.1, LoRA of rank 3, 5 layers, for transformer'],
    ['lora_flux_dev_peft', 'FLUX.1 or Chroma, LoRA of rank 3, 8 layers, for transformer'],
    ['lora_klein_peft', 'FLUX.2, LoRA of rank 3, 4 layers, for transformer'],
    ['lora_chroma_kohya', 'FLUX.1 or Chroma, LoRA of rank 3, 2 layers, for transformer'],
    ['lora_sd35_kohya', 'Stable Diffusion 3, LoRA of rank 3, 2 layers, for transformer'],
    ['lora_z_image_peft', 'Z-Image or Lumina 2, LoRA of rank 3, 6 layers, for transformer'],
    ['lora_lumina2_diff', 'Z-Image or Lumina 2, differences, for transformer'],
  ])('names the family of transformers: %s', async (name, description) => {
    const { tensors } = await openLora(fixtureModel(name));
    expect(describeLora(tensors)).toBe(description);
  });

  it.each([
    ['FLUX.1', 'lora_unet_double_blocks_0_img_mod_lin.lora_down.weight', 3072],
    ['FLUX.1 or Chroma', 'transformer.single_transformer_blocks.3.attn.to_q.lora_A.weight', 3072],
    ['FLUX.1 or Chroma', 'double_blocks.0.processor.qkv_lora1.down.weight', 3072],
    ['FLUX.1', 'single_blocks.3.modulation.lin.lora_A.weight', 3072],
    ['Chroma', 'lora_unet_distilled_guidance_layer_layers_0_in_layer.lora_down.weight', 5120],
    ['FLUX.2', 'transformer.single_transformer_blocks.0.attn.to_qkv_mlp_proj.lora_A.weight', 3072],
    ['FLUX.2', 'diffusion_model.double_blocks.0.img_attn.qkv.lora_A.weight', 4096],
    ['Stable Diffusion 3', 'transformer.transformer_blocks.0.attn.to_q.lora_A.weight', 1536],
    [
      'Stable Diffusion 3',
      'lora_transformer_transformer_blocks_0_attn_to_q.lora_down.weight',
      2432,
    ],
    ['FLUX.1 or Qwen-Image', 'transformer.transformer_blocks.0.attn.to_q.lora_A.weight', 3072],
    ['Qwen-Image', 'lora_unet_transformer_blocks_0_img_mlp_net_0_proj.lora_down.weight', 3072],
    ['Anima', 'lora_unet_blocks_0_cross_attn_q_proj.lora_down.weight', 2048],
    ['Krea 2', 'transformer.transformer_blocks.0.attn.to_gate.lora_A.weight', 6144],
    ['Krea 2', 'lora_unet_blocks_0_attn_wq.lora_down.weight', 6144],
    ['FLUX.2 or Krea 2', 'transformer.transformer_blocks.0.attn.to_q.lora_A.weight', 6144],
    ['Z-Image', 'diffusion_model.layers.0.attention.to_q.lora_A.weight', 3840],
    ['Lumina 2', 'lora_unet_layers_0_attention_qkv.lora_down.weight', 2304],
    [
      'Wan or a video model built like it',
      'diffusion_model.blocks.0.self_attn.q.lora_A.weight',
      1536,
    ],
  ])('recognises %s by the layer %s of width %i', (family, name, width) => {
    expect(lora({ [name]: [16, width] })).toBe(
      `${family}, LoRA of rank 16, 1 layers, for transformer`,
    );
  });

  it.each([
    ['FLUX.2', 9 * 3072],
    ['FLUX.1 or Chroma', 7 * 3072],
  ])('recognises %s by the outputs of a layer that both have: %i', (family, outputs) => {
    const tensors = {
      'lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight': [16, 3072],
      'lora_unet_single_blocks_3_linear1.lora_up.weight': [outputs, 16],
    };
    expect(lora(tensors)).toBe(`${family}, LoRA of rank 16, 1 layers, for transformer`);
  });
});
