// Loaders of text encoders of flow models: which ones fit together, what files they refuse, and
// all-in-one checkpoints.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type TensorsToWrite,
  tensorsOf,
  writeRenamed,
} from '../../../../../test/support/files/rewrite.ts';
import { fixtureModel } from '../../../../../test/support/golden.ts';
import { type Models, runNode, testContext } from '../../../../../test/support/run-node.ts';
import { decodeFloat32, encodeFloat32 } from '../../../../formats/dtypes.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import { loadTextEncoder } from '../../../../models/clip/load.ts';
import { createModelRuntime } from '../../../../models/model-runtime.ts';
import type { Conditioning } from '../../../../sampling/sampling-types.ts';
import { t5Tokenizer } from '../../../../text/tokenizers/t5.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-flow-encoders-'));
const runtime = createModelRuntime({ threads: 1 });
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true, force: true });
});

const PROMPT = 'a (red:1.2) fox';
const path = (name: string): string => join(folder, `${name}.safetensors`);
const same = (name: string): string => name;

const names = ['clip_l', 'clip_g', 't5xxl', 'qwen3_4b', 'gemma2_2b', 'pile_t5xl'];
const context = (more: Models = {}) =>
  testContext({
    text_encoders: {
      ...Object.fromEntries(names.map((name) => [name, fixtureModel(`tiny_${name}`)])),
      checkpoint: fixtureModel('tiny_sdxl_base'),
    },
    ...more,
  });
const c = context();
afterAll(() => c.runtime.close());

const single = (clip_name: string, type: string) =>
  runNode<[Clip]>('CLIPLoader', { clip_name, type }, c);
const dual = (clip_name1: string, clip_name2: string, type: string) =>
  runNode<[Clip]>('DualCLIPLoader', { clip_name1, clip_name2, type }, c);

describe('text encoders that do not fit', () => {
  it.each([
    [
      ['clip_l', 'clip_l', 'flux'],
      'FLUX.1 needs a CLIP-L and a T5-XXL, but clip_l is clip_l, clip_l is clip_l',
      'clip_name2',
    ],
    [
      ['clip_g', 't5xxl', 'flux'],
      'FLUX.1 needs a CLIP-L and a T5-XXL, but clip_g is clip_g, t5xxl is t5xxl',
      'clip_name1',
    ],
    [
      ['t5xxl', 'qwen3_4b', 'sd3'],
      'Stable Diffusion 3 needs two different ones of CLIP-L, CLIP-G and T5-XXL here, but t5xxl is t5xxl, qwen3_4b is qwen3_4b',
      'clip_name2',
    ],
  ])('DualCLIPLoader %j', async ([one, two, type], message, input) => {
    await expect(dual(one, two, type)).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      message,
      input,
    });
  });

  it('TripleCLIPLoader needs the three of SD3', async () => {
    const files = { clip_name1: 'clip_l', clip_name2: 't5xxl', clip_name3: 't5xxl' };
    await expect(runNode('TripleCLIPLoader', files, c)).rejects.toMatchObject({
      message: expect.stringContaining('needs a CLIP-L, a CLIP-G and a T5-XXL here, but clip_l is'),
      input: 'clip_name3',
    });
  });

  it.each([
    [
      't5xxl',
      'stable_diffusion',
      "t5xxl is t5xxl, which with the type 'stable_diffusion' is for models that are not supported",
      'DualCLIPLoader',
    ],
    [
      'gemma2_2b',
      'pixeldit',
      "gemma2_2b is gemma2_2b, which with the type 'pixeldit' is for models that are not supported",
      "type 'lumina2'",
    ],
  ])('CLIPLoader refuses %s as %s', async (name, type, message, hint) => {
    await expect(single(name, type)).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message,
      hint: expect.stringContaining(hint),
    });
  });

  it('CLIPLoader refuses a checkpoint', async () => {
    const message = 'tiny_sdxl_base.safetensors is not a text encoder but a checkpoint';
    await expect(single('checkpoint', 'lumina2')).rejects.toMatchObject({ message });
  });

  it.each(['stable_diffusion', 'sd3', 'wan'])('Pile-T5-XL is AuraFlow’s as %s', async (type) => {
    const [{ family }] = await single('pile_t5xl', type);
    expect(family).toBe('auraflow');
  });

  it('nodes with prompts for several encoders refuse a CLIP without them', async () => {
    const [clip] = await single('qwen3_4b', 'lumina2');
    const prompts = { clip, clip_l: '', t5xxl: '', guidance: 3.5 };
    await expect(runNode('CLIPTextEncodeFlux', prompts, c)).rejects.toMatchObject({
      message: 'this CLIP is of the z-image family, which has no t5xxl text encoder',
      input: 'clip',
    });
  });
});

