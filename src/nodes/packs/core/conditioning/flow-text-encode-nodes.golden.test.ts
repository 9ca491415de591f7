// The text encoders of flow models, through their loaders and the nodes that encode, against
// te/encode (ComfyUI 0.33.0 on the tiny fixtures).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokensOf } from '../../../../../test/support/dit-cases.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
  type Params,
} from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import type { Conditioning, ConditioningEntry } from '../../../../sampling/sampling-types.ts';

const g = golden('te', 'encode');
const FILES = [
  ...['tiny_clip_l', 'tiny_clip_g', 'tiny_t5xxl', 'tiny_qwen3_4b', 'tiny_gemma2_2b'],
  'tiny_qwen3_06b',
  'tiny_qwen25_vl_7b',
];
const c = testContext({
  text_encoders: Object.fromEntries(FILES.map((name) => [name, fixtureModel(name)])),
});
afterAll(() => c.runtime.close());

const clipLoader = (type: string, clip_name: string) =>
  runNode<[Clip]>('CLIPLoader', { clip_name, type }, c);
const dualLoader = (type: string, clip_name1: string, clip_name2: string) =>
  runNode<[Clip]>('DualCLIPLoader', { clip_name1, clip_name2, type }, c);
const tripleLoader = (clip_name1: string, clip_name2: string, clip_name3: string) =>
  runNode<[Clip]>('TripleCLIPLoader', { clip_name1, clip_name2, clip_name3 }, c);

/** The loaders of the group's `loaders`. */
const LOADERS: Readonly<Record<string, () => Promise<[Clip]>>> = {
  flux: () => dualLoader('flux', 'tiny_clip_l', 'tiny_t5xxl'),
  sd3: () => tripleLoader('tiny_clip_l', 'tiny_clip_g', 'tiny_t5xxl'),
  sd3_lg: () => dualLoader('sd3', 'tiny_clip_l', 'tiny_clip_g'),
  sd3_t5: () => clipLoader('sd3', 'tiny_t5xxl'),
  sd3_gt5: () => dualLoader('sd3', 'tiny_t5xxl', 'tiny_clip_g'),
  chroma: () => clipLoader('chroma', 'tiny_t5xxl'),
  z_image: () => clipLoader('lumina2', 'tiny_qwen3_4b'),
  klein: () => clipLoader('flux2', 'tiny_qwen3_4b'),
  lumina2: () => clipLoader('lumina2', 'tiny_gemma2_2b'),
  qwen_image: () => clipLoader('qwen_image', 'tiny_qwen25_vl_7b'),
  anima: () => clipLoader('stable_diffusion', 'tiny_qwen3_06b'),
};

type Encode = (clip: Clip, params: Params) => Promise<Conditioning>;

const encode = async (clip: Clip, text: string): Promise<Conditioning> =>
  (await runNode<[Conditioning]>('CLIPTextEncode', { clip, text }, c))[0];
const after =
  (type: string, inputs: readonly string[]): Encode =>
  async (clip, params) => {
    const values = Object.fromEntries(inputs.map((name) => [name, params[name]]));
    const [changed] = await runNode<[Clip]>(type, { clip, ...values }, c);
    return encode(changed, params.text);
  };
const node =
  (type: string): Encode =>
  async (clip, { clip: _name, node: _type, ...params }) =>
    (await runNode<[Conditioning]>(type, { clip, ...params }, c))[0];
const ofTwo =
  (type: string, name: (to: Conditioning, from: Conditioning) => object): Encode =>
  async (clip, params) => {
    const [to, from] = [await encode(clip, params.to), await encode(clip, params.from)];
    return (await runNode<[Conditioning]>(type, { ...name(to, from) }, c))[0];
  };

const NODES: Readonly<Record<string, Encode>> = {
  CLIPTextEncode: (clip, { text }) => encode(clip, text),
  'CLIPSetLastLayer+CLIPTextEncode': after('CLIPSetLastLayer', ['stop_at_clip_layer']),
  'T5TokenizerOptions+CLIPTextEncode': after('T5TokenizerOptions', ['min_padding', 'min_length']),
  CLIPTextEncodeFlux: node('CLIPTextEncodeFlux'),
  CLIPTextEncodeSD3: node('CLIPTextEncodeSD3'),
  CLIPTextEncodeLumina2: node('CLIPTextEncodeLumina2'),
  ConditioningZeroOut: ofTwo('ConditioningZeroOut', (conditioning) => ({ conditioning })),
  ConditioningConcat: ofTwo('ConditioningConcat', (to, from) => ({
    conditioning_to: to,
    conditioning_from: from,
  })),
  'ConditioningAverage(0.35)': ofTwo('ConditioningAverage', (to, from) => ({
    conditioning_to: to,
    conditioning_from: from,
    conditioning_to_strength: 0.35,
  })),
  ConditioningCombine: ofTwo('ConditioningCombine', (to, from) => ({
    conditioning_1: to,
    conditioning_2: from,
  })),
};

const KEYS = ['cond', 'pooled_output', 'attention_mask'] as const;

/** Compares an entry; of long prompts for FLUX the group has the first rows only. */
function expectEntry(one: GoldenCase, entry: ConditioningEntry, prefix: string): void {
  const { id, outputs, scalars = {} } = one;
  expect(entry.cond.shape, id).toEqual(scalars[`${prefix}shape`]);
  if (scalars.guidance !== undefined) expect(entry.guidance).toBe(scalars.guidance);
  for (const key of KEYS) {
    const name = outputs[prefix + key];
    const actual = entry[key];
    if (name === undefined) {
      expect(actual ?? null, `${id} ${key}`).toBeNull();
      continue;
    }
    const { shape } = g.tensor(name);
    const count = shape.reduce((n, d) => n * d, 1);
    expectGolden(g, id, name, { shape, data: actual!.data.subarray(0, count) });
    if (key !== 'cond') expect(actual!.shape, `${id} ${key}`).toEqual(shape);
  }
  expect(entry.t5xxl_tokens).toEqual(outputs.t5xxl_ids ? tokensOf(g, outputs) : undefined);
}

describe.each(Object.keys(LOADERS))('golden te/encode %s', (name) => {
  let clip: Clip;
  beforeAll(async () => {
    [clip] = await LOADERS[name]();
  });
  const cases = g.cases.filter(({ params }) => params.clip === name);

  it.each([...new Set(cases.map(({ params }) => params.node as string))])('%s', async (type) => {
    for (const one of cases.filter(({ params }) => params.node === type)) {
      const entries = await NODES[type](clip, one.params);
      for (const [i, entry] of entries.entries())
        expectEntry(one, entry, type === 'ConditioningCombine' ? `c${i}_` : '');
    }
  });
});
