// Z-Image and Lumina 2 against the original: velocities, denoised latents, states after each block.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ditStates } from '../../../test/support/dit.ts';
import { memoryWeights } from '../../../test/support/files/memory-weights.ts';
import { expectGolden, fixtureModel, type Golden, golden } from '../../../test/support/golden.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import type { TensorFile } from '../../formats/tensor-file.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { map, repeatToBatch, type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import type { Denoiser, DenoiserInputs } from '../denoiser.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { createPrepackedStore } from '../weights/prepacked-store.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import { type NextDitConfig, nextDitConfig } from './config.ts';
import { fromDiffusersNextDit } from './diffusers-nextdit.ts';
import { createNextDit, nextDit } from './nextdit.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

/** The weights of a fixture, and its tensors. */
async function fixtureWeights(model: string): Promise<Weights & Pick<TensorFile, 'tensors'>> {
  const opened = await openSafetensors(fixtureModel(model));
  await opened.close();
  const { file, tensors } = opened;
  return { ...weightsOf(file, tensors, ''), tensors };
}

type Case = Golden['cases'][number];

/** The inputs of a case; flow models are given the latent and the sigma as they are. */
function inputsOf(g: Golden, { inputs }: Case): DenoiserInputs {
  const x = g.float(inputs.x);
  const listed = (start: string): Tensor[] =>
    Object.keys(inputs)
      .filter((name) => name.startsWith(start))
      .map((name) => g.float(inputs[name]));
  const latents = listed('reference_latent');
  // ComfyUI's latent format of FLUX.1: process_in
  const scaled = latents.map((latent) =>
    map(latent, (value) => Math.fround(value - Math.fround(0.1159)) * Math.fround(0.3611)),
  );
  return {
    x,
    timesteps: repeatToBatch(g.float(inputs.sigma), x.shape[0]).data,
    context: repeatToBatch(g.float(inputs.context), x.shape[0]),
    ...(latents.length > 0 && { references: { latents: scaled, contexts: listed('text_embeds') } }),
  };
}

const denoised = ({ x, timesteps }: DenoiserInputs, v: Tensor): Tensor =>
  map(x, (value, i) => {
    const sigma = timesteps[Math.floor(i / (x.data.length / x.shape[0]))];
    return value - Math.fround(v.data[i] * sigma);
  });

describe.each(['z_image', 'lumina2'])('NextDiT %s', (group) => {
  const g = golden('dit', group);
  it.each(g.cases)('$id', async (one) => {
    const network = createNextDit(runtime, await fixtureWeights(one.params.model));
    const inputs = inputsOf(g, one);
    const v = await network.evaluate(inputs);
    expectGolden(g, one.id, one.outputs.v, v);
    expectGolden(g, one.id, one.outputs.denoised, denoised(inputs, v));
  });

  it('has the states of the original after each block', async () => {
    const [one] = g.cases;
    const states = await ditStates(
      nextDit,
      await fixtureWeights(one.params.model),
      inputsOf(g, one),
    );
    const compared = Object.entries(one.outputs).flatMap(([output, name]) => {
      const state = states[output.slice('in_'.length, -'_0'.length)];
      return state && output.startsWith('in_') ? { name, state } : [];
    });
    expect(compared.length).toBe(10);
    for (const { name, state } of compared)
      expectGolden(g, one.id, name, alike(state, g.float(name), name.includes('final_layer')));
  });
});

describe('NextDiT', () => {
  const network = async (): Promise<Denoiser> =>
    createNextDit(runtime, await fixtureWeights('tiny_z_image'));
  const g = golden('dit', 'z_image');
  const [c0] = g.cases;

  it('reads the sizes of the released models', () => {
    expect(nextDitConfig(weightsOfSizes({ dim: 3840, heads: 30, kvHeads: 30 }))).toMatchObject({
      heads: 30,
      kvHeads: 30,
      headDim: 128,
      layers: 1,
      refiners: 1,
      channels: 16,
      contextDim: 2560,
      padMultiple: 1,
      timeScale: 1000,
      rope: { axes: [32, 48, 48], theta: 256 },
    });
    expect(nextDitConfig(weightsOfSizes({ dim: 2304, heads: 24, kvHeads: 8 }))).toMatchObject({
      heads: 24,
      kvHeads: 8,
      headDim: 96,
      timeScale: 1,
      rope: { axes: [32, 32, 32], theta: 10000 },
    });
  });

  it('names variants and sizes that it does not support', () => {
    const sizes = { dim: 3840, heads: 30, kvHeads: 30 };
    const error = (weights: Weights): unknown => thrownBy(() => nextDitConfig(weights));
    expect(error(weightsOfSizes({ ...sizes, dim: 4096, heads: 32 }))).toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message: 'none has 4096 features in heads of 128',
    });
    expect(error(weightsOfSizes(sizes, 'dec_net.cond_embed.weight'))).toMatchObject({
      message: 'none is a Z-Image of pixels instead of latents',
    });
  });

  it('names the input that is of another model', async () => {
    const inputs = inputsOf(g, c0);
    await expect(
      (await network()).evaluate({ ...inputs, x: zeros([1, 4, 8, 8]) }),
    ).rejects.toMatchObject({
      code: 'DR_SHAPE_MISMATCH',
      message:
        'the channels of the latent are 4, and tiny_z_image.safetensors ' +
        '(Z-Image or Lumina 2) needs 16',
    });
    await expect(
      (await network()).evaluate({ ...inputs, context: zeros([1, 77, 768]) }),
    ).rejects.toMatchObject({
      code: 'DR_SHAPE_MISMATCH',
      message:
        "the width of the prompt's features is 768, and tiny_z_image.safetensors " +
        '(Z-Image or Lumina 2) needs 32',
    });
  });

  it('takes no reference images without pad tokens', async () => {
    const lumina = createNextDit(runtime, await fixtureWeights('tiny_lumina2'));
    const lumina2 = golden('dit', 'lumina2');
    const inputs = inputsOf(lumina2, lumina2.cases[0]);
    await expect(
      lumina.evaluate({ ...inputs, references: { latents: [inputs.x] } }),
    ).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      message: 'Lumina 2 takes no reference images',
    });
  });

  it('changes with its weights, and not with the patches of UNets', async () => {
    const plain = await network();
    const inputs = inputsOf(g, c0);
    const v = await plain.evaluate(inputs);
    const factor = (name: string): number | undefined =>
      name.startsWith('final_layer.linear.') ? 2 : undefined;
    const doubled = await plain.variant({ changes: [{ factor }] }).evaluate(inputs);
    expect(doubled).toEqual(map(v, (value) => 2 * value));
    const patched = plain.variant({
      perturbedMiddle: true,
      skippedBlocks: { double: [0], single: [] },
    });
    expect(await patched.evaluate(inputs)).toEqual(v);
  });

  it('computes nearly the same in int8', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'darkroom-nextdit-'));
    const int8Runtime = createModelRuntime({
      threads: 1,
      precision: 'int8',
      int8Weights: createPrepackedStore({ folder }),
    });
    const quantised = createNextDit(int8Runtime, await fixtureWeights('tiny_z_image'));
    const v = await quantised.evaluate(inputsOf(g, c0));
    await int8Runtime.close();
    rmSync(folder, { recursive: true });
    const exact = g.float(c0.outputs.v);
    const error = Math.sqrt(squares(map(v, (value, i) => value - exact.data[i])) / squares(exact));
    expect(error).toBeGreaterThan(1e-4);
    expect(error).toBeLessThan(3e-2);
  });
});

