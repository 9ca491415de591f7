// Errors for model files of the wrong kind, and for files that lack a tensor.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureModel } from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { tensor } from '../../tensor/tensor.ts';
import { loadVae } from '../vae/load.ts';
import { loadCheckpoint } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-wrong-file-'));
const runtime = createRuntime({ threads: 1 });
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});
const unsupported = (message: string) => ({
  code: 'DR_MODEL_UNSUPPORTED',
  message: expect.stringContaining(message),
});

describe('a LoRA', () => {
  const file = join(folder, 'lora.safetensors');
  beforeAll(() =>
    writeSafetensors(file, {
      'lora_unet.down.weight': {
        dtype: 'F32',
        shape: [2, 2],
        data: Float32Array.of(1, 2, 3, -0.5),
      },
    }),
  );

  it('is refused as a checkpoint', async () => {
    await expect(loadCheckpoint(file, runtime)).rejects.toMatchObject(
      unsupported('lora.safetensors'),
    );
  });

  it('is refused as a VAE', async () => {
    await expect(loadVae(file, runtime)).rejects.toMatchObject(unsupported('lora.safetensors'));
  });
});

it('a file that lacks a tensor is refused with the name of the tensor', async () => {
  const bytes = readFileSync(fixtureModel('tiny_vae'));
  const headerSize = Number(bytes.readBigUInt64LE(0));
  const header = bytes
    .subarray(8, 8 + headerSize)
    .toString('utf8')
    .replace('decoder.norm_out.bias', 'decoder.norm_out.bios');
  const file = join(folder, 'part.safetensors');
  const rest = bytes.subarray(8 + headerSize);
  writeFileSync(file, Buffer.concat([bytes.subarray(0, 8), Buffer.from(header), rest]));
  const vae = await loadVae(file, runtime);
  const latents = tensor([1, 4, 4, 4], new Float32Array(64));
  await expect(vae.decode(latents)).rejects.toMatchObject(unsupported('decoder.norm_out.bias'));
});
