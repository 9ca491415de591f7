// The five nodes on flow models (Z-Image and FLUX.1 as base and as refiner) against the originals
// (test/golden/seeds_flow).
import { afterAll, describe, expect, it } from 'vitest';
import { loadDiffusionModel } from '../src/models/checkpoint/load.ts';
import { loadVae } from '../src/models/vae/load.ts';
import { behaviourOf } from '../src/nodes/versions/behaviour-changes.ts';
import { createRuntime } from '../src/runtime/runtime.ts';
import { makeModel } from '../src/sampling/model/model.ts';
import { sampleRegionsAdvanced } from '../src/sampling/runs/regional.ts';
import { runStages, twoStagePlan } from '../src/sampling/runs/two-stage.ts';
import { unsampleSigmas } from '../src/sampling/runs/unsample.ts';
import type { Conditioning, Latent, Model } from '../src/sampling/sampling-types.ts';
import { enlargeImage, resampleSegs } from '../src/segs/upscale/segs-upscale.ts';
import type { Tensor } from '../src/tensor/tensor.ts';
import {
  expectGolden,
  expectThroughBytes,
  fixtureModel,
  type Golden,
  type GoldenCase,
  golden,
} from './support/golden.ts';
import { runNode, testContext } from './support/run-node.ts';

const FILES: Readonly<Record<string, string>> = { z: 'tiny_z_image', f: 'tiny_flux_dev' };
const rules = behaviourOf('0.33.0');
const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

const contextNow = () => ({ ...testContext(), behaviour: rules });

const loaded = new Map<string, Promise<Model>>();
const modelNamed = (name: string): Promise<Model> => {
  const load = async (): Promise<Model> => {
    const model = await loadDiffusionModel(fixtureModel(FILES[name]), runtime);
    return makeModel(model.family, model.denoiser, model.prediction);
  };
  const model = loaded.get(name) ?? load();
  loaded.set(name, model);
  return model;
};
const loadTinyVae = () => loadVae(fixtureModel('tiny_ae'), runtime);

/** A prompt of a model (`p`, `n`, `p2` …) as the original encoded it. */
function prompt(g: Golden, { model }: GoldenCase['params'], name: string): Conditioning {
  const at = `cond/${model}${name}`;
  const guidance = g.conditionings[model + name].FluxGuidance;
  return [
    {
      cond: g.float(`${at}/cross`),
      ...(g.has(`${at}/pooled`) && { pooled_output: g.float(`${at}/pooled`) }),
      ...(guidance !== null && { guidance }),
    },
  ];
}

const latentOf = (g: Golden, { inputs }: GoldenCase): Latent => ({
  samples: g.float(inputs.latent),
  ...(inputs.noise_mask && { noise_mask: g.float(inputs.noise_mask) }),
});

/** The models and prompts of the two stages. */
async function stages(g: Golden, { params }: GoldenCase) {
  const model = await modelNamed(params.model);
  const negative = prompt(g, params, 'n');
  return {
    base: { model, positive: prompt(g, params, 'p'), negative },
    refiner: { model, positive: prompt(g, params, 'p2'), negative },
  };
}

/** The inputs of a two-stage node. */
async function stageInputs(g: Golden, one: GoldenCase): Promise<Record<string, unknown>> {
  const { model: _, latent, image, ...values } = one.params;
  const sides = Object.entries(await stages(g, one)).flatMap(([name, part]) =>
    Object.entries(part).map(([key, value]) => [`${name}_${key}`, value]),
  );
  return { ...Object.fromEntries(sides), ...values, noise_seed: BigInt(values.noise_seed) };
}

const cases = (group: string) => {
  const g = golden('seeds_flow', group);
  return { g, each: g.cases.map((one) => [one.id, one] as const) };
};

describe('BNK_Unsampler', () => {
  const { g, each } = cases('unsampler');
  it.each(each)('%s', async (id, one) => {
    const { model: name, latent: _, ...values } = one.params;
    const model = await modelNamed(name);
    const { steps, scheduler, sampler_name: samplerName } = values;
    const sigmas = unsampleSigmas({ sampling: model.sampling, samplerName, scheduler, steps });
    expectGolden(g, id, one.outputs.sigmas, sigmas);
    const [result] = await runNode<[Latent]>(
      'BNK_Unsampler',
      {
        model,
        positive: prompt(g, one.params, 'p'),
        negative: prompt(g, one.params, 'n'),
        ...values,
        latent_image: latentOf(g, one),
      },
      contextNow(),
    );
    expect(Object.keys(result).sort()).toEqual(one.scalars!.out_keys);
    expectGolden(g, id, one.outputs.samples, result.samples);
  });
});

