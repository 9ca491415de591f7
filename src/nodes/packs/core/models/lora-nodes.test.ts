// LoRA nodes against the originals: prompts and latents with LoRAs, and warnings about LoRAs that
// do not fit.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { expectGolden, fixtureModel, golden } from '../../../../../test/support/golden.ts';
import { fixtureFolders, runNode, testContext } from '../../../../../test/support/run-node.ts';
import { writeSafetensors } from '../../../../formats/safetensors/safetensors-write.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import { createModelRuntime } from '../../../../models/model-runtime.ts';
import type { Conditioning, Latent, Model } from '../../../../sampling/sampling-types.ts';
import { full } from '../../../../tensor/tensor.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-lora-nodes-'));
afterAll(() => rmSync(root, { recursive: true }));
const writtenFiles = Object.fromEntries(
  ['cut', 'half', 'partly', 'alpha', 'kinds', 'family'].map((name) => [
    `${name}.safetensors`,
    join(root, `${name}.safetensors`),
  ]),
);
const fixtures = fixtureFolders({
  checkpoints: ['tiny_sdxl_base', 'tiny_sd1'],
  loras: ['tiny_lora_sdxl', 'tiny_lora_sd1'],
});
const folders = { ...fixtures, loras: { ...fixtures.loras, ...writtenFiles } };
// ComfyUI computed the goldens with --fp32-text-enc
const context = {
  ...testContext(folders),
  runtime: createModelRuntime({ threads: 2, textEncoders: 'fp32' }),
};
afterAll(() => context.runtime.close());

const run = (type: string, inputs: Record<string, unknown>) => runNode(type, inputs, context);
const PHOTO = 'a photo of a red fox in the snow, golden hour';
const BLURRY = 'blurry, low quality, (watermark:1.3)';

async function runs<T>(type: string, inputs: Record<string, unknown>): Promise<T> {
  return (await run(type, inputs)) as unknown as T;
}

/** Model and CLIP of a fixture checkpoint with its LoRA. */
async function loaded(
  family: 'sdxl' | 'sd1',
  strength_model: number,
  strength_clip: number,
): Promise<[Model, Clip]> {
  const [model, clip] = await run('CheckpointLoaderSimple', {
    ckpt_name: family === 'sdxl' ? 'tiny_sdxl_base.safetensors' : 'tiny_sd1.safetensors',
  });
  const lora_name = `tiny_lora_${family}.safetensors`;
  return runs('LoraLoader', { model, clip, lora_name, strength_model, strength_clip });
}

describe('goldens', () => {
  it('text/nodes: prompts with a LoRA', async () => {
    const g = golden('text', 'nodes');
    for (const [id, family] of [
      ['lora_clip', 'sdxl'],
      ['lora_clip_sd1', 'sd1'],
    ] as const) {
      const { params, outputs } = g.cases.find((c) => c.id === id)!;
      const [, clip] = await loaded(family, 0, params.strength_clip);
      const [[{ cond, pooled_output }]] = await runs<[Conditioning]>('CLIPTextEncode', {
        text: params.text,
        clip,
      });
      expectGolden(g, id, outputs.c0_cross, cond);
      expectGolden(g, id, outputs.c0_pooled_output, pooled_output!);
    }
  });

  it('nodes_core/conditioning: latents sampled with a LoRA', async () => {
    const g = golden('nodes_core', 'conditioning');
    for (const [id, family, strengths] of [
      ['lora', 'sdxl', [0.8, 0.6]],
      ['lora_sd1', 'sd1', [-0.5, 1]],
    ] as const) {
      const { params, inputs, outputs } = g.cases.find((c) => c.id === id)!;
      const [model, clip] = await loaded(family, strengths[0], strengths[1]);
      const [positive] = await run('CLIPTextEncode', { text: PHOTO, clip });
      const [negative] = await run('CLIPTextEncode', { text: BLURRY, clip });
      const { seed, steps, cfg, sampler_name, scheduler, denoise } = params;
      const latent_image = { samples: g.float(inputs.latent) };
      const values = { seed: BigInt(seed), steps, cfg, sampler_name, scheduler, denoise };
      const [latent] = await runs<[Latent]>('KSampler', {
        model,
        positive,
        negative,
        latent_image,
        ...values,
      });
      expectGolden(g, id, outputs.samples, latent.samples);
    }
  });
});

