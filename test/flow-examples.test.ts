// The examples on flow models run with tiny models in the place of theirs, and what their page says
// of regions and of unsampling on flow models holds.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Darkroom, openDarkroom } from '../src/darkroom.ts';
import { openSafetensors } from '../src/formats/safetensors/safetensors.ts';
import { linkFlowModels } from './support/flow-examples.ts';

const EXAMPLES = join(import.meta.dirname, '..', 'examples');
const SMALL = { 'Size.width': 64, 'Size.height': 64 };
/** What is set so that an example is small, by its name, and the width of its picture. */
const RUNS: Readonly<Record<string, readonly [set: Record<string, number>, width: number]>> = {
  'z-image': [SMALL, 64],
  'flux-schnell': [SMALL, 64],
  'regional-z-image': [{ 'Size.width': 128, 'Size.height': 64 }, 128],
  'unsample-flux': [{ ...SMALL, 'KSampler.steps': 4 }, 64],
  'tile-upscale-z-image': [{ 'Size.width': 96, 'Size.height': 96, 'Tiles.bbox_size': 64 }, 192],
};

type Prompt = Record<string, { class_type: string; inputs: Record<string, unknown> }>;

const root = mkdtempSync(join(tmpdir(), 'darkroom-flow-examples-'));
let darkroom: Darkroom;
beforeAll(async () => {
  linkFlowModels(join(root, 'models'));
  darkroom = await openDarkroom({ models: join(root, 'models'), output: join(root, 'output') });
});
afterAll(async () => {
  await darkroom.close();
  rmSync(root, { recursive: true });
});

const exampleOf = (name: string): Prompt =>
  JSON.parse(readFileSync(join(EXAMPLES, `${name}.json`), 'utf8'));
const nodeOf = (prompt: Prompt, type: string): string =>
  Object.keys(prompt).find((id) => prompt[id].class_type === type)!;

/** The latent that a node of a prompt computes. */
async function latentOf(prompt: Prompt, node: string): Promise<Float32Array> {
  const saved = {
    class_type: 'SaveLatent',
    inputs: { samples: [node, 0], filename_prefix: 'latent' },
  };
  const { outputs } = await darkroom.run({ ...prompt, saved }, { set: SMALL });
  const [{ path }] = outputs['saved'].latents as unknown as { path: string }[];
  const file = await openSafetensors(path);
  const { data } = await file.read('latent_tensor');
  await file.close();
  return data as Float32Array;
}

const norm = (values: Float32Array): number => Math.hypot(...values);
const distance = (a: Float32Array, b: Float32Array): number =>
  norm(a.map((value, i) => value - b[i])) / norm(b);

describe.each(Object.entries(RUNS))('%s', (name, [set, width]) => {
  it('validates and draws a picture', async () => {
    const file = join(EXAMPLES, `${name}.json`);
    expect((await darkroom.check(file)).errors).toEqual([]);
    const { images } = await darkroom.run(file, { set });
    expect(images).toHaveLength(1);
    expect((await sharp(images[0].toBuffer()).metadata()).width).toBe(width);
  });
});

describe('unsampling on FLUX.1', () => {
  const example = exampleOf('unsample-flux');
  const [first, unsampler, second] = ['KSampler', 'BNK_Unsampler', 'KSamplerAdvanced'].map((type) =>
    nodeOf(example, type),
  );

  /** The example without a changed prompt, unsampled up to a step and redrawn from there. */
  function unsampledTo(step: number, normalize: 'enable' | 'disable', seed = 1): Prompt {
    const prompt = structuredClone(example);
    Object.assign(prompt[first].inputs, { seed, steps: 4 });
    Object.assign(prompt[unsampler].inputs, { end_at_step: step, normalize });
    const { positive } = prompt[unsampler].inputs;
    Object.assign(prompt[second].inputs, { start_at_step: step, positive });
    return prompt;
  }

  it('returns to the picture from a step after the first, without normalize', async () => {
    for (const step of [1, 4]) {
      const prompt = unsampledTo(step, 'disable');
      const picture = await latentOf(prompt, first);
      expect(distance(await latentOf(prompt, second), picture)).toBeLessThan(0.1);
    }
    const prompt = unsampledTo(4, 'enable');
    const picture = await latentOf(prompt, first);
    expect(distance(await latentOf(prompt, second), picture)).toBeGreaterThan(0.5);
  });

  it('with end_at_step 0 the latent is enormous, and the way forward does not see it', async () => {
    const prompt = unsampledTo(0, 'disable');
    const noise = await latentOf(prompt, unsampler);
    expect(norm(noise) / Math.sqrt(noise.length)).toBeGreaterThan(1e4);
    const [one, other] = [prompt, unsampledTo(0, 'disable', 9)];
    expect(await latentOf(one, first)).not.toEqual(await latentOf(other, first));
    expect(await latentOf(one, second)).toEqual(await latentOf(other, second));
  });

  it('with end_at_step 0 and normalize it is noise of standard deviation 1, negated', async () => {
    const noise = await latentOf(unsampledTo(0, 'enable'), unsampler);
    expect(norm(noise) / Math.sqrt(noise.length)).toBeCloseTo(1, 2);
    const before = await latentOf(unsampledTo(1, 'enable'), unsampler);
    const product = noise.reduce((sum, value, i) => sum + value * before[i], 0);
    expect(product / norm(noise) / norm(before)).toBeLessThan(-0.9);
  });
});

describe('regions on Z-Image', () => {
  const example = exampleOf('regional-z-image');
  const sampler = nodeOf(example, 'RegionalSampler');
  /** A cell of the latent, 8 by 8, in the middle of the left region. */
  const INSIDE = 4 * 8 + 2;
  const cellOf = (data: Float32Array): Float32Array => data.filter((_, i) => i % 64 === INSIDE);

  /** RegionalSamplerAdvanced in the place of the example's sampler, for the first regional step. */
  function advanced(seed: number): Prompt {
    const { samples, base_sampler, regional_prompts } = example[sampler].inputs;
    const inputs = {
      ...{ latent_image: samples, base_sampler, regional_prompts, add_noise: true },
      ...{ noise_seed: seed, steps: 8, start_at_step: 0, end_at_step: 2, overlap_factor: 0 },
      ...{ restore_latent: true, return_with_leftover_noise: true, additional_mode: 'DISABLE' },
      ...{ additional_sampler: 'AUTO', additional_sigma_ratio: 0.3 },
    };
    return { ...example, [sampler]: { class_type: 'RegionalSamplerAdvanced', inputs } };
  }

  it('have no noise when they begin at step 0, and the base’s noise after a step of it', async () => {
    const [one, other] = [
      await latentOf(advanced(1), sampler),
      await latentOf(advanced(5), sampler),
    ];
    expect(one).not.toEqual(other);
    expect(cellOf(one)).toEqual(cellOf(other));
    const withSeed = (seed: number): Prompt => {
      const prompt = structuredClone(example);
      prompt[sampler].inputs['seed'] = seed;
      return prompt;
    };
    const [first, second] = [
      await latentOf(withSeed(1), sampler),
      await latentOf(withSeed(5), sampler),
    ];
    expect(distance(cellOf(first), cellOf(second))).toBeGreaterThan(0.5);
  });
});
