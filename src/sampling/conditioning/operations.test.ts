// Conditioning nodes on the fixture CLIPs against text/nodes, with each conditioning's ADM vector;
// and edge cases.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
  type Params,
} from '../../../test/support/golden.ts';
import { loadCheckpoint } from '../../models/checkpoint/load.ts';
import { type Clip, type EncodedPrompt, makeClip } from '../../models/clip/clip.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Conditioning, ConditioningEntry, Model } from '../sampling-types.ts';
import { admVector } from './adm.ts';
import {
  averageConditioning,
  combineConditioning,
  concatConditioning,
  setArea,
  setAreaPercentage,
  setAreaStrength,
  setMask,
  setTimestepRange,
  zeroOutConditioning,
} from './operations.ts';

const g = golden('text', 'nodes');
const runtime = createRuntime({ threads: 2 });
afterAll(() => runtime.close());

/** Cases that run through the LoRA nodes, nodes/packs/core/models/lora-nodes.test.ts. */
const ELSEWHERE = ['lora_clip', 'lora_clip_sd1'];

const FOX = 'a photo of a red fox in the snow, golden hour';
const BLURRY = 'blurry, low quality, (watermark:1.3)';

interface Clips {
  readonly base: Clip;
  readonly refiner: Clip;
}

const conditioning = (
  { cond, pooled }: EncodedPrompt,
  values: Partial<ConditioningEntry> = {},
): Conditioning => [{ cond, pooled_output: pooled, ...values }];
const text = async (clip: Clip, prompt: string): Promise<Conditioning> =>
  conditioning(await clip.encode(prompt));
const picked = (params: Params, ...names: string[]) =>
  Object.fromEntries(names.map((name) => [name, params[name]]));

type Node = (clips: Clips, params: Params, c: GoldenCase) => Promise<Conditioning>;

const NODES: Record<string, Node> = {
  CLIPTextEncode: ({ base }, p) => text(base, p.text),
  'CLIPTextEncode(refiner)': ({ refiner }, p) => text(refiner, p.text),
  CLIPTextEncodeSDXL: async ({ base }, p) =>
    conditioning(
      await base.encodePair(p.text_g, p.text_l),
      picked(p, 'width', 'height', 'crop_w', 'crop_h', 'target_width', 'target_height'),
    ),
  CLIPTextEncodeSDXLRefiner: async ({ refiner }, p) =>
    conditioning(await refiner.encode(p.text), {
      aesthetic_score: p.ascore,
      ...picked(p, 'width', 'height'),
    }),
  ConditioningCombine: async ({ base }) =>
    combineConditioning(await text(base, FOX), await text(base, BLURRY)),
  ConditioningAverage: async ({ base }, p) =>
    averageConditioning(await text(base, p.to), await text(base, p.from), p.strength),
  ConditioningConcat: async ({ base }, p) =>
    concatConditioning(await text(base, p.to), await text(base, p.from)),
  ConditioningZeroOut: async ({ base }, p) => zeroOutConditioning(await text(base, p.text)),
  ConditioningSetArea: async ({ base }, p) =>
    setArea(await text(base, FOX), p as never, p.strength),
  ConditioningSetAreaPercentage: async ({ base }, p) =>
    setAreaPercentage(await text(base, FOX), p as never, p.strength),
  ConditioningSetMask: async ({ base }, p, c) =>
    setMask(
      await text(base, FOX),
      g.float(c.outputs.c0_mask),
      p.strength,
      p.set_cond_area !== 'default',
    ),
  ConditioningSetTimestepRange: async ({ base }, p) =>
    setTimestepRange(await text(base, FOX), p.start, p.end),
};

const TENSORS = { cross: 'cond', pooled_output: 'pooled_output', mask: 'mask' } as const;

/**
 * Checks that an entry has the golden's tensors, within the bound, and exactly its other values.
 */
function check(c: GoldenCase, entry: ConditioningEntry, described: Params): void {
  const plain: Record<string, unknown> = { ...entry };
  const expected: Params = { ...described };
  for (const [name, own] of Object.entries(TENSORS)) {
    if (name in described) expectGolden(g, c.id, c.outputs[described[name]], entry[own]!);
    delete plain[own];
    delete expected[name];
  }
  expect(plain, c.id).toEqual(expected);
}

/** The ADM vector of a conditioning, for a model with only the fields that admVector reads. */
function adm(params: Params, entry: ConditioningEntry, channels: number) {
  const family: Model['family'] = /refiner/i.test(params.node) ? 'sdxl-refiner' : 'sdxl';
  const model = { family, denoiser: { admChannels: channels } } as Model;
  const [height, width] = params.latent_hw ?? [128, 128];
  return admVector(model, entry, {
    side: params.prompt_type ?? 'positive',
    height: height * 8,
    width: width * 8,
    seed: 0n,
  });
}

