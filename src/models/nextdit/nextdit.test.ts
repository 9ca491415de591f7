// Z-Image and Lumina 2 against the original: velocities, denoised latents, states after each block.
import { afterAll, describe, expect, it } from 'vitest';
import { ditStates } from '../../../test/support/dit.ts';
import { expectGolden, fixtureModel, type Golden, golden } from '../../../test/support/golden.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { map, repeatToBatch, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import { type Weights, weightsOf } from '../weights/tensors.ts';
import { createNextDit, nextDit } from './nextdit.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

async function fixtureWeights(model: string): Promise<Weights> {
  const file = await openSafetensors(fixtureModel(model));
  await file.close();
  return weightsOf(file.file, file.tensors, '');
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

/** Returns the tokens that both states have: the first ones, or the last ones. */
function alike(state: Tensor, { shape, data }: Tensor, isLast: boolean): Tensor {
  if (state.data.length === data.length) return state;
  if (state.data.length > data.length) return tensor(shape, state.data.slice(0, data.length));
  // the original computes its last layer for the prompt's tokens too
  const others = data.length - state.data.length;
  expect(isLast).toBe(true);
  return tensor(shape, Float32Array.of(...data.subarray(0, others), ...state.data));
}
