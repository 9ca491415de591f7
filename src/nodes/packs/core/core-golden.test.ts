// Core nodes, run by their declarations, against the originals: resizing, compositing, prompts,
// samplers, inpainting.
import { afterAll, describe, expect, it } from 'vitest';
import {
  difference,
  expectGolden,
  type Golden,
  type GoldenCase,
  golden,
} from '../../../../test/support/golden.ts';
import { fixtureFolders, runNode, testContext } from '../../../../test/support/run-node.ts';
import type { ConditioningEntry, Latent } from '../../../sampling/sampling-types.ts';
import { concatAxis } from '../../../tensor/axes.ts';
import { type Tensor, zeros } from '../../../tensor/tensor.ts';

const context = testContext(
  fixtureFolders({ checkpoints: ['tiny_sdxl_base', 'tiny_sdxl_refiner'] }),
);
afterAll(() => context.runtime.close());

const run = (type: string, inputs: Record<string, unknown>) => runNode(type, inputs, context);
const load = (name: string) => run('CheckpointLoaderSimple', { ckpt_name: `${name}.safetensors` });

/** Runs the node of a case with its params and tensors; those named in `latents` are latents. */
async function runCase(
  g: Golden,
  { params, inputs }: GoldenCase,
  latents: readonly string[] = [],
): Promise<readonly unknown[]> {
  const { node, ...values } = params;
  const tensors = Object.entries(inputs).map(([name, tensor]) => {
    const value = g.float(tensor);
    return [name, latents.includes(name) ? { samples: value } : value];
  });
  return runNode(node, { ...values, ...Object.fromEntries(tensors) }, context);
}

it('resize/nodes', async () => {
  const g = golden('resize', 'nodes');
  for (const one of g.cases) {
    const [result] = await runCase(g, one, ['samples']);
    expectGolden(
      g,
      one.id,
      one.outputs.out,
      one.inputs.samples ? (result as Latent).samples : (result as Tensor),
    );
  }
});

it('masks/composite: the latent nodes', async () => {
  const g = golden('masks', 'composite');
  const cases = g.cases.filter((c) =>
    ['LatentComposite', 'LatentCompositeMasked'].includes(c.params.node),
  );
  expect(cases.length).toBe(54);
  for (const one of cases) {
    const [result] = await runCase(g, one, ['destination', 'source', 'samples_to', 'samples_from']);
    const { worst, bound } = difference(g, one.outputs.out, (result as Latent).samples.data);
    expect(worst, one.id).toBeLessThanOrEqual(bound);
  }
});

describe('text/nodes', () => {
  const g = golden('text', 'nodes');
  const PHOTO = 'a photo of a red fox in the snow, golden hour';

  function expectEntry(
    { id, outputs, scalars }: GoldenCase,
    entries: readonly ConditioningEntry[],
  ): void {
    for (const [i, { cond, pooled_output, mask, ...values }] of entries.entries()) {
      const { cross, pooled_output: pooled, mask: maskName, ...expected } = scalars!.conds[i];
      expectGolden(g, id, outputs[cross], cond);
      expectGolden(g, id, outputs[pooled], pooled_output!);
      if (maskName) expectGolden(g, id, outputs[maskName], mask!);
      expect(values, id).toEqual(expected);
    }
  }

  it('encodes prompts for SDXL and its refiner', async () => {
    const [, base] = await load('tiny_sdxl_base');
    const [, refiner] = await load('tiny_sdxl_refiner');
    const cases = g.cases.filter((c) => c.params.node.startsWith('CLIPTextEncodeSDXL'));
    expect(cases.length).toBe(6);
    for (const one of cases) {
      const { node, ...values } = one.params;
      const [entries] = await run(node, {
        ...values,
        clip: node.endsWith('Refiner') ? refiner : base,
      });
      expectEntry(one, entries);
    }
  });

  it('sets area, time, mask and strength of a conditioning', async () => {
    const [, clip] = await load('tiny_sdxl_base');
    const [conditioning] = await run('CLIPTextEncode', { text: PHOTO, clip });
    for (const id of ['area', 'areapct', 'timestep', 'mask', 'zero']) {
      const one = g.cases.find((c) => c.id === id)!;
      const mask = one.outputs.c0_mask && g.float(one.outputs.c0_mask);
      const { node, ...values } = one.params;
      const [entries] = await run(node, { ...values, conditioning, mask });
      expectEntry(one, entries);
    }
  });
});

