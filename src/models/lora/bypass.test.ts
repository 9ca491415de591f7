// LoRAs beside the weights against ComfyUI's (test/golden/lora/make_bypass.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noiseTensor, seededTensors } from '../../../test/support/files/rewrite.ts';
import { expectGolden, fixtureModel, golden, maxDifference } from '../../../test/support/golden.ts';
import { fixtureFolders, runNode, testContext } from '../../../test/support/run-node.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import { tensor } from '../../tensor/tensor.ts';
import type { Clip } from '../clip/clip.ts';
import { changedTargets } from '../weights/plan-changes.ts';

const g = golden('lora', 'bypass');
const SIGMA = 3;
const folder = mkdtempSync(join(tmpdir(), 'darkroom-bypass-'));
const other = join(folder, 'other.safetensors');
const runtime = createRuntime({ threads: 2 });
const context = () => ({
  ...testContext({
    ...fixtureFolders({ checkpoints: ['tiny_sd1'] }),
    loras: { small: fixtureModel('tiny_lora_sd1'), other },
  }),
  runtime,
});
beforeAll(() => writeSafetensors(other, seededTensors(g.cases[0].params.weights)));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const load = () =>
  runNode<[Model, Clip]>(
    'CheckpointLoaderSimple',
    { ckpt_name: 'tiny_sd1.safetensors' },
    context(),
  );
const TYPES = { bypass: 'LoraLoaderBypassModelOnly', plain: 'LoraLoaderModelOnly' } as const;

describe('LoraLoaderBypassModelOnly predicts as ComfyUI does:', () => {
  it.each(g.cases.map((one) => [one.id, one] as const))('%s', async (id, { params, outputs }) => {
    let [model] = await load();
    for (const [kind, lora_name, strength_model] of params.nodes) {
      const inputs = { model, lora_name, strength_model };
      [model] = await runNode<[Model]>(TYPES[kind as keyof typeof TYPES], inputs, context());
    }
    const { sampling, denoiser: unet } = model;
    const x = noiseTensor([1, 4, 8, 12], 1);
    const out = await unet.evaluate({
      x: tensor(x.shape, sampling.calculateInput(SIGMA, x.data)),
      timesteps: Float32Array.of(sampling.timestep(SIGMA)),
      context: noiseTensor([1, 77, 128], 2),
    });
    const denoised = sampling.calculateDenoised(SIGMA, out.data, x.data);
    expectGolden(g, id, outputs.out, tensor(x.shape, denoised));
  });
});

describe('LoraLoaderBypass', () => {
  const strengths = { strength_model: 0.8, strength_clip: 0.8 };

  it('leaves the weights as they are when they are saved', async () => {
    const [model, clip] = await load();
    const inputs = { model, clip, lora_name: 'small', ...strengths };
    const [changed] = await runNode<[Model]>('LoraLoaderBypass', inputs, context());
    expect(changedTargets(changed.denoiser.base!).shapes.size).toBe(0);
  });

  it('changes text encoders as LoraLoader does, without rounding the sum', async () => {
    const [model, clip] = await load();
    const inputs = { model, clip, lora_name: 'small', ...strengths };
    const encode = async (type: string) => {
      const [, changed] = await runNode<[Model, Clip]>(type, inputs, context());
      return (await changed.encode('a fox')).cond;
    };
    const [plain, beside] = [await encode('LoraLoader'), await encode('LoraLoaderBypass')];
    const { cond } = await clip.encode('a fox');
    expect(maxDifference(plain, cond)).toBeGreaterThan(0.05);
    expect(maxDifference(plain, beside)).toBeLessThan(0.01);
    expect(maxDifference(plain, beside)).toBeGreaterThan(0);
  });
});
