// FLUX.2 against ComfyUI: predictions of klein with and without reference images, and values
// inside; diffusers' layout, int8, and files that resemble it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { expectBlockStates } from '../../../test/support/dit.ts';
import { caseInputs, denoisedBy, fixtureWeights } from '../../../test/support/dit-cases.ts';
import { type TensorsToWrite, tensorsOf } from '../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type GoldenCase,
  golden,
} from '../../../test/support/golden.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { loadDiffusionModel } from '../checkpoint/load.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import { identifyModel } from '../inspect/inspect-model.ts';
import { createModelRuntime } from '../model-runtime.ts';
import { createPrepackedStore } from '../weights/prepacked-store.ts';
import { createFlux2, FLUX2 } from './network.ts';

const runtime = createRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-flux2-'));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const g = golden('dit', 'klein');
// the latents of FLUX.2's autoencoder are those of the model
const inputsOf = (goldenCase: GoldenCase): DenoiserInputs =>
  caseInputs(g, goldenCase, (latent: Tensor) => latent);

describe('golden dit/klein', () => {
  it.each(g.cases)('$id', async (goldenCase) => {
    const { id, params, outputs } = goldenCase;
    const denoiser = createFlux2(runtime, await fixtureWeights(params.model));
    const inputs = inputsOf(goldenCase);
    const v = await denoiser.evaluate(inputs);
    expectGolden(g, id, outputs.v, v);
    expectGolden(g, id, outputs.denoised, denoisedBy(v, inputs));
  });

  it('computes the states of each block', () => expectBlockStates(g, FLUX2, inputsOf(g.cases[0])));
});

/** diffusers' names of the layers of FLUX.2 (transformer_flux2.py), by the original ones. */
const DIFFUSERS: readonly (readonly [RegExp, string])[] = [
  [/^img_in/, 'x_embedder'],
  [/^txt_in/, 'context_embedder'],
  [/^time_in\.in_layer/, 'time_guidance_embed.timestep_embedder.linear_1'],
  [/^time_in\.out_layer/, 'time_guidance_embed.timestep_embedder.linear_2'],
  [/_modulation(_img|_txt)?\.lin\./, '_modulation$1.linear.'],
  [/^final_layer\.adaLN_modulation\.1/, 'norm_out.linear'],
  [/^final_layer\.linear/, 'proj_out'],
  [/^double_blocks/, 'transformer_blocks'],
  [/^single_blocks/, 'single_transformer_blocks'],
  [/img_attn\.norm\.(query|key)_norm\.scale/, 'attn.norm_$1.weight'],
  [/txt_attn\.norm\.(query|key)_norm\.scale/, 'attn.norm_added_$1.weight'],
  [/(\d)\.norm\.(query|key)_norm\.scale/, '$1.attn.norm_$2.weight'],
  [/norm_(added_)?query/, 'norm_$1q'],
  [/norm_(added_)?key/, 'norm_$1k'],
  [/img_attn\.proj/, 'attn.to_out.0'],
  [/txt_attn\.proj/, 'attn.to_add_out'],
  [/img_mlp\.0/, 'ff.linear_in'],
  [/img_mlp\.2/, 'ff.linear_out'],
  [/txt_mlp\.0/, 'ff_context.linear_in'],
  [/txt_mlp\.2/, 'ff_context.linear_out'],
  [/linear1/, 'attn.to_qkv_mlp_proj'],
  [/linear2/, 'attn.to_out'],
];
const PARTS = {
  'img_attn.qkv': ['attn.to_q', 'attn.to_k', 'attn.to_v'],
  'txt_attn.qkv': ['attn.add_q_proj', 'attn.add_k_proj', 'attn.add_v_proj'],
} as const;

/** The tensors of the fixture in the layout of diffusers. */
async function inDiffusersLayout(): Promise<TensorsToWrite> {
  const named = (name: string): string =>
    DIFFUSERS.reduce((text, [from, to]) => text.replace(from, to), name);
  const out: TensorsToWrite = {};
  for (const [name, tensor] of Object.entries(await tensorsOf(fixtureModel('tiny_flux2_klein')))) {
    const data = tensor.data as Uint8Array;
    const [rows, ...rest] = tensor.shape;
    const [, joined] = /((?:img|txt)_attn\.qkv)\./.exec(name) ?? [];
    const count = joined ? 3 : name.startsWith('final_layer.adaLN') ? 2 : 1;
    const size = data.length / count;
    const parts = Array.from({ length: count }, (_, i) => data.subarray(i * size, (i + 1) * size));
    if (!joined) {
      // shift and scale are in the opposite order there
      const bytes = Uint8Array.from(parts.toReversed().flatMap((part) => [...part]));
      out[named(name)] = { ...tensor, data: bytes };
      continue;
    }
    for (const [i, part] of PARTS[joined as keyof typeof PARTS].entries())
      out[named(name.replace(joined, part))] = {
        ...tensor,
        shape: [rows / count, ...rest],
        data: parts[i],
      };
  }
  return out;
}

describe('FLUX.2', () => {
  const [c0] = g.cases;

  it('is the same in the layout of diffusers', async () => {
    const file = join(folder, 'diffusers.safetensors');
    await writeSafetensors(file, await inDiffusersLayout());
    expect(await identifyModel(file)).toMatchObject({ kind: 'diffusion model' });
    const { denoiser, family } = await loadDiffusionModel(file, createModelRuntime({ threads: 1 }));
    expect(family).toBe('flux2');
    expectGolden(g, c0.id, c0.outputs.v, await denoiser.evaluate(inputsOf(c0)));
  });

  it('computes nearly the same in int8', async () => {
    const int8Runtime = createModelRuntime({
      threads: 1,
      precision: 'int8',
      int8Weights: createPrepackedStore({ folder: join(folder, 'int8') }),
    });
    const weights = await fixtureWeights('tiny_flux2_klein');
    const v = await createFlux2(int8Runtime, weights).evaluate(inputsOf(c0));
    await int8Runtime.close();
    const exact = g.float(c0.outputs.v);
    const error = exact.data.map((value, i) => value - v.data[i]);
    const squares = (values: Float32Array): number => values.reduce((sum, x) => sum + x * x, 0);
    const relative = Math.sqrt(squares(error) / squares(exact.data));
    expect(relative).toBeGreaterThan(1e-4);
    expect(relative).toBeLessThan(3e-2);
  });

  it('refuses reference images of other models, and MLPs of another size', async () => {
    const weights = await fixtureWeights('tiny_flux2_klein');
    const latents = [{ shape: [1, 16, 4, 4], data: new Float32Array(256) }];
    const inputs = { ...inputsOf(c0), references: { latents } };
    await expect(createFlux2(runtime, weights).evaluate(inputs)).rejects.toMatchObject({
      message: "a reference image has 16 channels, and this model's latents have 128",
      hint: expect.stringContaining('the autoencoder of FLUX.2'),
    });
    const file = join(folder, 'narrow.safetensors');
    const tensors = await tensorsOf(fixtureModel('tiny_flux2_klein'));
    const name = 'double_blocks.0.img_mlp.0.weight';
    const narrow = {
      ...tensors[name],
      shape: [256, 64],
      data: (tensors[name].data as Uint8Array).slice(0, 32768),
    };
    await writeSafetensors(file, { ...tensors, [name]: narrow });
    const load = loadDiffusionModel(file, createModelRuntime({ threads: 1 }));
    await expect(load).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message: expect.stringContaining(`${name} of shape [256,64], where FLUX has [384,64]`),
    });
  });
});
