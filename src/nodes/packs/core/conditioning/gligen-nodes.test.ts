// GLIGEN against ComfyUI's in the small SD1 UNet (test/golden/gligen/make.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noiseTensor, seededTensors } from '../../../../../test/support/files/rewrite.ts';
import { expectGolden, golden } from '../../../../../test/support/golden.ts';
import { RULES } from '../../../../../test/support/rules.ts';
import { fixtureFolders, runNode, testContext } from '../../../../../test/support/run-node.ts';
import { writeSafetensors } from '../../../../formats/safetensors/safetensors-write.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import type { Gligen, PlacedObject } from '../../../../models/gligen/load.ts';
import { identifyModel } from '../../../../models/inspect/inspect-model.ts';
import { createRuntime } from '../../../../runtime/runtime.ts';
import { cfgGuider } from '../../../../sampling/guiders/guider.ts';
import { sampleWithGuider } from '../../../../sampling/runs/sample.ts';
import { samplerKind } from '../../../../sampling/samplers/index.ts';
import type {
  Conditioning,
  ConditioningEntry,
  Model,
} from '../../../../sampling/sampling-types.ts';
import { ksamplerSigmas } from '../../../../sampling/schedules/schedules.ts';
import { narrow } from '../../../../tensor/axes.ts';
import { concatBatch, tensor, zeros } from '../../../../tensor/tensor.ts';

const g = golden('gligen', 'boxes');
const [tokens, ...others] = g.cases;
const folder = mkdtempSync(join(tmpdir(), 'darkroom-gligen-'));
const file = join(folder, 'gligen_sd14_textbox.safetensors');
const runtime = createRuntime({ threads: 2 });
const fixtures = fixtureFolders({ checkpoints: ['tiny_sd1', 'tiny_sdxl_base'] });
const context = () => ({
  ...testContext({
    ...fixtures,
    gligen: {
      'a.safetensors': file,
      'b.safetensors': fixtures.checkpoints['tiny_sd1.safetensors'],
    },
  }),
  runtime,
});
const load = (name: string) =>
  runNode<[Model, Clip]>('CheckpointLoaderSimple', { ckpt_name: `${name}.safetensors` }, context());
let gligen: Gligen;

