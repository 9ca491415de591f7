import { expect, it } from 'vitest';
import { fixtureModel } from '../../../test/support/golden.ts';
import { openSafetensors, type TensorInfo } from '../safetensors/safetensors.ts';
import { identify } from './identify.ts';
import { allInOneEncoders } from './sequence-encoders.ts';

async function tensorsOf(name: string): Promise<ReadonlyMap<string, TensorInfo>> {
  const file = await openSafetensors(fixtureModel(name));
  await file.close();
  return file.tensors;
}

/** Tensors of these shapes. */
const shapes = (given: Record<string, readonly number[]>): Map<string, TensorInfo> =>
  new Map(
    Object.entries(given).map(([name, shape]) => [
      name,
      { dtype: 'BF16', shape, offset: 0, byteLength: 0 },
    ]),
  );

it.each([
  ['tiny_t5xxl', 't5xxl'],
  ['tiny_qwen3_4b', 'qwen3_4b'],
  ['tiny_qwen3_06b', 'qwen3_06b'],
  ['tiny_gemma2_2b', 'gemma2_2b'],
  ['tiny_qwen25_vl_7b', 'qwen25_7b'],
  ['tiny_pile_t5xl', 'pile_t5xl'],
])('identifies %s', async (name, kind) => {
  expect(identify(await tensorsOf(name))).toEqual({
    kind: 'text-encoder',
    clip: { kind, prefix: '', vocabulary: 'spiece_model' },
  });
});

const T5_BIAS = 'encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight';
const NORM = 'model.layers.0.post_attention_layernorm.weight';
const WI = 'encoder.block.23.layer.1.DenseReluDense.wi_1.weight';
const K_BIAS = 'model.layers.0.self_attn.k_proj.bias';
const DEEPSTACK = 'model.visual.deepstack_merger_list.0.norm.weight';
const SEEN = 'model.visual.merger.linear_fc2.weight';
const Q_NORM = 'model.layers.0.self_attn.q_norm.weight';

// the sizes of comfy.sd.detect_te_model
it.each([
  ['t5xxl', { [WI]: [10240, 4096] }],
  ['pile_t5xl', { [WI]: [5120, 2048], [T5_BIAS]: [32, 32] }],
  ['qwen3_4b', { [NORM]: [2560], [Q_NORM]: [128] }],
  ['qwen3_8b', { [NORM]: [4096], [Q_NORM]: [128] }],
  ['qwen3_06b', { [NORM]: [1024], [Q_NORM]: [128] }],
  ['llama3_8b', { [NORM]: [4096] }],
  ['qwen25_7b', { [NORM]: [3584], [K_BIAS]: [512] }],
  ['qwen3vl_4b', { [DEEPSTACK]: [4096], [SEEN]: [2560, 4096] }],
  ['qwen3vl_8b', { [DEEPSTACK]: [4608], [SEEN]: [4096, 4608] }],
  ['gemma2_2b', { [NORM]: [2304], 'model.layers.0.post_feedforward_layernorm.weight': [2304] }],
])('identifies %s by its sizes', (kind, given) => {
  expect(identify(shapes(given))).toMatchObject({ kind: 'text-encoder', clip: { kind } });
});

it.each([
  ['a T5 text encoder of another size than XXL', { [WI]: [2816, 1024] }],
  ['a T5 text encoder of Wan (UMT5)', { [WI]: [10240, 4096], [T5_BIAS]: [32, 64] }],
  ['a Qwen2.5-VL text encoder of another size than 7B', { [NORM]: [2048], [K_BIAS]: [256] }],
  [
    'a Qwen3-VL text encoder of another size than 4B and 8B',
    { [DEEPSTACK]: [4608], [SEEN]: [5120, 4608] },
  ],
  ['a Qwen3 text encoder of width 2048', { [NORM]: [2048], [Q_NORM]: [128] }],
  ['a Llama text encoder of another size than 8B', { [NORM]: [2048] }],
  [
    'a Gemma text encoder of another kind than Gemma 2 2B',
    {
      [NORM]: [2560],
      [Q_NORM]: [256],
      'model.layers.0.post_feedforward_layernorm.weight': [2560],
    },
  ],
])('names %s', (reason, given) => {
  expect(identify(shapes(given))).toEqual({ kind: 'unknown', reason });
});

it('finds the encoders of all-in-one checkpoints', async () => {
  const below = async (name: string, kind: string) =>
    [...(await tensorsOf(name))].map(
      ([tensor, info]) => [`text_encoders.${kind}.transformer.${tensor}`, info] as const,
    );
  const vocabulary = 'text_encoders.spiece_model';
  const sd3 = new Map([
    ...(await below('tiny_t5xxl', 't5xxl')),
    ...(await below('tiny_clip_g', 'clip_g')),
    ...(await below('tiny_clip_l', 'clip_l')),
  ]);
  const clip = (kind: string) => ({
    kind,
    layout: 'hugging-face',
    prefix: `text_encoders.${kind}.transformer.text_model.`,
    hasProjection: true,
  });
  expect(allInOneEncoders(sd3)).toEqual([
    clip('clip_l'),
    clip('clip_g'),
    { kind: 't5xxl', prefix: 'text_encoders.t5xxl.transformer.', vocabulary },
  ]);
  const zImage = new Map([
    ...(await below('tiny_qwen3_4b', 'qwen3_4b')),
    ...(await tensorsOf('tiny_z_image')),
  ]);
  expect(identify(zImage)).toMatchObject({
    kind: 'checkpoint',
    family: 'z-image',
    has: { unet: true, clip: true, vae: false },
    clips: [{ kind: 'qwen3_4b', prefix: 'text_encoders.qwen3_4b.transformer.', vocabulary }],
  });
});
