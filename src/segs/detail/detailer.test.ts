// Detailers compared with the original's own source: the image, each segment before and after,
// hooks, refiner, and the orders and prompts of segments.
import { afterAll, describe, expect, it } from 'vitest';
import {
  expectThroughBytes,
  fixtureModel,
  type GoldenCase,
  golden,
  type Params,
} from '../../../test/support/golden.ts';
import { RULES } from '../../../test/support/rules.ts';
import { conditioningOf, fixtureModels } from '../../../test/support/sampling.ts';
import { loadCheckpoint } from '../../models/checkpoint/load.ts';
import { pythonRandom } from '../../random/python-random.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import { map } from '../../tensor/tensor.ts';
import { parseSegmentPrompts } from '../../text/segment-prompts.ts';
import type { DetailerHook } from '../hooks.ts';
import type { Segs } from '../segs.ts';
import { detailForEach, detailSegs, type SegsDetailerSettings } from './detailer.ts';
import {
  combineDetailerHooks,
  cycleDenoiseHook,
  cycleNoiseHook,
  cycleUnsamplingHook,
  variationNoiseHook,
} from './detailer-hooks.ts';

const models = fixtureModels();
const runtime = createRuntime({ threads: 1 });
afterAll(async () => {
  await models.close();
  await runtime.close();
});

const g = golden('segs', 'detailers');

const HOOKS: Record<string, (base: Model, ...values: never[]) => DetailerHook> = {
  denoise: (_base, target: number) => cycleDenoiseHook(target),
  variation: (_base, seed: number, strength: number) => variationNoiseHook(BigInt(seed), strength),
  noise: (_base, seed: number, start: number, end: number, fromStart: boolean) =>
    cycleNoiseHook({ seed: BigInt(seed), start, end }, fromStart),
  unsample: (model, steps: number, start: number, end: number, fromStart: boolean) =>
    cycleUnsamplingHook(
      {
        model,
        steps,
        start,
        end,
        cfg: 1,
        samplerName: 'euler',
        scheduler: 'normal',
        normalize: false,
        positive: conditioningOf(g, 'bp'),
        negative: conditioningOf(g, 'bn'),
      },
      fromStart,
    ),
  combine: (base, first: unknown[], second: unknown[]) =>
    combineDetailerHooks(hookOf(base, first)!, hookOf(base, second)!),
  times: (_base, factor: number) => ({
    postPaste: (image) => map(image, (value) => value * Math.fround(factor)),
  }),
};

const hookOf = (base: Model, spec: unknown): DetailerHook | undefined => {
  if (!spec) return undefined;
  const [kind, ...values] = spec as [string, ...never[]];
  return HOOKS[kind](base, ...values);
};

const segsOf = ({ params, inputs }: GoldenCase): Segs => ({
  height: 64,
  width: 80,
  segs: params.segs.map(({ crop_region, bbox, label, confidence }: Params, i: number) => ({
    croppedMask: g.float(inputs[`seg${i}_mask`]),
    croppedImage: inputs[`seg${i}_image`] && g.float(inputs[`seg${i}_image`]),
    cropRegion: crop_region,
    bbox,
    label,
    confidence,
  })),
});

async function settingsOf({ params: p }: GoldenCase): Promise<SegsDetailerSettings> {
  const model = await models.model('base');
  const { vae } = await loadCheckpoint(fixtureModel('tiny_sdxl_base'), runtime);
  const mask = p.cond_mask
    ? { mask: g.float('cond_mask'), set_area_to_bounds: false, mask_strength: 0.8 }
    : {};
  return {
    rules: RULES,
    sampler: {
      model,
      positive: conditioningOf(g, 'bp').map((entry) => ({ ...entry, ...mask })),
      negative: conditioningOf(g, 'bn'),
      seed: BigInt(p.seed),
      steps: p.steps,
      cfg: p.cfg,
      samplerName: p.sampler_name,
      scheduler: p.scheduler,
      denoise: p.denoise,
    },
    vae: vae!,
    guideSize: p.guide_size,
    guideSizeForBbox: p.guide_size_for_bbox,
    maxSize: p.max_size,
    forceInpaint: p.force_inpaint,
    cycle: p.cycle,
    inpaintModel: p.inpaint_model,
    noiseMaskFeather: p.noise_mask_feather,
    noiseMask: p.noise_mask,
    hook: hookOf(model, p.hook),
    refiner:
      p.refiner_ratio === null
        ? undefined
        : {
            model: await models.model('refiner'),
            positive: conditioningOf(g, 'rp'),
            negative: conditioningOf(g, 'rn'),
            ratio: p.refiner_ratio,
          },
    encodePrompt: async (_text, model) => ({ model, positive: conditioningOf(g, 'bp2') }),
  };
}

describe('segs/detailers', () => {
  const image = g.float('picture');
  const casesOf = (node: string) =>
    g.cases.filter((c) => c.params.node === node).map((c) => [c.id, c] as const);

  it.each(casesOf('DetailerForEach'))('%s', async (id, goldenCase) => {
    const { params, outputs, scalars } = goldenCase;
    const prompts = parseSegmentPrompts(params.wildcard, pythonRandom(0));
    const result = await detailForEach(image, segsOf(goldenCase), {
      ...(await settingsOf(goldenCase)),
      feather: params.feather,
      prompts,
    });
    expect(result.segs.segs.map(({ label }) => label)).toEqual(scalars!.labels);
    expect(result.segs.segs.map(({ croppedImage }) => croppedImage !== undefined)).toEqual(
      scalars!.drawn,
    );
    const { cropped, enhanced, enhancedAlpha } = result;
    const [croppedCount, enhancedCount, alphaCount] = scalars!.counts;
    expect(cropped).toHaveLength(croppedCount);
    expect(enhanced).toHaveLength(enhancedCount);
    expect(enhancedAlpha).toHaveLength(alphaCount);
    // segments pass through 8 bits, where a difference in the last place can move a value to the
    // next level
    for (const [kind, segments] of Object.entries({ cropped, enhanced, alpha: enhancedAlpha }))
      for (const [i, segment] of segments.entries())
        if (outputs[`${kind}${i}`]) expectThroughBytes(g, id, outputs[`${kind}${i}`], segment);
    if (outputs.image) expectThroughBytes(g, id, outputs.image, result.image);
  });

  it.each(casesOf('SEGSDetailer'))('%s', async (id, goldenCase) => {
    const { segs } = await detailSegs(
      image,
      segsOf(goldenCase),
      await settingsOf(goldenCase),
      goldenCase.params.batch_size,
    );
    expect(segs.segs.length).toBe(goldenCase.scalars!.count);
    for (const [i, { croppedImage }] of segs.segs.entries()) {
      const name = goldenCase.outputs[`seg${i}_image`];
      expect(croppedImage !== undefined, `${id} ${i}`).toBe(name !== undefined);
      if (croppedImage) expectThroughBytes(g, id, name, croppedImage);
    }
  });
});
