import { expect, it } from 'vitest';
import { fixtureModel } from '../../../test/support/golden.ts';
import { identifyModel, inspectModel } from './inspect-model.ts';

it.each([
  ['tiny_flux_dev_fp8_scaled_old', 'safetensors', /, fp8 scaled$/],
  ['tiny_flux_dev_fp8_mixed', 'safetensors', /, fp8 scaled$/],
  ['tiny_flux_dev_fp8_e4m3fn', 'safetensors', /, fp8$/],
  ['tiny_z_image_int8_convrot', 'safetensors', /^Z-Image.*, int8 \(ConvRot\)$/],
  ['tiny_z_image_q8_0', 'gguf', /^Z-Image.*, GGUF Q8_0$/],
  ['tiny_z_image', 'safetensors', /^Z-Image(?!.*(fp8|int8|GGUF))/],
])('says how the weights of %s are quantised', async (name, format, architecture) => {
  expect(await identifyModel(fixtureModel(name, format))).toEqual({
    kind: expect.stringMatching(/diffusion model|checkpoint/),
    architecture: expect.stringMatching(architecture),
  });
});

it('lists the types of blocks', async () => {
  const report = await inspectModel(fixtureModel('tiny_z_image_q8_0', 'gguf'));
  expect(report.format).toBe('GGUF');
  expect(report.precisions.map(({ dtype }) => dtype)).toContain('Q8_0');
  expect(report.memory).toBeGreaterThan(0);
});