describe('diffusers', () => {
  const g = golden('weights', 'models');
  it.each(g.cases.filter(({ params }) => params.model === 'tiny_z_image_diffusers'))(
    '$id is the same model',
    async (one) => {
      const { file, tensors } = await fixtureWeights(one.params.model);
      const weights = weightsOf(file, fromDiffusersNextDit(tensors), '');
      const original = await fixtureWeights('tiny_z_image');
      expect(new Set(weights.names())).toEqual(new Set(original.names()));
      const inputs = inputsOf(g, one);
      const v = await createNextDit(runtime, weights).evaluate(inputs);
      expectGolden(g, one.id, one.outputs.denoised, denoised(inputs, v));
    },
  );
});

const squares = ({ data }: Tensor): number => data.reduce((sum, value) => sum + value * value, 0);

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

/** Weights of one layer of each kind, of which only the shapes are read. */
function weightsOfSizes(
  { dim, heads, kvHeads }: Pick<NextDitConfig, 'dim' | 'heads' | 'kvHeads'>,
  ...more: readonly string[]
): Weights {
  const headDim = dim / heads;
  return memoryWeights(
    'none',
    {},
    {
      'cap_embedder.1.weight': [dim, 2560],
      'x_embedder.weight': [dim, 64],
      'noise_refiner.0.attention.q_norm.weight': [headDim],
      'layers.0.attention.qkv.weight': [(heads + 2 * kvHeads) * headDim, dim],
      'layers.0.attention.out.weight': [dim, dim],
      'layers.0.feed_forward.w1.weight': [10240, dim],
      ...Object.fromEntries(more.map((name) => [name, [1]])),
    },
  );
}

/** Returns the tokens that both states have: the first ones, or the last ones. */
function alike(state: Tensor, { shape, data }: Tensor, isLast: boolean): Tensor {
  if (state.data.length === data.length) return state;
  if (state.data.length > data.length) return tensor(shape, state.data.slice(0, data.length));
  // the original computes its last layer for the prompt's tokens too
  const others = data.length - state.data.length;
  expect(isLast).toBe(true);
  return tensor(shape, Float32Array.of(...data.subarray(0, others), ...state.data));
}
