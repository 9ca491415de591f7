// ControlNets of SD3 and SD3.5 in their published layouts against the original: the latent of the
// hint, the residuals, and the model's prediction with them (test/golden/control_dit/make.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { blockMeans } from '../../../test/support/block-means.ts';
import {
  noiseTensor,
  seededTensors,
  type TensorsToWrite,
} from '../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { hintAtSize } from '../../sampling/conditioning/hint-at-size.ts';
import { maskedHint } from '../../sampling/conditioning/masked-hint.ts';
import type { Control } from '../../sampling/sampling-types.ts';
import { repeatToBatch, type Tensor } from '../../tensor/tensor.ts';
import type { Denoiser } from '../denoiser.ts';
import { createDit } from '../dit/network.ts';
import { inspectModel } from '../inspect/inspect-model.ts';
import { mmdit } from '../mmdit/mmdit.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { createPrepackedStore } from '../weights/prepacked-store.ts';
import { weightsOf } from '../weights/tensors.ts';
import { loadControlNet } from './load.ts';

const runtime = createRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-transformer-control-'));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const g = golden('control_dit', 'sd3');

async function written({ id, params }: GoldenCase): Promise<string> {
  const file = join(folder, `${id}.safetensors`);
  const numbers: TensorsToWrite = Object.fromEntries(
    Object.entries(params.numbers as Record<string, number>).map(([name, value]) => [
      name,
      { dtype: 'F32', shape: [], data: Float32Array.of(value) },
    ]),
  );
  await writeSafetensors(file, { ...seededTensors(params.weights), ...numbers });
  return file;
}

async function modelOf(name: string): Promise<Denoiser> {
  const file = fixtureModel(name);
  const { tensors, close } = await openSafetensors(file);
  await close();
  return createDit(runtime, weightsOf(file, tensors, ''), mmdit);
}

describe('ControlNets of SD3', () => {
  it.each(g.cases)('$id', async (one) => {
    const { id, params, outputs } = one;
    const { size, strength, sigma } = params;
    const loaded = await loadControlNet(await written(one), runtime);
    const model = params.model ? await modelOf(params.model) : undefined;
    const net = (model && loaded.withBase?.(model)) ?? loaded;

    const image = noiseTensor([1, 60, 70, 3], 4, 1, 0.5);
    const control = {
      net,
      hint: image,
      strength,
      startPercent: 0,
      endPercent: 1,
      vae: blockMeans,
    };
    const masked = (): Partial<Control> => {
      const { image: hint, keptMask } = maskedHint(image, noiseTensor([1, 30, 50], 5, 1, 0.5));
      return { hint, keptMask };
    };
    const isMasked = params.masked && net.latentHint?.hasMask;
    const sized = await hintAtSize({ ...control, ...(isMasked && masked()) }, size[2], size[3]);
    const rows = (values: Tensor): Tensor => repeatToBatch(values, size[0]);
    expectGolden(g, id, outputs.hint, sized);

    const inputs = {
      x: noiseTensor(size, 1, 3),
      timesteps: new Float32Array(size[0]).fill(Math.fround(Math.fround(sigma) * 1000)),
      context: rows(noiseTensor([1, 20, 80], 2, 3)),
      y: rows(noiseTensor([1, 64], 3, 3)),
    };
    const residuals = await net.evaluate({
      ...inputs,
      hint: await net.prepareHint(sized),
      strength,
    });
    const names = Object.keys(outputs).filter((name) => name.startsWith('output_'));
    expect(residuals.output.length).toBe(names.length);
    residuals.output.forEach((residual, i) => {
      expectGolden(g, id, outputs[`output_${i}`], residual!);
    });
    if (!model) return;
    expect(loaded.fits(model)).toBe(true);
    expectGolden(g, id, outputs.v, await model.evaluate({ ...inputs, control: residuals }));
  });

  it.each(g.cases.filter(({ params }) => params.model))(
    '$id opens where the precision follows from the memory',
    async (one) => {
      const auto = createModelRuntime({
        threads: 1,
        precision: 'auto',
        int8Weights: createPrepackedStore({ folder: join(folder, 'int8') }),
      });
      const net = await loadControlNet(await written(one), auto);
      const model = await modelOf(one.params.model);
      // ControlNets of SD3.5 take an embedder from the model
      expect(() => net.withBase!(model)).not.toThrow();
      await auto.close();
    },
  );

  it('do not fit models of another width', async () => {
    const net = await loadControlNet(await written(g.cases[1]), runtime);
    expect(net.fits(await modelOf('tiny_sd3_medium'))).toBe(false);
    expect(net.fits({ contextDim: 768, admChannels: 0 })).toBe(false);
  });

  it('are described by their layout', async () => {
    const architecture = async (id: string): Promise<string> => {
      const file = await written(g.cases.find((one) => one.id === id)!);
      return (await inspectModel(file)).architecture;
    };
    expect(await architecture('InstantX, one block')).toBe('Stable Diffusion 3, diffusers layout');
    expect(await architecture('Stability, large')).toBe('Stable Diffusion 3, original layout');
    expect(await architecture('Alimama, a mask beside the hint')).toBe(
      'Stable Diffusion 3, inpainting, diffusers layout',
    );
  });

  it('need a VAE', async () => {
    const net = await loadControlNet(await written(g.cases[0]), runtime);
    const hint = noiseTensor([1, 60, 70, 3], 4);
    await expect(
      hintAtSize({ net, hint, strength: 1, startPercent: 0, endPercent: 1 }, 8, 8),
    ).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      message: 'the ControlNet InstantX, one block.safetensors needs a VAE, and none is connected',
    });
  });
});
