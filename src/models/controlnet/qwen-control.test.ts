// ControlNets of Qwen-Image in their published layout against the original: the hint, the
// residuals, alone and after another network's, and the model's prediction with them
// (test/golden/control_dit/make_qwen.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { blockMeans } from '../../../test/support/block-means.ts';
import { fixtureWeights } from '../../../test/support/dit-cases.ts';
import { noiseTensor, seededTensors } from '../../../test/support/files/rewrite.ts';
import { expectGolden, type GoldenCase, golden } from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { controlResiduals } from '../../sampling/conditioning/control.ts';
import { hintAtSize } from '../../sampling/conditioning/hint-at-size.ts';
import { maskedHint } from '../../sampling/conditioning/masked-hint.ts';
import type { ModelSampling } from '../../sampling/model/model-sampling.ts';
import type { Control } from '../../sampling/sampling-types.ts';
import { repeatToBatch, reshape, type Tensor } from '../../tensor/tensor.ts';
import { createFlux } from '../flux/network.ts';
import { inspectModel } from '../inspect/inspect-model.ts';
import { createQwenImage } from '../qwenimage/qwen-image.ts';
import type { ControlNet } from './controlnet.ts';
import { loadControlNet } from './load.ts';

const runtime = createRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-qwen-control-'));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const g = golden('control_dit', 'qwen');
const caseOf = (id: string): GoldenCase => g.cases.find((one) => one.id === id)!;

async function written({ id, params }: GoldenCase, index = 0): Promise<string> {
  const file = join(folder, `${id} ${index}.safetensors`);
  await writeSafetensors(file, seededTensors(params.nets[index].weights));
  return file;
}
const loaded = async (one: GoldenCase, index = 0): Promise<ControlNet> =>
  loadControlNet(await written(one, index), runtime);

/** The networks of a case as ControlNetApplyAdvanced chains them, the last one outermost. */
async function controlOf(one: GoldenCase): Promise<Control> {
  const { nets, masked } = one.params;
  const image = noiseTensor([1, 60, 70, 3], 4, 1, 0.5);
  const { image: hint, keptMask } = masked
    ? maskedHint(image, noiseTensor([1, 40, 30], 6, 1, 0.5))
    : { image, keptMask: undefined };
  let control: Control | undefined;
  for (const [i, { strength }] of nets.entries()) {
    const net = await loaded(one, i);
    const range = { startPercent: 0, endPercent: 1 };
    control = { net, hint, keptMask, strength, ...range, vae: blockMeans, previous: control };
  }
  return control!;
}

const sampling = { percentToSigma: (percent: number) => 1 - percent } as ModelSampling;

describe('ControlNets of Qwen-Image', () => {
  it.each(g.cases)('$id', async (one) => {
    const { id, params, outputs } = one;
    const { size, sigma, count, reference } = params;
    const control = await controlOf(one);
    const model = createQwenImage(runtime, await fixtureWeights('tiny_qwen_image'));
    const hint = await hintAtSize(control, size.at(-2), size.at(-1));
    expectGolden(g, id, outputs.hint, reshape(hint, g.tensor(outputs.hint).shape));

    const rows = (values: Tensor): Tensor => repeatToBatch(values, size[0]);
    const inputs = {
      x: noiseTensor(size, 1, 3),
      timesteps: new Float32Array(size[0]).fill(Math.fround(sigma)),
      context: rows(noiseTensor([1, 5, 64], 2, 3)),
      ...(reference && { references: { latents: [noiseTensor(reference, 5, 3)] } }),
    };
    const evaluation = { ...inputs, sigma, sampling, unet: model, conditions: 1 };
    const residuals = (await controlResiduals(control, evaluation))!;
    expect([residuals.input!.length, residuals.output.length]).toEqual([count, 0]);
    residuals.input!.slice(0, 2).forEach((residual, i) => {
      expectGolden(g, id, outputs[`input_${i}`], residual!);
    });
    expect(control.net.fits(model)).toBe(true);
    expectGolden(g, id, outputs.v, await model.evaluate({ ...inputs, control: residuals }));
  });

  it('do not fit FLUX.1, whose first layer has the same name and width', async () => {
    const net = await loaded(caseOf('odd size, a batch'));
    const flux = createFlux(runtime, await fixtureWeights('tiny_flux_dev'));
    expect(net.fits(flux)).toBe(false);
  });

  it('are described', async () => {
    const { kind, architecture } = await inspectModel(await written(caseOf('inpainting')));
    expect(`${kind}: ${architecture}`).toBe('ControlNet: Qwen-Image, inpainting, diffusers layout');
  });
});
