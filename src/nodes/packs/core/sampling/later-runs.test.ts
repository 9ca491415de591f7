// Whole runs with nodes of newer ComfyUI: caches, guidances, guiders, samplers
// (test/golden/model_patches/make_later.py). Each evaluation of the UNet is compared, too.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { noise } from '../../../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../../../test/support/golden.ts';
import { RULES } from '../../../../../test/support/rules.ts';
import { fixtureFolders, runNode, testContext } from '../../../../../test/support/run-node.ts';
import { toNHWC } from '../../../../image/channel-order.ts';
import type { ControlNet } from '../../../../models/controlnet/controlnet.ts';
import type { Denoiser } from '../../../../models/denoiser.ts';
import { setConditioningValues } from '../../../../sampling/conditioning/operations.ts';
import type { Guider } from '../../../../sampling/guiders/guider.ts';
import { randomNoise, sampleCustom } from '../../../../sampling/runs/custom.ts';
import type { ConfiguredSampler } from '../../../../sampling/samplers/sampler.ts';
import type { Conditioning, Model } from '../../../../sampling/sampling-types.ts';
import { sizeOf, type Tensor, tensor, zeros } from '../../../../tensor/tensor.ts';

const FILES: Readonly<Record<string, string>> = { sd1: 'tiny_sd1', sdxl: 'tiny_sdxl_base' };
/** Widths of the prompt's features and of the pooled ones. */
const WIDTHS: Readonly<Record<string, readonly [number, number?]>> = {
  sd1: [128],
  sdxl: [128, 64],
};

const folder = mkdtempSync(join(tmpdir(), 'darkroom-two-models-'));
/** A file of its own with the same weights, for guidance by two models. */
function copied(name: string): string {
  const target = join(folder, `${name}.safetensors`);
  copyFileSync(fixtureModel(name), target);
  return target;
}

const context = testContext({
  checkpoints: Object.fromEntries(
    Object.values(FILES).flatMap((name) => [
      [name, fixtureModel(name)],
      [`other_${name}`, copied(name)],
    ]),
  ),
  ...fixtureFolders({
    controlnet: ['tiny_controlnet_sdxl'],
    loras: ['tiny_lora_sd1', 'tiny_lora_sdxl'],
  }),
});
afterAll(async () => {
  await context.runtime.close();
  rmSync(folder, { recursive: true });
});

const made = (shape: readonly number[], seed: number, scale: number, around = 0): Tensor =>
  tensor(
    shape,
    noise(sizeOf(shape), seed, scale).map((value) => value + around),
  );

function prompt(model: string, seed: number, values: object = {}): Conditioning {
  const [width, pooled] = WIDTHS[model];
  const pooledOutput = pooled ? { pooled_output: made([1, pooled], seed + 100, 3) } : {};
  return [{ cond: made([1, 77, width], seed, 3), ...pooledOutput, ...values }];
}

/** Records sigma and number of conditions of each evaluation. */
function counted(unet: Denoiser, calls: number[][]): Denoiser {
  return {
    ...unet,
    variant: (change) => counted(unet.variant(change), calls),
    withPatchesOf: (other) => counted(unet.withPatchesOf!(other), calls),
    evaluate: (inputs) => {
      calls.push([inputs.sigma!, inputs.sides!.length]);
      return unet.evaluate(inputs);
    },
  };
}

type Patches = readonly (readonly [string, object])[];

async function patched(
  name: string,
  patches: Patches,
  calls: number[][],
  prefix = '',
): Promise<Model> {
  const checkpoint = { ckpt_name: prefix + FILES[name] };
  const [loaded] = await runNode<[Model]>('CheckpointLoaderSimple', checkpoint, context);
  let model: Model = { ...loaded, denoiser: counted(loaded.denoiser, calls) };
  for (const [node, inputs] of patches) {
    [model] = await runNode<[Model]>(node, { model, ...inputs }, context);
  }
  return model;
}

async function sidesOf({ params }: GoldenCase): Promise<Conditioning[]> {
  const { model, size, area, control, own_text } = params;
  let sides = [1, 2, 4].map((seed) => prompt(model, seed));
  if (area) sides[0] = [...sides[0], ...prompt(model, 3, { area, strength: 0.7 })];
  if (control) {
    const name = { control_net_name: 'tiny_controlnet_sdxl.safetensors' };
    const [net] = await runNode<[ControlNet]>('ControlNetLoader', name, context);
    const hint = toNHWC(made([1, 3, size[0] * 8, size[1] * 8], 9, 1, 0.5));
    sides = sides.map((side) =>
      setConditioningValues(side, {
        control: { net, hint, strength: 0.8, startPercent: 0, endPercent: control },
        control_apply_to_uncond: true,
      }),
    );
  }
  if (own_text)
    sides[0] = setConditioningValues(sides[0], {
      cross_attn_controlnet: made([1, 77 * own_text, WIDTHS[model][0]], 21, 3),
    });
  return sides;
}

async function sample(one: GoldenCase, calls: number[][]): Promise<Tensor> {
  const { params } = one;
  const { size, batch = 1, guider: type = 'CFGGuider', values = { cfg: 5 }, steps = 4 } = params;
  const model = await patched(params.model, params.patches, calls);
  const [first, second, third] = await sidesOf(one);
  const other =
    params.negative &&
    (await patched(params.model, params.negative, calls, params.other === false ? '' : 'other_'));
  const sides: Readonly<Record<string, object>> = {
    BasicGuider: { conditioning: first },
    CFGGuider: { positive: first, negative: second },
    DualCFGGuider: { cond1: first, cond2: third, negative: second },
    PerpNegGuider: { positive: first, negative: second, empty_conditioning: third },
    DualModelGuider: {
      positive: first,
      negative: params.no_negative ? undefined : second,
      model_negative: other,
    },
  };
  const [guider] = await runNode<[Guider]>(type, { model, ...sides[type], ...values }, context);
  const [sampler] = params.options
    ? await runNode<[ConfiguredSampler]>('SamplerSEEDS2', params.options)
    : await runNode<[ConfiguredSampler]>('KSamplerSelect', {
        sampler_name: params.sampler ?? 'euler',
      });
  const [sigmas] = await runNode<[Float32Array]>('BasicScheduler', {
    model,
    scheduler: params.scheduler ?? 'normal',
    steps,
    denoise: 1,
  });
  calls.length = 0;
  const { output } = await sampleCustom({
    guider,
    sampler,
    sigmas,
    noise: randomNoise(BigInt(params.seed ?? 7)),
    latent: { samples: zeros([batch, 4, ...size]) },
    rules: RULES,
  });
  return output.samples;
}

const g = golden('model_patches', 'later');

it.each(g.cases.map((one) => [one.id, one] as const))('%s', async (id, one) => {
  const calls: number[][] = [];
  if (one.outputs.samples) {
    const samples = await sample(one, calls);
    const sigmas = (list: readonly number[][]) => list.map(([s, n]) => [s.toPrecision(4), n]);
    expect(sigmas(calls)).toEqual(sigmas(one.params.calls));
    expectGolden(g, id, one.outputs.samples, samples);
  } else
    await expect(sample(one, calls)).rejects.toThrow(
      expect.objectContaining({ hint: expect.any(String) }),
    );
});
