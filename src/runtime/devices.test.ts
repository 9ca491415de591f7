// Graphs as they are transformed for other devices: float16 on the CPU against float32, WebGPU on
// SwiftShader (a Vulkan driver in software), and the errors for missing devices.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FROM_SOURCE } from '../../test/support/from-source.ts';
import { fixtureModel } from '../../test/support/golden.ts';
import { loadCheckpoint } from '../models/checkpoint/load.ts';
import { loadControlNet } from '../models/controlnet/load.ts';
import { applyLora } from '../models/lora/apply.ts';
import { openLora } from '../models/lora/file.ts';
import { toFloat16 } from '../onnx/float16.ts';
import { withoutIfNodes } from '../onnx/if-nodes.ts';
import type { Model } from '../onnx/serialize.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { CPU, type Device, openDevice, toPlainFloat16, toPlainOperators } from './devices.ts';
import { createRuntime } from './runtime.ts';

const wave = (...shape: number[]): Tensor =>
  tensor(
    shape,
    Float32Array.from({ length: shape.reduce((n, d) => n * d) }, (_, i) => Math.sin(i * 1.3)),
  );

/** Returns the outputs of the networks of a fixture checkpoint on a device. */
async function results(device: Device, model: string): Promise<Tensor[]> {
  const runtime = createRuntime({ threads: 1, device });
  const unet = (await loadCheckpoint(fixtureModel(model), runtime)).denoiser!;
  const inputs = {
    x: wave(2, 4, 8, 16),
    timesteps: Float32Array.of(999, 20),
    context: wave(2, 7, unet.contextDim),
    y: unet.admChannels > 0 ? wave(2, unet.admChannels) : undefined,
  };
  const outputs = [await unet.evaluate(inputs)];
  if (model === 'tiny_sd1')
    outputs.push(
      await unet
        .variant({
          patches: [{ kind: 'freeU', version: 2, b1: 1.3, b2: 1.4, s1: 0.9, s2: 0.2 }],
          perturbedMiddle: true,
        })
        .evaluate(inputs),
    );
  if (model === 'tiny_sdxl_base') {
    const lora = await openLora(fixtureModel('tiny_lora_sdxl'));
    outputs.push(await applyLora({ unet }, lora, { unet: 0.8, clip: 0 }).unet!.evaluate(inputs));
    const net = await loadControlNet(fixtureModel('tiny_controlnet_sdxl'), runtime);
    const hint = await net.prepareHint(wave(1, 3, 64, 128));
    outputs.push(
      await unet.evaluate({
        ...inputs,
        control: await net.evaluate({ ...inputs, hint, strength: 0.7 }),
      }),
    );
  }
  await runtime.close();
  return outputs;
}

const largest = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const difference = (a: Tensor, b: Tensor): number =>
  largest(a.data.map((value, i) => value - b.data[i])) / largest(a.data);

/** The CPU with a transform of the graphs that may compute in float16. */
const transformedCpu = (transform: (model: Model) => Model): Device => ({
  ...CPU,
  transform: (float16) => (float16 ? transform : (model) => model),
});

describe('transformed graphs', () => {
  it.each(['tiny_sd1', 'tiny_sdxl_base', 'tiny_sdxl_refiner'])(
    'of %s in float16 equal those in float32 within its precision',
    async (model) => {
      const exact = await results(CPU, model);
      const float16 = await results(
        transformedCpu((graph) => toFloat16(withoutIfNodes(graph))),
        model,
      );
      for (const [i, one] of exact.entries()) {
        expect(difference(one, float16[i])).toBeLessThan(5e-3);
        expect(difference(one, float16[i])).toBeGreaterThan(1e-6);
      }
    },
  );

  it('with plain norms and attention equal the fused ones, in float16 too', async () => {
    const exact = await results(CPU, 'tiny_sd1');
    const plain = await results(transformedCpu(toPlainOperators), 'tiny_sd1');
    const float16 = await results(transformedCpu(toPlainFloat16), 'tiny_sd1');
    for (const [i, one] of exact.entries()) {
      expect(difference(one, plain[i])).toBeLessThan(1e-5);
      expect(difference(one, float16[i])).toBeLessThan(5e-3);
    }
  });
});

/** Debian's chromium brings SwiftShader and a Vulkan loader beside it. */
const SWIFTSHADER = ['/usr/lib/chromium', '/usr/lib64/chromium-browser', '/opt/google/chrome'].find(
  (folder) => existsSync(join(folder, 'vk_swiftshader_icd.json')),
);

describe('WebGPU', () => {
  it.skipIf(SWIFTSHADER === undefined)(
    `on SwiftShader equals the CPU${SWIFTSHADER ? '' : ' (skipped: SwiftShader is not installed)'}`,
    async () => {
      const script = fileURLToPath(new URL('../../test/support/webgpu.ts', import.meta.url));
      const environment = {
        VK_ICD_FILENAMES: join(SWIFTSHADER!, 'vk_swiftshader_icd.json'),
        LD_LIBRARY_PATH: SWIFTSHADER,
      };
      const child = spawn(process.execPath, [...FROM_SOURCE, script, fixtureModel('tiny_sd1')], {
        cwd: dirname(script),
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [out, errors] = ['', ''];
      child.stdout.on('data', (part) => {
        out += part;
      });
      child.stderr.on('data', (part) => {
        errors += part;
      });
      const [code] = await once(child, 'close');
      expect(code, errors).toBe(0);
      const { precision, ...networks } = JSON.parse(out);
      expect(['fp32', 'fp16']).toContain(precision);
      expect(Object.keys(networks)).toEqual(['text', 'unet', 'picture']);
      for (const [name, { difference, value }] of Object.entries<{
        difference: number;
        value: number;
      }>(networks))
        expect(difference / value, name).toBeLessThan(
          name === 'unet' && precision === 'fp16' ? 5e-3 : 2e-5,
        );
    },
  );
});

describe('CUDA that is missing', () => {
  const works = (name: 'cuda') =>
    openDevice(name).then(
      () => true,
      () => false,
    );

  it('is an error with a hint, and `auto` opens the CPU', async ({ skip }) => {
    if (await works('cuda')) skip('CUDA works here');
    await expect(openDevice('cuda')).rejects.toMatchObject({
      code: 'DR_DEVICE_MISSING',
      message: expect.stringContaining('CUDA does not work here'),
      hint: expect.stringContaining('npm install onnxruntime-node@'),
    });
    expect((await openDevice('auto')).name).toBe('cpu');
  });
});