it('rounds changed text encoders to float16, as ComfyUI does by default', async () => {
  const defaultContext = testContext(folders);
  const [model, clip] = await runNode(
    'CheckpointLoaderSimple',
    { ckpt_name: 'tiny_sd1.safetensors' },
    defaultContext,
  );
  const inputs = {
    model,
    clip,
    lora_name: 'tiny_lora_sd1.safetensors',
    strength_model: 0,
    strength_clip: -0.5,
  };
  const [, changed] = await runNode('LoraLoader', inputs, defaultContext);
  const [[{ cond }]] = (await runNode(
    'CLIPTextEncode',
    { text: PHOTO, clip: changed },
    defaultContext,
  )) as unknown as readonly [Conditioning];
  // main.py --cpu: LoraLoader(tiny_lora_sd1, 0, -0.5), CLIPTextEncode -> cond[0, 5, :6]
  const expected = [0.95593393, 1.20335948, 1.17802286, 0.35064048, 0.29676786, -0.16836193];
  for (const [i, v] of expected.entries())
    expect(Math.abs(cond.data[5 * 128 + i] - v)).toBeLessThan(2e-5);
  await defaultContext.runtime.close();
});

describe('sessions', () => {
  it('another strength, or a stack of two LoRAs, uses the same session', async () => {
    const encode = (clip: Clip) => runs('CLIPTextEncode', { text: PHOTO, clip });
    const evaluate = ({ denoiser: unet }: Model) =>
      unet.evaluate({
        x: full([1, 4, 8, 8], 0.5),
        timesteps: Float32Array.of(10),
        context: full([1, 77, 128], 0.1),
      });
    const names: (readonly string[])[] = [];
    for (const strength of [0.3, -2]) {
      const [model, clip] = await loaded('sd1', strength, strength);
      const values = {
        lora_name: 'tiny_lora_sd1.safetensors',
        strength_model: strength / 2,
        strength_clip: 1,
      };
      const [stackedModel, stackedClip] = await runs<[Model, Clip]>('LoraLoader', {
        model,
        clip,
        ...values,
      });
      for (const one of [model, stackedModel]) await evaluate(one);
      for (const one of [clip, stackedClip]) await encode(one);
      names.push([...context.runtime.openNetworks()].sort());
    }
    expect(names[1]).toEqual(names[0]);
  });
});

