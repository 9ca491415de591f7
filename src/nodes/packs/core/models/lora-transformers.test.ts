// LoRA nodes on diffusion transformers: what fits, what is left out and why, and what is saved.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caseInputs } from '../../../../../test/support/dit-cases.ts';
import {
  noiseTensor,
  seededTensors,
  tensorsOf,
} from '../../../../../test/support/files/rewrite.ts';
import { golden, maxDifference } from '../../../../../test/support/golden.ts';
import { fixtureFolders, runNode, testContext } from '../../../../../test/support/run-node.ts';
import { writeSafetensors } from '../../../../formats/safetensors/safetensors-write.ts';
import { hookedUNets } from '../../../../models/hooks/hooked-unet.ts';
import type { HookGroup } from '../../../../models/hooks/hooks.ts';
import { changedTargets } from '../../../../models/weights/plan-changes.ts';
import { createRuntime } from '../../../../runtime/runtime.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import { NODES } from '../../../index.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-transformers-'));
const runtime = createRuntime({ threads: 2 });
afterAll(async () => {
  await runtime.close();
  rmSync(root, { recursive: true });
});

const WRITTEN = ['xlabs', 'control'] as const;
const fixtures = fixtureFolders({
  diffusion_models: ['tiny_flux_dev', 'tiny_chroma', 'tiny_z_image', 'tiny_sd35_medium'],
  loras: ['lora_flux_dev_kohya', 'lora_flux_dev_peft', 'lora_z_image_peft', 'lora_sd35_peft'],
});
const written = Object.fromEntries(
  WRITTEN.map((name) => [`${name}.safetensors`, join(root, `${name}.safetensors`)]),
);
const folders = { ...fixtures, loras: { ...fixtures.loras, ...written } };

beforeAll(async () => {
  const layer = 'double_blocks.0.processor.qkv_lora1';
  await writeSafetensors(written['xlabs.safetensors'], {
    [`${layer}.down.weight`]: { dtype: 'F32', ...noiseTensor([2, 64], 1) },
    [`${layer}.up.weight`]: { dtype: 'F32', ...noiseTensor([192, 2], 2) },
  });
  // the control LoRA of test/golden/lora/make_converted.py
  const { files } = golden('lora', 'converted').cases[0].params;
  await writeSafetensors(written['control.safetensors'], seededTensors(files.control));
});

const newContext = () => ({ ...testContext(folders), runtime });
const load = async (name: string): Promise<Model> => {
  const inputs = { unet_name: `${name}.safetensors`, weight_dtype: 'default' };
  return (await runNode<[Model]>('UNETLoader', inputs, newContext()))[0];
};

/** The model with a LoRA, and the warnings about it. */
async function applied(
  type: 'LoraLoaderModelOnly' | 'LoraLoaderBypassModelOnly',
  name: string,
  lora: string,
  strength_model = 1,
): Promise<{ readonly model: Model; readonly warnings: readonly string[] }> {
  const context = newContext();
  const inputs = { model: await load(name), lora_name: `${lora}.safetensors`, strength_model };
  const [model] = await runNode<[Model]>(type, inputs, context);
  return { model, warnings: context.warnings };
}

const g = golden('weights', 'lora');
const fluxCase = g.cases.find(({ id }) => id === 'flux_dev_peft_1.0')!;
const fluxInputs = { ...caseInputs(g, fluxCase), guidance: Float32Array.of(3.5) };
const predicted = ({ denoiser }: Model): Promise<Tensor> => denoiser.evaluate(fluxInputs);

describe('LoraLoaderModelOnly', () => {
  it.each([
    ['tiny_flux_dev', 'lora_flux_dev_kohya'],
    ['tiny_flux_dev', 'lora_flux_dev_peft'],
    ['tiny_chroma', 'lora_flux_dev_peft'],
    ['tiny_flux_dev', 'control'],
    ['tiny_z_image', 'lora_z_image_peft'],
    ['tiny_sd35_medium', 'lora_sd35_peft'],
  ])('has nothing to report about %s with %s', async (name, lora) => {
    expect((await applied('LoraLoaderModelOnly', name, lora)).warnings).toEqual([]);
  });

  it.each([
    [
      'tiny_z_image',
      'lora_flux_dev_kohya',
      'changes nothing: it belongs to FLUX.1, and the model is Z-Image',
    ],
    [
      'tiny_flux_dev',
      'lora_z_image_peft',
      'changes nothing: it belongs to Z-Image or Lumina 2, and the model is FLUX.1',
    ],
    [
      'tiny_flux_dev',
      'lora_sd35_peft',
      'changes nothing: it belongs to Stable Diffusion 3, and the model is FLUX.1; 4 weights have ' +
        'another shape',
    ],
    [
      'tiny_chroma',
      'lora_flux_dev_kohya',
      'it belongs to FLUX.1, and the model is Chroma; 3 tensors match no weight of the model and ' +
        'are ignored',
    ],
    [
      'tiny_flux_dev',
      'xlabs',
      'changes nothing: its tensors have the names of XLabs, which ComfyUI reads only where all ' +
        'blocks of FLUX.1 are changed; use the file that its authors converted for ComfyUI',
    ],
  ])('says in one sentence why %s is not changed by %s', async (name, lora, sentence) => {
    const { warnings } = await applied('LoraLoaderModelOnly', name, lora);
    expect(warnings).toEqual([expect.stringContaining(sentence)]);
  });
});