/** The conditioning of each case, computed once for both tests. */
async function run(): Promise<ReadonlyMap<GoldenCase, Conditioning>> {
  const load = async (name: string) => {
    const { clipFamily, encoders } = await loadCheckpoint(fixtureModel(name), runtime);
    return makeClip({ family: clipFamily, encoders });
  };
  const clips: Clips = {
    base: await load('tiny_sdxl_base'),
    refiner: await load('tiny_sdxl_refiner'),
  };
  const results = new Map<GoldenCase, Conditioning>();
  for (const c of g.cases)
    if (!ELSEWHERE.includes(c.id)) results.set(c, await NODES[c.params.node](clips, c.params, c));
  return results;
}

describe('golden text/nodes', () => {
  let results: ReadonlyMap<GoldenCase, Conditioning>;
  beforeAll(async () => {
    results = await run();
  });

  it('every node: features and values', () => {
    expect(results.size).toBe(g.cases.length - ELSEWHERE.length);
    for (const [c, actual] of results) {
      const described: Params[] = c.scalars!.conds;
      expect(actual.length, c.id).toBe(described.length);
      for (const [i, entry] of actual.entries()) check(c, entry, described[i]);
    }
  });

  const admOf = (c: GoldenCase): Tensor =>
    adm(c.params, results.get(c)![0], g.tensor(c.outputs.c0_y).shape.at(-1)!);
  const withAdm = g.cases.filter(({ id, outputs }) => outputs.c0_y && !ELSEWHERE.includes(id));

  it('the ADM vector', () => {
    for (const c of withAdm) expectGolden(g, c.id, c.outputs.c0_y, admOf(c));
  });
});

describe('edge cases', () => {
  const entry = (values: number[], pooled?: number[] | null): ConditioningEntry => ({
    cond: tensor([1, values.length / 2, 2], Float32Array.from(values)),
    ...(pooled === undefined
      ? {}
      : { pooled_output: pooled && tensor([1, pooled.length], Float32Array.from(pooled)) }),
  });

  it('averageConditioning uses the pooled features of the only side that has them', () => {
    const from = [entry([0, 0], [4, 4])];
    const pooledOf = (to: ConditioningEntry, other: Conditioning): number[] => [
      ...averageConditioning([to], other, 0.5)[0].pooled_output!.data,
    ];
    expect(pooledOf(entry([2, 2], null), from), 'null in to').toEqual([4, 4]);
    expect(pooledOf(entry([2, 2]), from), 'none in to').toEqual([4, 4]);
    expect(pooledOf(entry([2, 2], [1, 1]), [entry([0, 0])]), 'none in from').toEqual([1, 1]);
  });

  it('uses the first prompt of conditioning_from only, with a warning', () => {
    const warnings: string[] = [];
    const warn = (message: string) => warnings.push(message);
    const from = [entry([1, 2]), entry([3, 4])];
    expect([...concatConditioning([entry([5, 6])], from, warn)[0].cond.data]).toEqual([5, 6, 1, 2]);
    expect([...averageConditioning([entry([5, 6])], from, 0, warn)[0].cond.data]).toEqual([1, 2]);
    expect(warnings).toHaveLength(2);
  });

  it('refuses features of different models and an empty conditioning', () => {
    const wide = [{ cond: tensor([1, 1, 3], new Float32Array(3)) }];
    expect(() => concatConditioning([entry([1, 2])], wide)).toThrow(
      expect.objectContaining({ code: 'DR_SHAPE_MISMATCH' }),
    );
    expect(() => averageConditioning([entry([1, 2])], wide, 0.5)).toThrow(
      expect.objectContaining({ code: 'DR_SHAPE_MISMATCH' }),
    );
    expect(() => concatConditioning([entry([1, 2])], [])).toThrow(
      expect.objectContaining({ code: 'DR_INPUT_INVALID' }),
    );
  });

  it('setMask adds a batch dimension to a mask without one', () => {
    const [masked] = setMask([entry([1, 2])], tensor([2, 3], new Float32Array(6)), 0.5, false);
    expect(masked.mask!.shape).toEqual([1, 2, 3]);
  });

  it('setAreaStrength does not change the area', () => {
    expect(setAreaStrength([{ ...entry([1, 2]), area: [1, 1, 0, 0] }], 2)[0]).toMatchObject({
      area: [1, 1, 0, 0],
      strength: 2,
    });
  });
});
