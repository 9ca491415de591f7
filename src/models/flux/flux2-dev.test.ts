// FLUX.2 dev with small random weights, and its text encoder, against ComfyUI
// (test/golden/dit/make_flux2_dev.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fluxWeights } from '../../../test/support/dit-cases.ts';
import { seededTensors, type TensorsToWrite } from '../../../test/support/files/rewrite.ts';
import { expectExact, expectGolden, golden } from '../../../test/support/golden.ts';
import { runNode, testContext } from '../../../test/support/run-node.ts';
import { writeSafetensors } from '../../formats/safetensors/safetensors-write.ts';
import type { Conditioning, Latent } from '../../sampling/sampling-types.ts';
import type { Clip } from '../clip/clip.ts';
import { CLIP_FAMILIES } from '../clip/families.ts';
import { loadTextEncoder } from '../clip/load.ts';
import { promptTokens } from '../clip/prompt-tokens.ts';
import type { DenoiserInputs } from '../denoiser.ts';
import { inspectModel } from '../inspect/inspect-model.ts';
import { createFlux2 } from './network.ts';

const g = golden('dit', 'flux2_dev');
const folder = mkdtempSync(join(tmpdir(), 'darkroom-flux2-dev-'));
const file = (name: string): string => join(folder, `${name}.safetensors`);
const context = testContext({
  text_encoders: { 'mistral.safetensors': file('mistral') },
  diffusion_models: { 'dev.safetensors': file('dev') },
});
const { runtime } = context;
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const tekken = g.tensor('tekken') as TensorsToWrite[string];
const encoder: TensorsToWrite = {};
beforeAll(async () => {
  Object.assign(encoder, seededTensors(g.weights.te), { tekken_model: tekken });
  await writeSafetensors(file('mistral'), encoder);
  await writeSafetensors(file('dev'), seededTensors(g.weights.dit));
});

const load = async (): Promise<Clip> =>
  (
    await runNode<[Clip]>(
      'CLIPLoader',
      { clip_name: 'mistral.safetensors', type: 'flux2' },
      context,
    )
  )[0];

describe('Mistral Small 3 as the text encoder of FLUX.2 dev', () => {
  it.each(g.casesWith('cond'))(
    'encodes as the original does: $id',
    async ({ id, params, outputs }) => {
      const [part] = CLIP_FAMILIES.flux2.parts.filter(({ kind }) => kind === 'mistral3_24b');
      const own = { encoder: await loadTextEncoder(file('mistral'), runtime), rule: part };
      const [tokens] = await promptTokens({ endsAtBrackets: true }, own, params.text);
      expectExact(
        g,
        id,
        outputs.ids,
        tokens.map(({ value }) => value as number),
      );
      const { cond, mask } = await (await load()).encode(params.text);
      expectGolden(g, id, outputs.cond, cond);
      expectGolden(g, id, outputs.attention_mask, mask!);
    },
  );

  it('is the same with the layers behind those that are read', async () => {
    const more: TensorsToWrite = { ...encoder, 'model.norm.weight': encoder[NORM] };
    for (const [name, value] of Object.entries(encoder))
      for (let i = 30; i < 40; i++)
        if (name.startsWith('model.layers.0.')) more[name.replace('.0.', `.${i}.`)] = value;
    await writeSafetensors(file('whole'), more);
    const whole = await loadTextEncoder(file('whole'), runtime);
    const [{ id, params, outputs }] = g.casesWith('cond');
    const { cond } = await (await load()).withEncoders([whole]).encode(params.text);
    expectGolden(g, id, outputs.cond, cond);
  });

  it('is recognised, and refused without its vocabulary', async () => {
    // 30 layers, and no norm after the last one
    expect(await inspectModel(file('mistral'))).toMatchObject({
      kind: 'text encoder',
      architecture: expect.stringContaining('Mistral Small 3'),
      parts: [{ name: 'mistral3_24b' }],
    });
    const { tekken_model, ...rest } = encoder;
    await writeSafetensors(file('bare'), rest);
    const bare = await loadTextEncoder(file('bare'), runtime);
    await expect(bare.tokenizer!()).rejects.toMatchObject({
      message: 'bare.safetensors contains no vocabulary (tekken_model)',
      hint: 'Use the Mistral Small 3 text encoder as it is published for ComfyUI.',
    });
    await writeSafetensors(file('damaged'), {
      ...rest,
      tekken_model: { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
    });
    const damaged = await loadTextEncoder(file('damaged'), runtime);
    await expect(damaged.tokenizer!()).rejects.toMatchObject({
      message: 'the vocabulary (tekken_model) of damaged.safetensors is damaged',
    });
  });
});

const NORM = 'model.layers.0.input_layernorm.weight';

/** ComfyUI's guidance where a conditioning has none of its own. */
const GUIDANCE = 3.5;

it.each(g.casesWith('v'))('FLUX.2 dev predicts as the original does: $id', async (one) => {
  const { id, params, inputs, outputs } = one;
  const guidance = params.guidance === undefined ? GUIDANCE : params.guidance;
  const denoiser = createFlux2(runtime, await fluxWeights(file('dev')));
  const own: DenoiserInputs = {
    x: g.float(inputs.x),
    timesteps: g.float(inputs.sigma).data,
    context: g.float(inputs.context),
    ...(guidance !== null && { guidance: Float32Array.of(guidance) }),
    ...(params.method && {
      references: { latents: [g.float(inputs.reference)], method: params.method },
    }),
  };
  expectGolden(g, id, outputs.v, await denoiser.evaluate(own));
});

it('FLUX.2 dev draws the picture of the original through its nodes', async () => {
  const { id, params, outputs } = g.cases.find((one) => one.id === 'picture')!;
  const { text, guidance, seed, steps, width, height } = params;
  const run = async (type: string, inputs: Record<string, unknown>) =>
    (await runNode<readonly unknown[]>(type, inputs, context))[0];
  const model = await run('UNETLoader', { unet_name: 'dev.safetensors', weight_dtype: 'default' });
  const encoded = await run('CLIPTextEncode', { clip: await load(), text });
  const conditioning = (await run('FluxGuidance', {
    conditioning: encoded,
    guidance,
  })) as Conditioning;
  const latent = await run('SamplerCustomAdvanced', {
    noise: await run('RandomNoise', { noise_seed: BigInt(seed) }),
    guider: await run('BasicGuider', { model, conditioning }),
    sampler: await run('KSamplerSelect', { sampler_name: 'euler' }),
    sigmas: await run('Flux2Scheduler', { steps, width, height }),
    latent_image: await run('EmptyFlux2LatentImage', { width, height, batch_size: 1 }),
  });
  expectGolden(g, id, outputs.samples, (latent as Latent).samples);
});