describe('SeargeSDXLSampler2', () => {
  const { g, each } = cases('searge_sampler2');
  it.each(each)('%s', async (id, one) => {
    const { steps, cfg, sampler_name: samplerName, scheduler, ...params } = one.params;
    const plan = twoStagePlan({
      seed: BigInt(params.noise_seed),
      steps,
      baseRatio: params.base_ratio,
      denoise: params.denoise,
      prepSteps: params.refiner_prep_steps,
      noiseOffset: params.noise_offset,
      refinerStrength: params.refiner_strength,
    });
    const run = { ...(await stages(g, one)), steps, cfg, samplerName, scheduler, rules };
    let latent = latentOf(g, one);
    for (const [i, stage] of plan.entries()) {
      latent = await runStages([stage], latent, run);
      expectGolden(g, id, one.outputs[`ksampler${i}`], latent.samples);
    }
    const [result] = await runNode<[Latent]>(
      'SeargeSDXLSampler2',
      {
        ...(await stageInputs(g, one)),
        latent_image: latentOf(g, one),
      },
      contextNow(),
    );
    expectGolden(g, id, one.outputs.samples, result.samples);
  });
});

describe('SeargeSDXLImage2ImageSampler', () => {
  const { g, each } = cases('searge_image2image');
  it.each(each)('%s', async (id, one) => {
    const [image] = await runNode<[Tensor]>(
      'SeargeSDXLImage2ImageSampler',
      {
        ...(await stageInputs(g, one)),
        image: g.float(one.inputs.image),
        vae: await loadTinyVae(),
      },
      contextNow(),
    );
    expectGolden(g, id, one.outputs.image, image);
  });
});

type Described = readonly [samplerName: string, scheduler: string, cfg: number];
type DescribedRegion = readonly [
  mask: string,
  samplerName: string,
  scheduler: string,
  positive: string,
  cfg: number,
];

describe('RegionalSamplerAdvanced', () => {
  const { g, each } = cases('regional');
  it.each(each)('%s', async (id, one) => {
    const { params, inputs } = one;
    const [model, negative] = [await modelNamed(params.model), prompt(g, params, 'n')];
    const [samplerName, scheduler, cfg]: Described = params.base;
    const positive = prompt(g, params, 'p');
    const base = { model, cfg, samplerName, scheduler, positive, negative };
    const regions = (params.regions as DescribedRegion[]).map(([, sampler, sched, name, c], i) => ({
      mask: g.float(inputs[`mask${i}`]),
      sampler: {
        ...base,
        samplerName: sampler,
        scheduler: sched,
        cfg: c,
        positive: prompt(g, params, name),
      },
    }));
    const passes: { readonly name: string; readonly latent: Latent }[] = [];
    const result = await sampleRegionsAdvanced({
      rules,
      base,
      regions,
      seed: BigInt(params.noise_seed),
      steps: params.steps,
      latent: latentOf(g, one),
      startAtStep: params.start_at_step,
      endAtStep: params.end_at_step,
      addNoise: params.add_noise,
      returnWithLeftoverNoise: params.return_with_leftover_noise,
      overlap: params.overlap_factor,
      restoreLatent: params.restore_latent,
      recovery: { mode: params.mode, samplerName: params.sampler, ratio: params.ratio },
      afterPass: ({ step, pass, latent }) =>
        passes.push({ name: `${pass ? `r${pass - 1}` : 'base'}_${step}_${step + 1}`, latent }),
    });
    expect(passes.length).toBeGreaterThan(0);
    for (const [i, { name, latent }] of passes.entries()) {
      const call = `call${String(i).padStart(2, '0')}_${name}`;
      expectGolden(g, id, one.outputs[call], latent.samples);
    }
    expectGolden(g, id, one.outputs.samples, result.samples);
  });
});

describe('SEGSUpscaler', () => {
  const { g, each } = cases('segs_upscaler');
  it.each(each)('%s', async (id, one) => {
    const { params, inputs, outputs, scalars } = one;
    const image = g.float(inputs.image);
    const [, height, width] = image.shape;
    type Box = [number, number, number, number];
    const segs = (scalars!.segs as { crop_region: Box; bbox: Box; label: string }[]).map(
      ({ crop_region: cropRegion, bbox, label }, i) => ({
        croppedMask: g.float(inputs[`seg${i}_mask`]),
        confidence: 1,
        cropRegion,
        bbox,
        label,
      }),
    );
    const factor = params.rescale_factor;
    const enlarged = await enlargeImage(image, {
      factor,
      supersample: params.supersample === 'true',
    });
    expectGolden(g, id, outputs.upscaled, enlarged);
    const segments: Tensor[] = [];
    const result = await resampleSegs(
      enlarged,
      { height, width, segs },
      {
        rules,
        sampler: {
          model: await modelNamed(params.model),
          seed: BigInt(params.seed),
          steps: params.steps,
          cfg: params.cfg,
          samplerName: params.sampler_name,
          scheduler: params.scheduler,
          positive: prompt(g, params, 'p'),
          negative: prompt(g, params, 'n'),
          denoise: params.denoise,
        },
        vae: await loadTinyVae(),
        feather: params.feather,
        noiseMaskFeather: params.noise_mask_feather,
        inpaintModel: params.inpaint_model,
        onSegment: (_done, _total, sampled) => sampled && segments.push(sampled),
      },
    );
    const inBytes = segments.some(({ shape }) => shape[1] % 8 || shape[2] % 8);
    const compare = inBytes ? expectThroughBytes : expectGolden;
    for (const [i, segment] of segments.entries()) compare(g, id, outputs[`enhanced${i}`], segment);
    compare(g, id, outputs.image, result);
  });
});
