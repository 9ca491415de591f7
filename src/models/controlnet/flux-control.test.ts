// ControlNets of FLUX.1 in their published layouts against the original: the hint, the residuals,
// alone and after another network's, and the model's prediction with them
// (test/golden/control_dit/make_flux.py).
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
import { repeatToBatch, type Tensor } from '../../tensor/tensor.ts';
import { createChroma } from '../chroma/network.ts';
import type { Denoiser, DenoiserInputs } from '../denoiser.ts';
import { createFlux } from '../flux/network.ts';
import { inspectModel } from '../inspect/inspect-model.ts';
import { createQwenImage } from '../qwenimage/qwen-image.ts';
import type { ControlNet } from './controlnet.ts';
import { loadControlNet } from './load.ts';

const runtime = createRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-flux-control-'));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const g = golden('control_dit', 'flux');
const caseOf = (id: string): GoldenCase => g.cases.find((one) => one.id === id)!;

async function loaded({ id, params }: GoldenCase, index = 0): Promise<ControlNet> {
  const file = join(folder, `${id} ${index}.safetensors`);
  await writeSafetensors(file, seededTensors(params.nets[index].weights));
  return loadControlNet(file, runtime);
}

const modelOf = async (name: string): Promise<Denoiser> =>
  (name === 'tiny_chroma' ? createChroma : createFlux)(runtime, await fixtureWeights(name));

/** The networks of a case as ControlNetApplyAdvanced chains them, the last one outermost. */
async function controlOf(one: GoldenCase): Promise<Control> {
  const { nets, hints, masked } = one.params;
  const image = noiseTensor([hints, 60, 70, 3], 4, 1, 0.5);
  const { image: hint, keptMask } = masked
    ? maskedHint(image, noiseTensor([1, 40, 30], 6, 1, 0.5))
    : { image, keptMask: undefined };
  let control: Control | undefined;
  for (const [i, { kind, strength }] of nets.entries()) {
    const plain = await loaded(one, i);
    const net = kind === null ? plain : plain.withKind!(kind);
    const range = { startPercent: 0, endPercent: 1 };
    control = { net, hint, keptMask, strength, ...range, vae: blockMeans, previous: control };
  }
  return control!;
}

function inputsOf({ params }: GoldenCase): DenoiserInputs {
  const { size, sigma, model, reference } = params;
  const rows = (values: Tensor): Tensor => repeatToBatch(values, size[0]);
  const isChroma = model === 'tiny_chroma';
  return {
    x: noiseTensor(size, 1, 3),
    timesteps: new Float32Array(size[0]).fill(Math.fround(sigma)),
    context: rows(noiseTensor([1, 5, 80], 2, 3)),
    guidance: new Float32Array(size[0]).fill(isChroma ? 0 : 3.5),
    ...(!isChroma && { y: rows(noiseTensor([1, 32], 3, 3)) }),
    ...(reference && { references: { latents: [noiseTensor(reference, 5, 3)] } }),
  };
}

const sampling = { percentToSigma: (percent: number) => 1 - percent } as ModelSampling;

describe('ControlNets of FLUX.1', () => {
  it.each(g.cases)('$id', async (one) => {
    const { id, params, outputs } = one;
    const { size, sigma, counts } = params;
    const control = await controlOf(one);
    const model = await modelOf(params.model);
    expectGolden(g, id, outputs.hint, await hintAtSize(control, size[2], size[3]));

    const inputs = inputsOf(one);
    const evaluation = { ...inputs, sigma, sampling, unet: model, conditions: 1 };
    const residuals = (await controlResiduals(control, evaluation))!;
    expect([residuals.input!.length, residuals.output.length]).toEqual([
      counts.input,
      counts.output,
    ]);
    for (const kind of ['input', 'output'] as const)
      residuals[kind]!.slice(0, 3).forEach((residual, i) => {
        expectGolden(g, id, outputs[`${kind}_${i}`], residual!);
      });
    expect(control.net.fits(model)).toBe(true);
    expectGolden(g, id, outputs.v, await model.evaluate({ ...inputs, control: residuals }));
  });

  it('act in their range of the denoising only', async () => {
    const one = caseOf('two networks');
    const control = { ...(await controlOf(one)), startPercent: 0.5 };
    const evaluation = { sampling, unet: await modelOf(one.params.model), conditions: 1 };
    const at = (sigma: number) =>
      controlResiduals(control, { ...inputsOf(one), ...evaluation, sigma });
    // before its start, the network that it was applied after acts alone
    expect((await at(0.7))!.output).toEqual([]);
    expect((await at(0.4))!.output.length).toBe(38);
  });

  it('do not fit models of another kind', async () => {
    const net = await loaded(caseOf('InstantX'));
    expect(net.fits({ contextDim: 768, admChannels: 0 })).toBe(false);
    // FLUX.2 klein 4B, whose tokens are as wide
    expect(net.fits({ ...(await modelOf('tiny_flux_dev')), contextDim: 7680 })).toBe(false);
    const qwen = createQwenImage(runtime, await fixtureWeights('tiny_qwen_image'));
    expect(net.fits(qwen)).toBe(false);
  });

  it.each([
    ['InstantX', 'FLUX.1, diffusers layout'],
    ['union, canny', 'FLUX.1, union, diffusers layout'],
    ['alimama, with a mask', 'FLUX.1, inpainting, diffusers layout'],
    ['XLabs', 'FLUX.1, XLabs'],
    ['Mistoline', 'FLUX.1, Mistoline'],
  ])('%s is described as %s', async (id, architecture) => {
    const { file } = await loaded(caseOf(id));
    const report = await inspectModel(file);
    expect(report).toMatchObject({ kind: 'ControlNet', architecture });
    expect(report.memory).toBeGreaterThan(1e5);
  });

  it('know their control types', async () => {
    const union = await loaded(caseOf('union, canny'));
    expect(() => union.withKind!(8)).toThrow('supports 8 control types, number 9 was requested');
    const other = await loaded(caseOf('InstantX'));
    expect(other.withKind).toBeUndefined();
  });
});
