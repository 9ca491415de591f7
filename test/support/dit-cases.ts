// The cases of test/golden/dit: inputs and outputs of ComfyUI's apply_model.
import { openSafetensors } from '../../src/formats/safetensors/safetensors.ts';
import type { DenoiserInputs, ReferenceMethod } from '../../src/models/denoiser.ts';
import { fluxTensors } from '../../src/models/flux/layout.ts';
import { type Weights, weightsOf } from '../../src/models/weights/tensors.ts';
import { map, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { fixtureModel, type Golden, type GoldenCase } from './golden.ts';

/** The weights of a file of FLUX.1 or Chroma, whose tensors `layout` renames. */
export async function fluxWeights(file: string, layout = fluxTensors): Promise<Weights> {
  const { tensors, close } = await openSafetensors(file);
  await close();
  return weightsOf(file, layout(tensors), '');
}

/** The weights of a fixture of FLUX.1 or Chroma. */
export const fixtureWeights = (model: string, layout = fluxTensors): Promise<Weights> =>
  fluxWeights(fixtureModel(model), layout);

/** Repeats the rows of a tensor to a batch, as ComfyUI does with conditioning. */
function toBatch({ shape: [rows, ...rest], data }: Tensor, batch: number): Tensor {
  const size = data.length / rows;
  const all = Array.from({ length: batch }, (_, b) =>
    data.subarray((b % rows) * size, ((b % rows) + 1) * size),
  );
  return tensor([batch, ...rest], Float32Array.from(all.flatMap((row) => [...row])));
}

/** Ids and weights of tokens, [1, T, 2]. */
export function tokensOf(g: Golden, { t5xxl_ids, t5xxl_weights }: Record<string, string>): Tensor {
  const [ids, weights] = [g.float(t5xxl_ids).data, g.float(t5xxl_weights).data];
  const both = Float32Array.from({ length: 2 * ids.length }, (_, i) =>
    i % 2 === 0 ? ids[i / 2] : weights[(i - 1) / 2],
  );
  return tensor([1, ids.length, 2], both);
}

const toRows = (value: number | readonly number[], batch: number): Float32Array =>
  typeof value === 'number' ? new Float32Array(batch).fill(value) : Float32Array.from(value);

/** An autoencoder's latent in units of FLUX (comfy.latent_formats.Flux process_in). */
export const fluxLatent = (latent: Tensor): Tensor =>
  map(latent, (value) => Math.fround(value - Math.fround(0.1159)) * Math.fround(0.3611));

/** The inputs of a case of apply_model. `toModel`: of reference latents, FLUX.1's by default. */
export function caseInputs(
  g: Golden,
  { params, inputs }: GoldenCase,
  toModel = fluxLatent,
): DenoiserInputs {
  const x = g.float(inputs.x);
  const [batch] = x.shape;
  const each = (name: string): Tensor => toBatch(g.float(name), batch);
  const references = Object.keys(inputs)
    .filter((name) => name.startsWith('reference_latent'))
    .map((name) => toModel(each(inputs[name])));
  return {
    x,
    timesteps: toBatch(g.float(inputs.sigma), batch).data,
    context: each(inputs.context),
    ...(inputs.attention_mask && { contextMask: each(inputs.attention_mask) }),
    ...(inputs.t5xxl_ids && { tokens: toBatch(tokensOf(g, inputs), batch) }),
    ...(inputs.y && { y: each(inputs.y) }),
    ...(params.guidance !== undefined &&
      params.guidance !== null && { guidance: toRows(params.guidance, batch) }),
    ...(references.length > 0 && {
      references: {
        latents: references,
        method: (params.reference_latents_method ?? undefined) as ReferenceMethod | undefined,
      },
    }),
  };
}

/** x - sigma v, the denoised latent of flow models (CONST). */
export function denoisedBy(v: Tensor, { x, timesteps }: DenoiserInputs): Tensor {
  const size = v.data.length / timesteps.length;
  return {
    shape: v.shape,
    data: v.data.map((value, i) => x.data[i] - value * timesteps[Math.floor(i / size)]),
  };
}

/** The golden's name of a state of case c0: double blocks return the image, then the prompt. */
export const stateName = (name: string): string => {
  const [, block, stream] = /^(.*)\.(img|txt)$/.exec(name) ?? [];
  return `c0/in_${block ?? name}_${stream === 'txt' ? 1 : 0}`;
};
