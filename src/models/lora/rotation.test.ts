// A whole UNet with OFT, BOFT and GLoRA on its layers. The tensors are noise() with the seeds
// below.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { noise } from '../../../test/support/files/rewrite.ts';
import { fixtureModel } from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { loadCheckpoint } from '../checkpoint/load.ts';
import { applyLora } from './apply.ts';
import { openLora } from './file.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-rotation-'));
const runtime = createRuntime({ threads: 1 });
afterAll(async () => {
  await runtime.close();
  rmSync(root, { recursive: true });
});

const made = (shape: readonly number[], seed: number): Tensor => ({
  shape,
  data: noise(sizeOf(shape), seed, 3),
});
const LAYERS = {
  'input_blocks_1_0_in_layers_2.oft_blocks': made([8, 4, 4], 11),
  'input_blocks_1_0_in_layers_2.alpha': { shape: [], data: Float32Array.of(2) },
  'input_blocks_4_1_proj_in.oft_blocks': made([2, 8, 8, 8], 12),
  'input_blocks_4_1_proj_in.alpha': { shape: [], data: Float32Array.of(3) },
  'output_blocks_3_1_proj_out.a1.weight': made([64, 2], 13),
  'output_blocks_3_1_proj_out.a2.weight': made([2, 64], 14),
  'output_blocks_3_1_proj_out.b1.weight': made([64, 2], 15),
  'output_blocks_3_1_proj_out.b2.weight': made([2, 64], 16),
  'output_blocks_3_1_proj_out.alpha': { shape: [], data: Float32Array.of(0.5) },
};

// ComfyUI 0.33.0: UNetModel(**config)(x, t, context, y).flatten()[[0, 50, 100, 200, 383]] of
// tiny_sdxl_base, its weights after load_lora and calculate_weight with this strength
it.each([
  [1, [-0.816208, -0.198247, 1.052024, 0.11357, -1.064621]],
  [0.6, [-0.790843, -0.061531, 1.190619, 0.116099, -1.002897]],
])('predicts as ComfyUI’s at the strength %s', async (strength, expected) => {
  const file = join(root, 'lora.safetensors');
  await writeSafetensors(
    file,
    Object.fromEntries(
      Object.entries(LAYERS).map(([name, t]) => [`lora_unet_${name}`, { dtype: 'F32', ...t }]),
    ),
  );
  const { denoiser: unet } = await loadCheckpoint(fixtureModel('tiny_sdxl_base'), runtime);
  const result = applyLora({ unet }, await openLora(file), { unet: strength, clip: 0 });
  expect(result).toMatchObject({ changed: 3, unmatched: [], shapeMismatches: [], refused: [] });
  const { data } = await result.unet!.evaluate({
    x: made([1, 4, 8, 12], 1),
    timesteps: Float32Array.of(600),
    context: made([1, 77, 128], 2),
    y: made([1, 1600], 3),
  });
  const got = [0, 50, 100, 200, 383].map((i) => data[i]);
  for (const [i, value] of expected.entries()) expect(got[i]).toBeCloseTo(value, 5);
});