it('nodes_core/ksampler: seeds, noise masks, batches, chosen noise', async () => {
  const g = golden('nodes_core', 'ksampler');
  const [model, clip] = await load('tiny_sdxl_base');
  const [positive] = await run('CLIPTextEncode', {
    text: 'a photo of a red fox in the snow, golden hour',
    clip,
  });
  const [negative] = await run('CLIPTextEncode', {
    text: 'blurry, low quality, (watermark:1.3)',
    clip,
  });
  for (const id of ['seed_big', 'mask', 'batch_index']) {
    const { params, inputs, outputs } = g.cases.find((c) => c.id === id)!;
    const latent = {
      samples: g.float(inputs.latent),
      ...(params.batch_index && { batch_index: params.batch_index }),
    };
    const [latent_image] = inputs.noise_mask
      ? await run('SetLatentNoiseMask', { samples: latent, mask: g.float(inputs.noise_mask) })
      : [latent];
    const { steps, cfg, sampler_name, scheduler, denoise } = params;
    context.steps.length = 0;
    const [result] = await run('KSampler', {
      model,
      positive,
      negative,
      latent_image,
      steps,
      cfg,
      sampler_name,
      scheduler,
      denoise,
      seed: BigInt(params.seed.int ?? params.seed),
    });
    const { worst, bound } = difference(g, outputs.samples, (result as Latent).samples.data);
    expect(worst, id).toBeLessThanOrEqual(bound);
    expect(context.steps.at(-1), id).toEqual([steps, steps]);
  }
});

it('nodes_core/ksampler_advanced: leftover noise, no noise', async () => {
  const g = golden('nodes_core', 'ksampler_advanced');
  const [model, clip] = await load('tiny_sdxl_base');
  const [positive] = await run('CLIPTextEncode', {
    text: 'a photo of a red fox in the snow, golden hour',
    clip,
  });
  const [negative] = await run('CLIPTextEncode', {
    text: 'blurry, low quality, (watermark:1.3)',
    clip,
  });
  for (const id of ['left3', 'end3', 'start3_nonoise', 'start_ge']) {
    const { params, inputs, outputs } = g.cases.find((c) => c.id === id)!;
    const { model: _, pos, neg, latent, ...values } = params;
    const latent_image = { samples: g.float(inputs.latent) };
    const [result] = await run('KSamplerAdvanced', {
      ...values,
      noise_seed: BigInt(values.noise_seed),
      model,
      positive,
      negative,
      latent_image,
    });
    const { worst, bound } = difference(g, outputs.samples, (result as Latent).samples.data);
    expect(worst, id).toBeLessThanOrEqual(bound);
  }
});

it('networks/vae: VAEEncodeForInpaint', async () => {
  const g = golden('networks', 'vae');
  const one = g.cases.find((c) => c.params.node === 'VAEEncodeForInpaint')!;
  const [, , vae] = await load('tiny_sdxl_base');
  const [result] = await run('VAEEncodeForInpaint', {
    pixels: g.float(one.inputs.pixels),
    mask: g.float(one.inputs.mask),
    grow_mask_by: one.params.grow_mask_by,
    vae,
  });
  const latent = result as Latent;
  expectGolden(g, one.id, one.outputs.samples, latent.samples);
  expectGolden(g, one.id, one.outputs.noise_mask, latent.noise_mask!.data);
});

// VAE.encode of 0.33.0: pixel_samples = pixel_samples[..., :3] (vae_encode_crop_pixels)
it('networks/vae: alpha is left out of what is encoded', async () => {
  const g = golden('networks', 'vae');
  const one = g.cases.find((c) => c.params.node === 'VAEEncodeForInpaint')!;
  const [, , vae] = await load('tiny_sdxl_base');
  const pixels = g.float(one.inputs.pixels);
  const [n, h, w] = pixels.shape;
  const withAlpha = concatAxis([pixels, zeros([n, h, w, 1])], 3);
  const inputs = { mask: g.float(one.inputs.mask), grow_mask_by: one.params.grow_mask_by, vae };
  const [inpaint] = await run('VAEEncodeForInpaint', { ...inputs, pixels: withAlpha });
  expectGolden(g, one.id, one.outputs.samples, (inpaint as Latent).samples);
  const plain = await run('VAEEncode', { vae, pixels });
  expect(await run('VAEEncode', { vae, pixels: withAlpha })).toEqual(plain);
  const ends = { positive: [], negative: [], vae };
  const ip2p = await run('InstructPixToPixConditioning', { ...ends, pixels });
  expect(await run('InstructPixToPixConditioning', { ...ends, pixels: withAlpha })).toEqual(ip2p);
});