beforeAll(async () => {
  await writeSafetensors(file, seededTensors(tokens.params.weights));
  [gligen] = await runNode<[Gligen]>('GLIGENLoader', { gligen_name: 'a.safetensors' }, context());
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const placed = (
  seed: number,
  height: number,
  width: number,
  y: number,
  x: number,
): PlacedObject => ({
  features: noiseTensor([1, 768], seed),
  height,
  width,
  y,
  x,
});
const OBJECTS = [placed(21, 4, 6, 1, 2), placed(22, 8, 5, 0, 7), placed(23, 3, 3, 5, 0)];

/** An entry as the generator describes it. */
function entryOf({ seed, objects, ...more }: Record<string, never>): ConditioningEntry {
  const chosen = (objects as readonly number[]).map((i) => OBJECTS[i]);
  return {
    cond: noiseTensor([1, 77, 128], seed),
    ...more,
    ...(chosen.length > 0 && { gligen: { model: gligen, objects: chosen } }),
  };
}

it('makes the tokens of the original', async () => {
  const [height, width] = tokens.params.size;
  const all = await gligen.tokens(OBJECTS, height, width);
  const shown = concatBatch([0, 1, 2, 3, 29].map((row) => narrow(all, 0, row, 1)));
  expectGolden(g, tokens.id, tokens.outputs.out, shown);
});

describe('a UNet with objects', () => {
  it.each(others.map((one) => [one.id, one] as const))('%s', async (id, { params, outputs }) => {
    const [model] = await load('tiny_sd1');
    if (params.kind === 'prediction') {
      const { sampling, denoiser: unet } = model;
      const x = noiseTensor([2, 4, 8, 12], 1);
      const out = await unet.evaluate({
        x: tensor(x.shape, sampling.calculateInput(params.sigma, x.data)),
        timesteps: new Float32Array(2).fill(sampling.timestep(params.sigma)),
        context: noiseTensor([2, 77, 128], 2),
        objects: { gligen, tokens: await gligen.tokens(OBJECTS.slice(0, params.count), 8, 12) },
      });
      const denoised = sampling.calculateDenoised(params.sigma, out.data, x.data);
      return expectGolden(g, id, outputs.out, tensor(x.shape, denoised));
    }
    const [positive, negative] = [params.positive, params.negative].map(
      (entries): Conditioning => entries.map(entryOf),
    );
    const { sampling } = model;
    const { samples } = await sampleWithGuider({
      rules: RULES,
      guider: cfgGuider(model, positive, negative, 4),
      sampler: { kind: samplerKind('euler') },
      sigmas: ksamplerSigmas({ sampling, scheduler: 'normal', samplerName: 'euler', steps: 3 }),
      noise: noiseTensor([1, 4, 8, 12], 9),
      latent: zeros([1, 4, 8, 12]),
      seed: 1n,
    });
    expectGolden(g, id, outputs.out, samples);
  });
});

describe('GLIGENTextBoxApply', () => {
  const box = { text: 'a cat', width: 64, height: 47, x: 8, y: 23 };
  const clip = (width: number) =>
    ({
      encode: async () => ({
        cond: noiseTensor([1, 77, 8], 1),
        pooled: noiseTensor([1, width], 2),
      }),
    }) as unknown as Clip;

  it('adds objects to each entry, in latent cells', async () => {
    const inputs = { clip: clip(768), gligen_textbox_model: gligen, ...box };
    const first = [
      { cond: noiseTensor([1, 77, 8], 3) },
      { cond: noiseTensor([1, 77, 8], 4), strength: 2 },
    ];
    const [once] = await runNode<[Conditioning]>(
      'GLIGENTextBoxApply',
      { ...inputs, conditioning_to: first },
      context(),
    );
    const [twice] = await runNode<[Conditioning]>(
      'GLIGENTextBoxApply',
      { ...inputs, conditioning_to: once },
      context(),
    );
    const object = { features: noiseTensor([1, 768], 2), height: 5, width: 8, y: 2, x: 1 };
    expect(once.map(({ gligen: added }) => added!.objects)).toEqual([[object], [object]]);
    expect(twice[1]).toMatchObject({
      strength: 2,
      gligen: { model: gligen, objects: [object, object] },
    });
  });

  it('refuses text features of another width', async () => {
    const inputs = { clip: clip(1280), gligen_textbox_model: gligen, conditioning_to: [], ...box };
    await expect(runNode('GLIGENTextBoxApply', inputs, context())).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      message: 'this GLIGEN model needs text features of width 768, not 1280',
      hint: expect.stringContaining('SD1.x'),
    });
  });
});

describe('errors', () => {
  it('more than 30 objects', async () => {
    const many = new Array<PlacedObject>(31).fill(OBJECTS[0]);
    await expect(gligen.tokens(many, 8, 8)).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      message: 'gligen_sd14_textbox.safetensors places up to 30 objects, not 31',
    });
  });

  it('a UNet of another family', async () => {
    const [{ denoiser: unet }] = await load('tiny_sdxl_base');
    const x = zeros([1, 4, 8, 8]);
    const evaluated = unet.evaluate({
      x,
      timesteps: new Float32Array(1),
      context: zeros([1, 77, unet.contextDim]),
      y: zeros([1, unet.admChannels]),
      objects: { gligen, tokens: zeros([30, 768]) },
    });
    await expect(evaluated).rejects.toMatchObject({
      message: expect.stringContaining('is not for this model'),
    });
  });

  it('a file of another kind', async () => {
    expect(await identifyModel(file)).toEqual({ kind: 'GLIGEN model', architecture: 'SD1.x' });
    const loaded = runNode('GLIGENLoader', { gligen_name: 'b.safetensors' }, context());
    await expect(loaded).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message: 'tiny_sd1.safetensors is not a GLIGEN model but a checkpoint',
    });
  });
});
