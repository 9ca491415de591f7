// T2I-Adapters, union ControlNets, control LoRAs and files of differences against the original's
// modules (test/golden/control), with weights generated from the same seeds.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noise, seededTensors, type TensorsToWrite } from '../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
  type Params,
} from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { commonUpscale } from '../../image/resize/common-upscale.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { loadCheckpoint } from '../checkpoint/load.ts';
import type { ControlResiduals, Denoiser } from '../denoiser.ts';
import { loadControlNet } from './load.ts';

const g = golden('control', 'kinds');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-control-'));
const runtime = createRuntime({ threads: 2 });
let unet: Denoiser;
beforeAll(async () => {
  unet = (await loadCheckpoint(fixtureModel('tiny_sdxl_base'), runtime)).denoiser;
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true, force: true });
});

const randomTensor = (shape: readonly number[], seed: number, scale = 3, mean = 0): Tensor => {
  const count = shape.reduce((n, d) => n * d, 1);
  return tensor(
    shape,
    mean === 0 ? noise(count, seed, scale) : noise(count, seed, scale).map((v) => v + mean),
  );
};

const write = async (name: string, tensors: TensorsToWrite): Promise<string> => {
  const file = join(folder, `${name}.safetensors`);
  await writeSafetensors(file, tensors);
  return file;
};

const latents = {
  x: randomTensor([1, 4, 10, 12], 1),
  context: randomTensor([1, 77, 128], 2),
  y: randomTensor([1, 1600], 3),
  timesteps: Float32Array.of(600),
};
const hintOf = (n: number, [height, width]: readonly number[]): Tensor =>
  randomTensor([n, 3, height, width], 4, 1, 0.5);

function expectResiduals(
  { id, outputs }: GoldenCase,
  { input, output, middle }: ControlResiduals,
): void {
  const residuals = new Map<string, Tensor>();
  for (const [i, value] of (input ?? []).entries()) if (value) residuals.set(`input_${i}`, value);
  for (const [i, value] of output.entries()) if (value) residuals.set(`output_${i}`, value);
  if (middle) residuals.set('middle_0', middle);
  expect([...residuals.keys()].sort()).toEqual(
    Object.keys(outputs)
      .filter((name) => name !== 'unet')
      .sort(),
  );
  for (const [name, value] of residuals) expectGolden(g, id, outputs[name], value);
}

const casesOf = (kind: string): GoldenCase[] =>
  g.cases.filter(({ params }) => params.kind === kind);

it('covers all kinds of golden cases', () => {
  expect(new Set(g.cases.map(({ params }) => params.kind))).toEqual(
    new Set(['adapter', 'union', 'lora', 'difference']),
  );
});

describe('T2I-Adapter', () => {
  it.each(casesOf('adapter'))('$id', async (c) => {
    const { weights, strength, size } = c.params as Params;
    const net = await loadControlNet(await write(c.id, seededTensors(weights)), runtime);
    const xl = c.id.endsWith('XL');
    expect(net).toMatchObject({ adapter: true, factor: 8, multiple: xl ? 16 : 8 });
    expect(net.fits({ contextDim: 2048, admChannels: 2816 })).toBe(xl);
    expect(net.fits({ contextDim: 768, admChannels: 0 })).toBe(!xl);
    const hint = await net.prepareHint(hintOf(2, size));
    const zeros = {
      x: randomTensor([2, 4, 1, 1], 1),
      timesteps: Float32Array.of(1, 1),
      context: randomTensor([2, 1, 1], 1),
    };
    expectResiduals(c, await net.evaluate({ ...zeros, hint, strength }));
    if (!xl) return;
    // the original resizes an image of another size to that of the latents
    const control = await net.evaluate({
      ...latents,
      hint: await net.prepareHint(
        commonUpscale(hintOf(2, size), { width: 96, height: 80 }, 'nearest-exact', 'center'),
      ),
      strength,
    });
    const first = (t: Tensor | null) =>
      t && { shape: [1, ...t.shape.slice(1)], data: t.data.slice(0, t.data.length / 2) };
    const firstItem = {
      input: control.input!.map(first),
      output: [],
      middle: first(control.middle),
    };
    expectGolden(g, c.id, c.outputs.unet, await unet.evaluate({ ...latents, control: firstItem }));
  });

  it('returns the same residuals for diffusers names', async () => {
    for (const [id, rename] of [
      [
        'adapter full',
        (name: string) =>
          name.replace(/^body\.(\d)\.(in_conv)?/, (_, i, conv) =>
            conv
              ? `body.${Math.floor(i / 2)}.in_conv`
              : `body.${Math.floor(i / 2)}.resnets.${i % 2}.`,
          ),
      ],
      ['adapter light', (name: string) => name.replace(/^(body\.\d)\.body\.(\d)/, '$1.resnets.$2')],
    ] as const) {
      const c = casesOf('adapter').find((candidate) => candidate.id === id)!;
      const tensors = Object.entries(seededTensors(c.params.weights)).map(([name, value]) => [
        `adapter.${rename(name)}`,
        value,
      ]);
      const net = await loadControlNet(
        await write(`${id} d`, Object.fromEntries(tensors)),
        runtime,
      );
      const hint = await net.prepareHint(hintOf(2, c.params.size));
      expectResiduals(c, await net.evaluate({ ...latents, hint, strength: c.params.strength }));
    }
  });
});

describe('ControlNets', () => {
  const hint = () => hintOf(1, [80, 96]);

  it.each(casesOf('union'))('$id', async (c) => {
    const file = await write('union', seededTensors(c.params.weights));
    const auto = await loadControlNet(file, runtime);
    const net = auto.withKind!(c.params.type ?? undefined);
    expectResiduals(
      c,
      await net.evaluate({ ...latents, hint: await net.prepareHint(hint()), strength: 1 }),
    );
    expect(() => auto.withKind!(6)).toThrow(expect.objectContaining({ code: 'DR_INPUT_INVALID' }));
  });

  it.each(casesOf('lora'))('$id', async (c) => {
    const net = await loadControlNet(await write('lora', seededTensors(c.params.weights)), runtime);
    expect(net.fits(unet)).toBe(true);
    expect(net.fits({ contextDim: 768, admChannels: 0 })).toBe(false);
    const prepared = await net.prepareHint(hint());
    expectResiduals(
      c,
      await net.withBase!(unet).evaluate({ ...latents, hint: prepared, strength: 1 }),
    );
  });

  it.each(casesOf('difference'))('$id', async (c) => {
    const tensors: TensorsToWrite = {
      difference: { dtype: 'F32', shape: [0], data: new Float32Array() },
    };
    for (const [name, value] of Object.entries(seededTensors(c.params.weights)))
      tensors[name] = { ...value, dtype: 'F16' };
    const file = await write('difference', tensors);
    await expect(loadControlNet(file, runtime)).rejects.toMatchObject({
      hint: expect.stringContaining('DiffControlNetLoader'),
    });
    const net = await loadControlNet(file, runtime, unet);
    expectResiduals(
      c,
      await net.evaluate({ ...latents, hint: await net.prepareHint(hint()), strength: 1 }),
    );
  });
});
