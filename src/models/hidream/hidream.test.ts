// HiDream-I1 with small random weights, and its text encoders, against ComfyUI
// (test/golden/dit/make_hidream.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ditStates } from '../../../test/support/dit.ts';
import { fluxWeights } from '../../../test/support/dit-cases.ts';
import { noiseTensor, seededTensors, tensorsOf } from '../../../test/support/files/rewrite.ts';
import {
  expectExact,
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import type { Conditioning, Latent } from '../../sampling/sampling-types.ts';
import { concatAxis } from '../../tensor/axes.ts';
import { repeatToBatch, type Tensor } from '../../tensor/tensor.ts';
import type { Clip } from '../clip/clip.ts';
import { CLIP_FAMILIES } from '../clip/families.ts';
import { promptTokens } from '../clip/prompt-tokens.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import { createDit } from '../dit/network.ts';
import { inspectModel } from '../inspect/inspect-model.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { hiDream } from './hidream.ts';

const g = golden('dit', 'hidream');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-hidream-'));
const file = (name: string): string => join(folder, `${name}.safetensors`);
const models = {
  text_encoders: {
    clip_l: file('clip_l'),
    clip_g: fixtureModel('tiny_clip_g'),
    t5xxl: fixtureModel('tiny_t5xxl'),
    llama: file('llama'),
  },
  diffusion_models: { 'hidream.safetensors': file('hidream') },
};
// the original was told to compute text encoders in float32
const runtime = createModelRuntime({ threads: 1, textEncoders: 'fp32' });
const context = { ...testContext(models), runtime };
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

beforeAll(async () => {
  const { shape, data } = noiseTensor([32, 32], 9, 3);
  await writeSafetensors(file('clip_l'), {
    ...(await tensorsOf(fixtureModel('tiny_clip_l'))),
    'text_projection.weight': { dtype: 'F32', shape, data },
  });
  await writeSafetensors(file('llama'), seededTensors(g.weights.llama));
  await writeSafetensors(file('hidream'), seededTensors(g.weights.dit));
});

const run = async <T>(type: string, inputs: Record<string, unknown>): Promise<T> =>
  (await runNode<readonly [T]>(type, inputs, context))[0];
const loadClip = (): Promise<Clip> =>
  run('QuadrupleCLIPLoader', {
    clip_name1: 'clip_g',
    clip_name2: 'clip_l',
    clip_name3: 't5xxl',
    clip_name4: 'llama',
  });
const casesWith = (output: string): GoldenCase[] =>
  g.cases.filter(({ outputs }) => outputs[output] !== undefined);

describe('the text encoders of HiDream-I1', () => {
  it.each(casesWith('layers'))('encode as the originals do: $id', async (one) => {
    const { id, params, outputs } = one;
    const clip = await loadClip();
    for (const kind of ['t5xxl', 'llama3_8b'] as const) {
      const rule = CLIP_FAMILIES.hidream.parts.find((part) => part.kind === kind)!;
      const encoder = clip.encoders.find((part) => part.kind === kind);
      const part = { encoder, rule };
      const [tokens] = await promptTokens({ endsAtBrackets: true }, part, params.text);
      const ids = tokens.map(({ value }) => value as number);
      expectExact(g, id, outputs[kind === 't5xxl' ? kind : 'llama'], ids);
    }
    const { cond, pooled, layers, mask } = await clip.encode(params.text);
    expectGolden(g, id, outputs.cond, cond);
    expectGolden(g, id, outputs.pooled_output, pooled!);
    expectGolden(g, id, outputs.layers, layers!);
    expect(mask).toBeUndefined();
  });

  it('take prompts of their own', async () => {
    const clip = await loadClip();
    const own = { clip_l: 'a', clip_g: 'b', t5xxl: 'c', llama: 'd' };
    const [given] = await run<{ cond: Tensor; conditioning_llama3: Tensor }[]>(
      'CLIPTextEncodeHiDream',
      { clip, ...own },
    );
    expect(given.cond.data).toEqual((await clip.encode('c')).cond.data);
    expect(given.conditioning_llama3.data).toEqual((await clip.encode('d')).layers!.data);
  });

  it('may be fewer than four: zeros take the place of the others', async () => {
    const clip = await run<Clip>('DualCLIPLoader', {
      clip_name1: 't5xxl',
      clip_name2: 'clip_g',
      type: 'hidream',
    });
    const { pooled, layers } = await clip.encode('a fox');
    // torch.zeros((1, 32, 1, 4096)), and torch.zeros((1, 768)) beside CLIP-G's pooled features
    expect(layers!.shape).toEqual([1, 1, 32 * 4096]);
    expect(pooled!.shape).toEqual([1, 768 + 32]);
  });

  it('are recognised', async () => {
    expect(await inspectModel(file('llama'))).toMatchObject({
      kind: 'text encoder',
      architecture: expect.stringContaining('Llama 3 8B'),
    });
  });
});

/** The inputs of a case; the latent of an image to edit follows that of the picture. */
function inputsOf({ inputs }: GoldenCase): DenoiserInputs {
  const x = g.float(inputs.x);
  const rows = (name: string): Tensor => repeatToBatch(g.float(name), x.shape[0]);
  const [sigma] = g.float(inputs.sigma).data;
  return {
    x: inputs.image ? concatAxis([x, g.float(inputs.image)], 1) : x,
    timesteps: new Float32Array(x.shape[0]).fill(Math.fround(sigma * 1000)),
    context: rows(inputs.context),
    contextLayers: rows(inputs.layers),
    y: rows(inputs.y),
  };
}

describe('HiDream-I1', () => {
  it.each(casesWith('v'))('predicts as the original does: $id', async (one) => {
    const denoiser = createDit(runtime, await fluxWeights(file('hidream')), hiDream);
    expectGolden(g, one.id, one.outputs.v, await denoiser.evaluate(inputsOf(one)));
  });

  it('computes the states of each block', async () => {
    const [one] = casesWith('v');
    const weights = await fluxWeights(file('hidream'));
    const states = await ditStates(hiDream, weights, inputsOf(one));
    expect(Object.keys(states)).toHaveLength(6);
    for (const [name, state] of Object.entries(states))
      expectGolden(g, one.id, one.outputs[`in_${name}`], state);
  });

  it('draws the picture of the original through its nodes', async () => {
    const { id, params, outputs } = g.cases.find((one) => one.id === 'picture')!;
    const { seed, steps, cfg, width, height } = params;
    const clip = await loadClip();
    const encode = (text: string) => run('CLIPTextEncode', { clip, text });
    const { samples } = await run<Latent>('KSampler', {
      model: await run('UNETLoader', {
        unet_name: 'hidream.safetensors',
        weight_dtype: 'default',
      }),
      ...{ seed: BigInt(seed), steps, cfg, sampler_name: 'euler', scheduler: 'simple', denoise: 1 },
      positive: await encode(params.positive),
      negative: await encode(params.negative),
      latent_image: await run('EmptySD3LatentImage', { width, height, batch_size: 1 }),
    });
    expectGolden(g, id, outputs.samples, samples);
  });

  it('evaluates prompts with and without an image to edit one after another', async () => {
    // comfy.samplers.cond_equal_size: conditions with other keys share no batch
    const clip = await loadClip();
    const model = await run('UNETLoader', {
      unet_name: 'hidream.safetensors',
      weight_dtype: 'default',
    });
    const plain = await run<Conditioning>('CLIPTextEncode', { clip, text: 'a fox' });
    const image = g.float('edit/x');
    const edit = plain.map((entry) => ({ ...entry, concat_latent_image: image }));
    const sample = (positive: Conditioning, negative: Conditioning, cfg: number) =>
      run<Latent>('KSampler', {
        ...{ model, positive, negative, cfg, latent_image: { samples: image } },
        ...{ seed: 1n, steps: 1, sampler_name: 'euler', scheduler: 'simple', denoise: 1 },
      });
    const [with0, without] = [await sample(edit, plain, 1), await sample(plain, edit, 1)];
    const both = await sample(edit, plain, 2);
    const expected = with0.samples.data.map((v, i) => 2 * v - without.samples.data[i]);
    for (const [i, value] of both.samples.data.entries()) expect(value).toBeCloseTo(expected[i], 3);
  });

  it('has the names of its weights in LoRA files that ComfyUI has', async () => {
    const layer = 'double_stream_blocks.0.block.attn1.to_q';
    // comfy.lora.model_lora_keys_unet: key_map["lycoris_{}".format(key_lora.replace(".", "_"))],
    // key_map["transformer.{}".format(key_lora)], and those of all models
    const keys = createDit(runtime, await fluxWeights(file('hidream')), hiDream).loraKeys!();
    for (const name of [
      ...[`transformer.${layer}`, `diffusion_model.${layer}`],
      ...['lycoris_', 'lora_unet_'].map((prefix) => prefix + layer.replaceAll('.', '_')),
    ])
      expect(keys.get(name), name).toBe(`${layer}.weight`);
  });

  it('refuses prompts without the states of Llama 3', async () => {
    const x = { samples: g.float(casesWith('v')[0].inputs.x) };
    const conditioning = [{ cond: g.float('c0/context'), pooled_output: g.float('y') }];
    const inputs = {
      model: await run('UNETLoader', {
        unet_name: 'hidream.safetensors',
        weight_dtype: 'default',
      }),
      ...{ seed: 1n, steps: 1, cfg: 1, sampler_name: 'euler', scheduler: 'simple', denoise: 1 },
      ...{ positive: conditioning, negative: conditioning, latent_image: x },
    };
    await expect(run('KSampler', inputs)).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      message: 'the positive conditioning has no states of Llama 3, which HiDream needs',
    });
  });
});
