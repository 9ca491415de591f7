import { describe, expect, it } from 'vitest';
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
});
