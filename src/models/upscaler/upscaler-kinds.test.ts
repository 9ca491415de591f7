// Upscalers are recognised by their tensors; for other files an error is thrown.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import { upscalerArchitecture } from './upscaler-kinds.ts';

/** Any existing file: only names and shapes are read. */
const existingFile = fileURLToPath(import.meta.url);

const file = (shapes: Readonly<Record<string, readonly number[]>>) => {
  const infos = Object.entries(shapes).map(
    ([name, shape]) => [name, { dtype: 'F32', shape, offset: 0, byteLength: 0 }] as const,
  );
  return (prefix: string): Weights => weightsOf(existingFile, new Map(infos), prefix);
};

/** Real-ESRGAN by its input and output channels and the number of upsamplings. */
const realEsrgan = (
  first: number,
  last: number,
  ups: number,
): Record<string, readonly number[]> => ({
  'conv_first.weight': [64, first, 3, 3],
  'body.0.rdb1.conv1.weight': [32, 64, 3, 3],
  ...Object.fromEntries(
    Array.from({ length: ups }, (_, i) => [`conv_up${i + 1}.weight`, [64, 64, 3, 3]]),
  ),
  'conv_last.weight': [last, 64, 3, 3],
});

/** Real-ESRGAN Compact by its input and output channels. */
const compact = (colours: number, last: number): Record<string, readonly number[]> => ({
  'body.0.weight': [64, colours, 3, 3],
  'body.1.weight': [64],
  'body.2.weight': [last, 64, 3, 3],
});

describe('upscalerArchitecture', () => {
  it.each([
    { name: 'two upsamplings', shapes: realEsrgan(3, 3, 2), scale: 4 },
    { name: 'three upsamplings', shapes: realEsrgan(3, 3, 3), scale: 8 },
    { name: 'no upsampling', shapes: realEsrgan(3, 3, 0), scale: 1 },
    { name: 'a pixel-unshuffle of 2', shapes: realEsrgan(12, 3, 2), scale: 2 },
    { name: 'a pixel-unshuffle of 4', shapes: realEsrgan(48, 3, 2), scale: 1 },
    { name: 'Compact with 48 channels', shapes: compact(3, 48), scale: 4 },
    { name: 'Compact with 27 channels', shapes: compact(3, 27), scale: 3 },
    { name: 'Compact with 3 channels', shapes: compact(3, 3), scale: 1 },
  ])('reads the scale $scale from the shapes of $name', ({ shapes, scale }) => {
    expect(upscalerArchitecture(file(shapes)).scale).toBe(scale);
  });

  it('throws for other channels than 3 to 3, and for scales below 1', () => {
    for (const shapes of [
      realEsrgan(1, 1, 2),
      realEsrgan(3, 1, 2),
      realEsrgan(48, 3, 1),
      compact(1, 16),
      compact(3, 7),
    ])
      expect(() => upscalerArchitecture(file(shapes))).toThrow(
        expect.objectContaining({ code: 'DR_MODEL_UNSUPPORTED' }),
      );
  });

  it.each([
    [
      'SwinIR',
      {
        'conv_first.weight': [180, 3, 3, 3],
        'layers.0.residual_group.blocks.0.attn.relative_position_index': [64, 64],
      },
    ],
    ['HAT', { 'layers.0.residual_group.blocks.0.conv_block.cab.0.weight': [60, 180, 3, 3] }],
    ['DAT', { 'params.layers.0.blocks.0.attn.attns.0.pos.pos_proj.weight': [1, 2] }],
    ['OmniSR', { 'residual_layer.0.residual_layer.0.layer.0.fn.0.weight': [64, 64, 1, 1] }],
    ['SPAN', { 'params_ema.block_1.c1_r.sk.weight': [48, 48, 1, 1] }],
  ])('throws for %s and names it', (name, shapes) => {
    expect(() => upscalerArchitecture(file(shapes))).toThrow(`kinds.test.ts is a ${name} model`);
  });

  it('throws for unknown tensors', () => {
    expect(() => upscalerArchitecture(file({ 'a.weight': [1] }))).toThrow(
      'is not a known upscale model',
    );
  });
});