describe('the files of text encoders', () => {
  let t5: TensorsToWrite;
  beforeAll(async () => {
    t5 = await tensorsOf(fixtureModel('tiny_t5xxl'));
  });
  const encodeWith = async (file: string) => {
    const encoder = await loadTextEncoder(file, runtime);
    const ids = [...t5Tokenizer().encode('a red fox'), 1];
    return (await encoder.encode([ids], { layer: 'last', finalNorm: true, project: false })).hidden;
  };

  it('T5 in float32 is rounded to float16, T5 in other types is not', async () => {
    // comfy.model_management.pick_weight_dtype(torch.float32, torch.float16) -> torch.float16
    const values = (factor: number, dtype: 'F32' | 'F16' | 'BF16') =>
      Object.fromEntries(
        Object.entries(t5).map(([name, { shape, data }]) => {
          const floats = decodeFloat32('BF16', data as Uint8Array).map((value) => value * factor);
          return [name, { dtype, shape, data: encodeFloat32(dtype, floats) }];
        }),
      );
    const write = (name: string, tensors: TensorsToWrite) =>
      writeRenamed(path(name), tensors, same);
    // 1.0003 needs more than the 11 bits of float16
    const wide = await encodeWith(await write('wide', values(1.0003, 'F32')));
    const half = await encodeWith(await write('half', values(1.0003, 'F16')));
    expect(wide.data).toEqual(half.data);
    // 2 ** -20 of the values is below float16's smallest normal number, not below bfloat16's
    const small = await encodeWith(await write('small', values(2 ** -20, 'BF16')));
    const exact = createModelRuntime({ threads: 1, textEncoders: 'fp32' });
    const encoder = await loadTextEncoder(await write('exact', values(2 ** -20, 'F32')), exact);
    const ids = [...t5Tokenizer().encode('a red fox'), 1];
    const options = { layer: 'last', finalNorm: true, project: false } as const;
    expect(small.data).toEqual((await encoder.encode([ids], options)).hidden.data);
    await exact.close();
  });

  it('an all-in-one checkpoint has the encoders of the separate files', async () => {
    const parts: TensorsToWrite = await tensorsOf(fixtureModel('tiny_sd3_medium'));
    for (const kind of ['clip_l', 'clip_g', 't5xxl'])
      for (const [name, tensor] of Object.entries(await tensorsOf(fixtureModel(`tiny_${kind}`))))
        parts[`text_encoders.${kind}.transformer.${name}`] = tensor;
    const file = await writeRenamed(path('all'), parts, same);
    const all = { ...context({ checkpoints: { 'all.safetensors': file } }), runtime };
    const loaded = await runNode<[unknown, Clip]>(
      'CheckpointLoaderSimple',
      { ckpt_name: 'all.safetensors' },
      all,
    );
    const files = { clip_name1: 'clip_l', clip_name2: 'clip_g', clip_name3: 't5xxl' };
    const [clip] = await runNode<[Clip]>('TripleCLIPLoader', files, { ...c, runtime });
    const [actual, expected] = [await loaded[1].encode(PROMPT), await clip.encode(PROMPT)];
    expect(actual.cond.data).toEqual(expected.cond.data);
    expect(actual.pooled!.data).toEqual(expected.pooled!.data);
  });

  it('Gemma 2 without a vocabulary says so', async () => {
    const gemma = await tensorsOf(fixtureModel('tiny_gemma2_2b'));
    const file = await writeRenamed(path('gemma'), gemma, (name) =>
      name === 'spiece_model' ? undefined : name,
    );
    const encoder = await loadTextEncoder(file, runtime);
    await expect(encoder.tokenizer!()).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message: 'gemma.safetensors contains no vocabulary (spiece_model)',
    });
  });
});

it('a textual inversion for T5 takes the place of tokens', async () => {
  // vectors that are rows of the token table encode as the tokens of those rows
  const { readRows, close } = await import('../../../../formats/safetensors/safetensors.ts').then(
    ({ openSafetensors }) => openSafetensors(fixtureModel('tiny_t5xxl')),
  );
  const ids = t5Tokenizer().encode('fox');
  const rows = await readRows('shared.weight', ids);
  await close();
  const file = await writeRenamed(
    path('fox'),
    { t5xxl: { dtype: 'F32', shape: rows.shape, data: encodeFloat32('F32', rows.data) } },
    same,
  );
  const own = context({ embeddings: { 'fox.safetensors': file } });
  const files = { clip_name: 't5xxl', type: 'chroma' };
  const [clip] = await runNode<[Clip]>('CLIPLoader', files, own);
  const encode = async (text: string) =>
    (await runNode<[Conditioning]>('CLIPTextEncode', { clip, text }, own))[0][0].cond;
  expect((await encode('a red embedding:fox')).data).toEqual((await encode('a red fox')).data);
  await own.runtime.close();
});
