// Attention layers scaled by nodes compute the same as a file with multiplied weights.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import {
  noise,
  type TensorsToWrite,
  tensorsOf,
  writeRenamed,
} from '../../../../../test/support/files/rewrite.ts';
import { fixtureModel, maxDifference } from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { decodeFloat32 } from '../../../../formats/dtypes.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import type { Denoiser } from '../../../../models/denoiser.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import { full, type Tensor, tensor } from '../../../../tensor/tensor.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-attention-'));
const checkpoints: Record<string, string> = { one: fixtureModel('tiny_sd1') };
const context = testContext({ checkpoints });
afterAll(async () => {
  await context.runtime.close();
  rmSync(folder, { recursive: true, force: true });
});

// weight *= strength_model, in float32 (comfy/lora.py calculate_weight)
const FACTORS: readonly (readonly [pattern: RegExp, factor: number])[] = [
  [/diffusion_model.*attn1\.to_q\.weight$/, 1.5],
  [/diffusion_model.*attn1\.to_v\.weight$/, 0.2],
  [/diffusion_model.*attn1\.to_out\.0\.(weight|bias)$/, 0.7],
  [/diffusion_model.*attn2\.to_k\.weight$/, 3],
  [/diffusion_model.*attn2\.to_out\.0\.(weight|bias)$/, 1.25],
  [/cond_stage_model.*self_attn\.q_proj\.(weight|bias)$/, 2.2],
  [/cond_stage_model.*self_attn\.out_proj\.(weight|bias)$/, 0.6],
];

const load = async (ckpt_name: string) =>
  await runNode<[Model, Clip]>('CheckpointLoaderSimple', { ckpt_name }, context);
const evaluate = (unet: Denoiser): Promise<Tensor> =>
  unet.evaluate({
    x: tensor([1, 4, 8, 8], noise(256, 5, 2)),
    timesteps: Float32Array.of(321),
    context: full([1, 77, unet.contextDim], 0.1),
  });

it('multiplies the weights of the selected layers', async () => {
  const changed: TensorsToWrite = {};
  for (const [name, { dtype, shape, data }] of Object.entries(await tensorsOf(checkpoints.one))) {
    const factor = FACTORS.find(([pattern]) => pattern.test(name))?.[1] ?? 1;
    changed[name] = {
      dtype: 'F32',
      shape,
      data: decodeFloat32(dtype, data as Uint8Array).map((value) => value * Math.fround(factor)),
    };
  }
  checkpoints.two = await writeRenamed(join(folder, 'two.safetensors'), changed, (name) => name);
  const [[model, clip], [expectedModel, expectedClip]] = [await load('one'), await load('two')];

  const ones = { q: 1, k: 1, v: 1, out: 1 };
  const [self] = await runNode(
    'UNetSelfAttentionMultiply',
    { ...ones, model, q: 1.5, v: 0.2, out: 0.7 },
    context,
  );
  const [both] = await runNode(
    'UNetCrossAttentionMultiply',
    { ...ones, model: self, k: 3, out: 1.25 },
    context,
  );
  const expected = await evaluate(expectedModel.denoiser);
  expect(maxDifference(await evaluate((both as Model).denoiser), expected)).toBeLessThan(2e-6);
  expect(maxDifference(await evaluate(model.denoiser), expected)).toBeGreaterThan(1e-4);

  const [scaled] = await runNode(
    'CLIPAttentionMultiply',
    { ...ones, clip, q: 2.2, out: 0.6 },
    context,
  );
  const text = 'a (red:1.2) fox in the snow';
  const cond = (await expectedClip.encode(text)).cond;
  expect(maxDifference((await (scaled as Clip).encode(text)).cond, cond)).toBeLessThan(1e-5);
  expect(maxDifference((await clip.encode(text)).cond, cond)).toBeGreaterThan(1e-3);
});

it('scales the outputs of all attention layers; factors of 1 change nothing', async () => {
  const [model] = await load('one');
  const temporal = {
    self_structural: 0.5,
    cross_structural: 2,
    self_temporal: 9,
    cross_temporal: 9,
  };
  const [one] = await runNode('UNetTemporalAttentionMultiply', { model, ...temporal }, context);
  const ones = { q: 1, k: 1, v: 1, out: 1 };
  const [self] = await runNode('UNetSelfAttentionMultiply', { ...ones, model, out: 0.5 }, context);
  const [two] = await runNode(
    'UNetCrossAttentionMultiply',
    { ...ones, model: self, out: 2 },
    context,
  );
  expect(
    maxDifference(await evaluate((one as Model).denoiser), await evaluate((two as Model).denoiser)),
  ).toBeLessThan(2e-6);
  const [same] = await runNode('UNetSelfAttentionMultiply', { ...ones, model }, context);
  expect(
    maxDifference(await evaluate((same as Model).denoiser), await evaluate(model.denoiser)),
  ).toBe(0);
});
