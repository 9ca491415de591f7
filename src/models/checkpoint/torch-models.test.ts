// Networks from torch files compute the same numbers, bit for bit, as from the .safetensors files
// that these were made from.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { asTorchFile } from '../../../test/support/files/torch-file.ts';
import { fixtureModel } from '../../../test/support/golden.ts';
import { openModelFile } from '../../formats/model-file.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { loadControlNet } from '../controlnet/load.ts';
import { applyLora } from '../lora/apply.ts';
import { openLora } from '../lora/file.ts';
import { createUpscaler, loadUpscaler } from '../upscaler/load.ts';
import { loadVae } from '../vae/load.ts';
import { weightsOf } from '../weights/tensors.ts';
import { loadCheckpoint } from './load.ts';

const runtime = createRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-torch-'));
vi.stubEnv('DARKROOM_CACHE', join(folder, 'cache'));
afterAll(async () => {
  vi.unstubAllEnvs();
  await runtime.close();
  rmSync(folder, { recursive: true });
});

/** Arbitrary periodic numbers. */
const wave = (...shape: number[]): Tensor =>
  tensor(
    shape,
    Float32Array.from(
      { length: shape.reduce((n, d) => n * d, 1) },
      (_, i) => Math.sin(i * 0.7) * 0.5 + 0.5,
    ),
  );

const FORMS = {
  zip: {},
  sequential: { sequential: true },
  transposed: { transpose: true },
  compressed: { deflate: true },
} as const;
type Form = keyof typeof FORMS;
const asTorch = (name: string, form: Form): Promise<string> =>
  asTorchFile(fixtureModel(name), join(folder, `${name}.${form}.pth`), FORMS[form]);

it.each(['tiny_srvgg_x2', 'tiny_esrgan_x4_old', 'tiny_realesrgan_x2_new'])(
  '%s as .pth enlarges an image to the same',
  async (name) => {
    const image = wave(1, 21, 30, 3);
    const expected = await (await loadUpscaler(fixtureModel(name), runtime)).upscale(image);
    for (const form of Object.keys(FORMS) as Form[]) {
      const file = await asTorch(name, form);
      expect(await (await loadUpscaler(file, runtime)).upscale(image), form).toEqual(expected);
    }
    // in a larger file, tensors that are not contiguous come from the cache
    const cache = join(folder, `cache ${name}`);
    const { file, tensors, close } = await openModelFile(await asTorch(name, 'transposed'), {
      cache,
      inMemory: 0,
    });
    await close();
    expect(readdirSync(join(cache, 'torch')).length).toBe(1);
    const fresh = createRuntime({ threads: 1 });
    expect(
      await createUpscaler((prefix) => weightsOf(file, tensors, prefix), fresh).upscale(image),
    ).toEqual(expected);
    await fresh.close();
  },
);

it.each<Form>(['sequential', 'transposed'])(
  'a checkpoint as .ckpt (%s) and a LoRA as .pt compute the same',
  async (form) => {
    const outputs = async (checkpoint: string, lora: string) => {
      const { denoiser: unet, encoders, vae } = await loadCheckpoint(checkpoint, runtime);
      const opened = await openLora(lora);
      const changed = applyLora({ unet }, opened, { unet: 0.7, clip: 0 });
      expect(changed.changed).toBeGreaterThan(0);
      const inputs = {
        x: wave(1, 4, 8, 8),
        timesteps: Float32Array.of(500),
        context: wave(1, 77, unet.contextDim),
      };
      const chunk = Array.from({ length: 77 }, (_, i) => (i === 0 ? 49406 : i < 9 ? i * 7 : 49407));
      return [
        await unet.evaluate(inputs),
        await changed.unet!.evaluate(inputs),
        await encoders[0].encode([chunk], { layer: 'last', finalNorm: true, project: false }),
        await vae!.decode(wave(1, 4, 4, 4)),
        await vae!.encode(wave(1, 32, 32, 3)),
      ];
    };
    const expected = await outputs(fixtureModel('tiny_sd1'), fixtureModel('tiny_lora_sd1'));
    expect(
      await outputs(await asTorch('tiny_sd1', form), await asTorch('tiny_lora_sd1', form)),
    ).toEqual(expected);
    // not contiguous, above 16 MiB
    if (form === 'transposed') expect(readdirSync(join(folder, 'cache', 'torch')).length).toBe(1);
  },
);

it('a VAE as .pt decodes the same', async () => {
  const expected = await (await loadVae(fixtureModel('tiny_vae'), runtime)).decode(
    wave(1, 4, 4, 4),
  );
  expect(
    await (await loadVae(await asTorch('tiny_vae', 'sequential'), runtime)).decode(
      wave(1, 4, 4, 4),
    ),
  ).toEqual(expected);
});

it('a ControlNet as .pth computes the same features', async () => {
  const name = 'tiny_controlnet_sdxl';
  const hint = wave(1, 3, 64, 64);
  const features = await (await loadControlNet(fixtureModel(name), runtime)).prepareHint(hint);
  expect(
    await (await loadControlNet(await asTorch(name, 'zip'), runtime)).prepareHint(hint),
  ).toEqual(features);
});
