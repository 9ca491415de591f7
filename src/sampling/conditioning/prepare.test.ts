// Areas, masks, strengths, ranges and several prompts on the fixture checkpoint, against the
// original's latents.
import { afterAll, describe, expect, it } from 'vitest';
import { expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import { RULES } from '../../../test/support/rules.ts';
import { conditioningOf, fixtureModels, latentOf } from '../../../test/support/sampling.ts';
import { loadControlNet } from '../../models/controlnet/load.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { withDifferentialDiffusion } from '../patches/differential-diffusion.ts';
import { withDiscreteSampling } from '../patches/model-sampling-patches.ts';
import { withRescaledCfg } from '../patches/rescale-cfg.ts';
import { commonKSampler } from '../runs/ksampler.ts';
import type { Conditioning, Model } from '../sampling-types.ts';
import { applyControl, applyControlToSides } from './control.ts';
import {
  averageConditioning,
  combineConditioning,
  concatConditioning,
  setArea,
  setAreaPercentage,
  setAreaStrength,
  setMask,
  setTimestepRange,
} from './operations.ts';

const fixtures = fixtureModels();
const runtime = createRuntime({ threads: 1 });
afterAll(() => Promise.all([fixtures.close(), runtime.close()]));

const g = golden('nodes_core', 'conditioning');
const [bp, bn, bp2, blong] = ['bp', 'bn', 'bp2', 'blong'].map((name) => conditioningOf(g, name));
const mask = (name: string) => g.float(`mask/${name}`);
const area = (
  c: Conditioning,
  width: number,
  height: number,
  x: number,
  y: number,
  strength: number,
) => setArea(c, { width, height, x, y }, strength);
const percentage = (
  c: Conditioning,
  width: number,
  height: number,
  x: number,
  y: number,
  strength: number,
) => setAreaPercentage(c, { width, height, x, y }, strength);

const net = await loadControlNet(fixtureModel('tiny_controlnet_sdxl'), runtime);
const control = (hint: string, strength: number, startPercent = 0, endPercent = 1) => ({
  net,
  hint: g.float(`img/${hint}`),
  strength,
  startPercent,
  endPercent,
});
const advanced = (...steps: ReturnType<typeof control>[]): Setting => {
  const [positive, negative] = steps.reduce(
    (sides: readonly Conditioning[], step) => applyControlToSides(sides, step),
    [bp, bn],
  );
  return { positive, negative };
};

interface Setting {
  readonly positive?: Conditioning;
  readonly negative?: Conditioning;
  readonly patch?: (model: Model) => Model;
}

/** Each case as its `doc` describes it; by default with bn as negative and eps prediction. */
const SETTINGS: Readonly<Record<string, Setting>> = {
  area: { positive: combineConditioning(bp, area(bp2, 64, 64, 32, 0, 1)) },
  area_only: {
    positive: combineConditioning(area(bp, 64, 128, 0, 0, 1), area(bp2, 64, 128, 32, 0, 0.7)),
  },
  area_big: { positive: combineConditioning(bp, area(bp2, 256, 256, 40, 64, 2)) },
  area_pct: { positive: combineConditioning(bp, percentage(bp2, 0.5, 0.4, 0.3, 0.2, 1.5)) },
  // The docs of these two do not state the areas; only these reproduce the original's latent.
  area_neg: {
    positive: combineConditioning(bp, area(bp2, 64, 64, 32, 32, 1)),
    negative: combineConditioning(bn, area(bp2, 64, 64, 0, 0, 1)),
  },
  batch2: { positive: combineConditioning(bp, area(bp2, 64, 64, 0, 0, 1)) },
  mask_default: { positive: combineConditioning(setMask(bp, mask('disc'), 1, false), bp2) },
  mask_bounds: { positive: combineConditioning(setMask(bp, mask('disc'), 0.8, true), bp2) },
  mask_only_soft: { positive: setMask(bp, mask('soft'), 1.2, false) },
  strength: { positive: combineConditioning(setAreaStrength(bp, 0.3), bp2) },
  range: {
    positive: combineConditioning(setTimestepRange(bp, 0, 0.4), setTimestepRange(bp2, 0.4, 1)),
  },
  range_gap: {
    positive: combineConditioning(setTimestepRange(bp, 0, 0.3), setTimestepRange(bp2, 0.6, 1)),
  },
  combine: { positive: combineConditioning(bp, bp2) },
  concat: { positive: concatConditioning(bp, bp2) },
  long_vs_short: { positive: blong },
  average: { positive: averageConditioning(bp, bp2, 0.35) },
  inpaint_model: {},
  cn1: { positive: applyControl(bp, control('hint', 1)) },
  cn_half: { positive: applyControl(bp, control('hint2', 0.5)) },
  'cna_1.0_0.0_1.0': advanced(control('hint', 1)),
  'cna_0.8_0.2_0.7': advanced(control('hint', 0.8, 0.2, 0.7)),
  cn_stack: advanced(control('hint', 0.7), control('hint2', 0.4, 0, 0.5)),
  cn_batch: { positive: applyControl(bp, control('hint', 1)) },
  diffdiff: { patch: withDifferentialDiffusion },
  diffdiff_half: { patch: (model) => withDifferentialDiffusion(model, 0.5) },
  diffdiff_den: { patch: withDifferentialDiffusion },
  msd_v_prediction_False: { patch: (model) => withDiscreteSampling(model, 'v_prediction', false) },
  msd_v_prediction_True: { patch: (model) => withDiscreteSampling(model, 'v_prediction', true) },
  msd_eps_True: { patch: (model) => withDiscreteSampling(model, 'eps', true) },
  msd_x0_False: { patch: (model) => withDiscreteSampling(model, 'x0', false) },
  msd_lcm_False: { patch: (model) => withDiscreteSampling(model, 'lcm', false) },
  rescale_cfg: {
    patch: (model) => withRescaledCfg(model, { multiplier: 0.7, flowRescalesDenoised: true }),
  },
};

/** Cases that run elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  inpaint_cond: 'a node: nodes/packs/core/conditioning/image-conditioning-nodes.test.ts',
  ...Object.fromEntries(
    ['lora', 'lora_sd1'].map((id) => [
      id,
      'LoRA nodes: nodes/packs/core/models/lora-nodes.test.ts',
    ]),
  ),
};

it('runs or names every case', () => {
  expect([...Object.keys(SETTINGS), ...Object.keys(ELSEWHERE)].sort()).toEqual(
    g.cases.map(({ id }) => id).sort(),
  );
});

describe('conditioning', () => {
  it.each(g.cases.filter(({ id }) => id in SETTINGS))('$id', async (c) => {
    const { params, id } = c;
    const { positive = bp, negative = bn, patch = (model: Model) => model } = SETTINGS[id];
    const base = await fixtures.model('base');
    const { samples } = await commonKSampler({
      rules: RULES,
      model: patch(base),
      seed: BigInt(params.seed),
      steps: params.steps,
      cfg: params.cfg,
      samplerName: params.sampler_name,
      scheduler: params.scheduler,
      positive,
      negative,
      latent: latentOf(g, c),
      denoise: params.denoise,
    });
    expectGolden(g, id, c.outputs.samples, samples);
  });
});