describe('files that do not fit', () => {
  const factor = (...shape: number[]) =>
    ({
      dtype: 'F32',
      shape,
      data: new Float32Array(shape.reduce((n, d) => n * d, 1)).fill(0.1),
    }) as const;
  const write = (name: string, tensors: Parameters<typeof writeSafetensors>[1]) =>
    writeSafetensors(writtenFiles[`${name}.safetensors`], tensors);
  const apply = async (lora_name: string, type = 'LoraLoader', strength = 0.5) => {
    context.warnings.length = 0;
    const [model, clip] = await runs<[Model, Clip]>('CheckpointLoaderSimple', {
      ckpt_name: 'tiny_sdxl_base.safetensors',
    });
    const after = await runs<[Model, Clip?]>(type, {
      model,
      clip,
      lora_name,
      strength_model: strength,
      strength_clip: strength,
    });
    return { model, clip, after };
  };

  it('warns once of a LoRA that fits no weight, and changes nothing', async () => {
    await write('partly', {
      'elsewhere.lora_up.weight': factor(64, 2),
      'elsewhere.lora_down.weight': factor(2, 64),
    });
    const { model, clip, after } = await apply('partly.safetensors');
    expect(after[0].denoiser).toBe(model.denoiser);
    expect(after[1]).toBe(clip);
    expect(context.warnings).toEqual([
      expect.stringMatching(/^partly\.safetensors changes nothing: .*SDXL.* another family/),
    ]);
  });

  it('warns once of a LoRA of another family, and names unused tensors', async () => {
    await apply('tiny_lora_sd1.safetensors');
    expect(context.warnings.length).toBe(1);
    expect(context.warnings[0]).toMatch(
      new RegExp(
        '^tiny_lora_sd1\\.safetensors: \\d+ tensors match no weight of the model ' +
          'and are ignored: lora_unet_.* and \\d+ more',
      ),
    );
    expect(context.warnings[0]).toMatch(/\d+ weights have another shape and stay unchanged/);
  });

  it('tells the kinds of changes that ComfyUI does not read, or cannot apply', async () => {
    const layer = 'lora_unet_input_blocks_4_1_proj_in';
    await write('kinds', {
      [`${layer}.new_kind`]: factor(2, 2),
      [`${layer}.oft_blocks`]: factor(2, 16, 2, 2),
    });
    const { model, after } = await apply('kinds.safetensors');
    expect(after[0].denoiser).toBe(model.denoiser);
    // 0.33.0: "lora key not loaded: ….new_kind"; "ERROR boft … '>' not supported between
    // instances of 'NoneType' and 'int'"
    expect(context.warnings).toEqual([
      `kinds.safetensors changes nothing: 1 tensors of its layers are of no kind that ComfyUI ` +
        `reads and are ignored: ${layer}.new_kind; it is a BOFT without an alpha, which ComfyUI ` +
        'cannot apply, on input_blocks.4.1.proj_in.weight',
    ]);
  });

  it('tells the family that a LoRA belongs to', async () => {
    const layer = 'lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k';
    await write('family', {
      [`${layer}.lora_up.weight`]: factor(64, 2),
      [`${layer}.lora_down.weight`]: factor(2, 768),
    });
    await apply('family.safetensors');
    expect(context.warnings).toEqual([
      expect.stringMatching(
        /^family\.safetensors changes nothing: it belongs to SD1\.x, and the model is SDXL; 1 weights have another shape/,
      ),
    ]);
    await write('family', {
      'lora_unet_double_blocks_0_img_attn_proj.lora_up.weight': factor(4, 2),
    });
    await apply('family.safetensors');
    expect(context.warnings).toEqual([
      'family.safetensors changes nothing: it belongs to FLUX.1 or Chroma, and the model is SDXL',
    ]);
  });

  it('does not warn if all tensors are used, or only the model is changed', async () => {
    for (const type of ['LoraLoader', 'LoraLoaderModelOnly']) {
      const { model, clip, after } = await apply('tiny_lora_sdxl.safetensors', type);
      expect(context.warnings).toEqual([]);
      expect(after[0].denoiser).not.toBe(model.denoiser);
      if (type === 'LoraLoader') expect(after[1]).not.toBe(clip);
    }
  });

  it('returns model and CLIP themselves for strengths of 0', async () => {
    const { model, clip, after } = await apply('tiny_lora_sdxl.safetensors', 'LoraLoader', 0);
    expect(after).toEqual([model, clip]);
    expect(after[0]).toBe(model);
  });

  it('refuses a file without the lower matrix of a layer', async () => {
    const layer = 'lora_unet_output_blocks_3_1_proj_in';
    await write('half', { [`${layer}.lora_up.weight`]: factor(64, 2) });
    await expect(apply('half.safetensors')).rejects.toMatchObject({
      code: 'DR_MODEL_PART_MISSING',
      message: expect.stringContaining(`${layer}.lora_down.weight`),
    });
  });

  it('refuses an alpha that is not a scalar', async () => {
    const layer = 'lora_unet_output_blocks_3_1_proj_in';
    await write('alpha', {
      [`${layer}.alpha`]: factor(2),
      [`${layer}.lora_up.weight`]: factor(64, 2),
      [`${layer}.lora_down.weight`]: factor(2, 64),
    });
    await expect(apply('alpha.safetensors')).rejects.toMatchObject({
      code: 'DR_SAFETENSORS_INVALID',
      message: expect.stringContaining('alpha'),
    });
  });

  it('refuses a truncated file', async () => {
    writeFileSync(
      writtenFiles['cut.safetensors'],
      readFileSync(fixtureModel('tiny_lora_sdxl')).subarray(0, 90_000),
    );
    await expect(apply('cut.safetensors')).rejects.toMatchObject({
      code: 'DR_SAFETENSORS_INVALID',
    });
  });
});
