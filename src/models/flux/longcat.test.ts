// LongCat-Image with small random weights, and its text encoder, against ComfyUI
// (test/golden/dit/make_longcat.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fluxLatent, fluxWeights } from '../../../test/support/dit-cases.ts';
import { seededTensors } from '../../../test/support/files/rewrite.ts';
import { expectExact, expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import type { Latent } from '../../sampling/sampling-types.ts';
import { concatAxis, narrow } from '../../tensor/axes.ts';
import { repeatToBatch, type Tensor } from '../../tensor/tensor.ts';
import type { Clip } from '../clip/clip.ts';
import { CLIP_FAMILIES } from '../clip/families.ts';
import { loadTextEncoder } from '../clip/load.ts';
import { promptTokens } from '../clip/prompt-tokens.ts';
import { inspectModel } from '../inspect/inspect-model.ts';
import { createLongCat } from './network.ts';

const g = golden('dit', 'longcat');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-longcat-'));
const file = join(folder, 'longcat.safetensors');
const encoderFile = fixtureModel('tiny_qwen25_vl_7b');
const context = testContext({
  text_encoders: { qwen: encoderFile },
  diffusion_models: { longcat: file },
});
const { runtime } = context;
beforeAll(() => writeSafetensors(file, seededTensors(g.weights.dit)));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const run = async (type: string, inputs: Record<string, unknown>) =>
  (await runNode<readonly unknown[]>(type, inputs, context))[0];
const loadClip = async (): Promise<Clip> =>
  (await run('CLIPLoader', { clip_name: 'qwen', type: 'longcat_image' })) as Clip;

/** Every 16th row of features, and the last one. */
const someRows = (cond: Tensor): Tensor => {
  const count = cond.shape[1];
  const rows = Array.from({ length: Math.ceil(count / 16) }, (_, i) => 16 * i);
  return concatAxis(
    [...rows, count - 1].map((row) => narrow(cond, 1, row, 1)),
    1,
  );
};

describe('Qwen2.5-VL as the text encoder of LongCat-Image', () => {
  it.each(g.casesWith('cond'))(
    'encodes as the original does: $id',
    async ({ id, params, outputs }) => {
      const { text, hasPicture, rows, seen } = params;
      const images = hasPicture ? [g.float('picture')] : [];
      const [rule] = CLIP_FAMILIES['longcat-image'].parts;
      const own = { encoder: await loadTextEncoder(encoderFile, runtime), rule };
      if (!hasPicture) {
        const [tokens] = await promptTokens({}, own, text);
        const ids = tokens.map(({ value }) => value as number);
        expectExact(g, id, outputs.ids, ids);
      }
      const { cond, mask } = await (await loadClip()).encodeWithImages(text, { images });
      expect(cond.shape[1]).toBe(rows);
      expect(mask ? mask.data.reduce((sum, value) => sum + value, 0) : null).toBe(seen);
      expectGolden(g, id, outputs.cond, someRows(cond));
    },
  );
});

it.each(g.casesWith('v'))('predicts as the original does: $id', async (one) => {
  const { id, params, inputs, outputs } = one;
  const names: string[] = params.references ?? [];
  const x = g.float(inputs.x);
  const latents = names.map((name) => repeatToBatch(fluxLatent(g.float(name)), 2));
  const v = await createLongCat(runtime, await fluxWeights(file)).evaluate({
    x,
    timesteps: g.float(inputs.sigma).data,
    context: repeatToBatch(g.float(inputs.context), 2),
    ...(params.guidance && { guidance: new Float32Array(2).fill(params.guidance) }),
    ...(latents.length > 0 && { references: { latents, method: params.method } }),
  });
  expectGolden(g, id, outputs.v, v);
});

it('draws the picture of the original through its nodes', async () => {
  const { id, params, outputs } = g.cases.find((one) => one.id === 'picture')!;
  const { texts, seed, steps, cfg, width, height } = params;
  const model = await run('UNETLoader', { unet_name: 'longcat', weight_dtype: 'default' });
  const clip = await loadClip();
  const [positive, negative] = [
    await run('CLIPTextEncode', { clip, text: texts[0] }),
    await run('CLIPTextEncode', { clip, text: texts[1] }),
  ];
  const latent_image = await run('EmptySD3LatentImage', { width, height, batch_size: 1 });
  const settings = { sampler_name: 'euler', scheduler: 'simple', denoise: 1 };
  const sides = { model, positive, negative, latent_image };
  const sampled = await run('KSampler', { ...sides, ...settings, seed: BigInt(seed), steps, cfg });
  expectGolden(g, id, outputs.samples, (sampled as Latent).samples);
});

it('is recognised', async () => {
  expect(await inspectModel(file)).toMatchObject({
    kind: 'diffusion model',
    architecture: expect.stringContaining('LongCat-Image'),
  });
});