describe('LoraLoaderBypassModelOnly', () => {
  it('predicts as with changed weights', async () => {
    const lora = 'lora_flux_dev_kohya';
    const beside = await applied('LoraLoaderBypassModelOnly', 'tiny_flux_dev', lora);
    const { model } = await applied('LoraLoaderModelOnly', 'tiny_flux_dev', lora);
    expect(beside.warnings).toEqual([]);
    expect(changedTargets(beside.model.denoiser.base!).shapes.size).toBe(0);
    expect(maxDifference(await predicted(beside.model), await predicted(model))).toBeLessThan(1e-5);
  });

  it('leaves out changes of parts of weights, as ComfyUI does, and says so', async () => {
    const { warnings } = await applied(
      'LoraLoaderBypassModelOnly',
      'tiny_flux_dev',
      'lora_flux_dev_peft',
    );
    expect(warnings).toEqual([
      'lora_flux_dev_peft.safetensors: it is a change of a part of a weight beside the weights, ' +
        'which ComfyUI cannot apply, on double_blocks.0.img_attn.qkv.weight[0:64], ' +
        'double_blocks.0.img_attn.qkv.weight[128:192], double_blocks.1.txt_attn.qkv.weight[64:128] ' +
        'and 2 more',
    ]);
  });

  it('refuses control LoRAs, which make weights larger', async () => {
    await expect(
      applied('LoraLoaderBypassModelOnly', 'tiny_flux_dev', 'control'),
    ).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      message:
        'control.safetensors makes img_in.weight larger, which needs a change of the weights',
    });
  });
});

describe('LoraSave', () => {
  const saved = async (lora_type: string) => {
    const plain = await load('tiny_flux_dev');
    const { model } = await applied('LoraLoaderModelOnly', 'tiny_flux_dev', 'lora_flux_dev_peft');
    const pair = { model1: model, model2: plain, multiplier: 1 };
    const [model_diff] = await runNode<[Model]>('ModelMergeSubtract', pair, newContext());
    const form = { filename_prefix: 'x', rank: 8, lora_type, bias_diff: true, model_diff };
    const { ui } = await NODES.get('LoraSave')!.run(form as never, newContext());
    return { model, file: (ui!.models[0] as { path: string }).path };
  };

  it('saves differences of transformers that act as the LoRA did', async () => {
    const { model, file } = await saved('full_diff');
    const context = { ...newContext(), modelPath: () => file };
    const inputs = { model: await load('tiny_flux_dev'), lora_name: 'x', strength_model: 1 };
    const [again] = await runNode<[Model]>('LoraLoaderModelOnly', inputs, context);
    const [want, plain] = [await predicted(model), await predicted(await load('tiny_flux_dev'))];
    const effect = maxDifference(want, plain);
    expect(effect).toBeGreaterThan(0.05);
    // differences are saved in float16
    expect(maxDifference(await predicted(again), want)).toBeLessThan(0.01 * effect);
  });

  it('saves factors of the joined weights', async () => {
    const tensors = await tensorsOf((await saved('standard')).file);
    const layer = 'diffusion_model.double_blocks.0.img_attn.qkv';
    expect(tensors[`${layer}.lora_up.weight`].shape).toEqual([192, 8]);
    expect(tensors[`${layer}.lora_down.weight`].shape).toEqual([8, 64]);
  });
});

describe('CreateHookLora', () => {
  const hooksOf = async (lora: string): Promise<HookGroup> => {
    const inputs = { lora_name: `${lora}.safetensors`, strength_model: 0.5, strength_clip: 0 };
    return (await runNode<[HookGroup]>('CreateHookLora', inputs, newContext()))[0];
  };

  it('changes transformers at the strength of each condition, in one session', async () => {
    const { denoiser } = await load('tiny_flux_dev');
    const [{ weights }] = await hooksOf('lora_flux_dev_peft');
    const unets = hookedUNets(denoiser, [weights]);
    const at = (factor: number) => unets.with([{ weights, factor }]);
    const { model } = await applied(
      'LoraLoaderModelOnly',
      'tiny_flux_dev',
      'lora_flux_dev_peft',
      0.25,
    );
    const got = await at(0.5).evaluate(fluxInputs);
    expect(maxDifference(got, await predicted(model))).toBeLessThan(1e-5);
    expect(at(0.5).base!.plan!.key).toBe(unets.with([]).base!.plan!.key);
  });

  it('does not replace weights for conditions without the hook', async () => {
    const { denoiser } = await load('tiny_flux_dev');
    const [{ weights }] = await hooksOf('control');
    expect(hookedUNets(denoiser, [weights]).with([])).toBe(denoiser);
  });
});
