// The vision tower of Qwen2.5-VL, and the nodes that encode prompts with pictures, against
// te/qwen_vl (ComfyUI 0.33.0 on the tiny fixtures).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tensorsOf, writeRenamed } from '../../../../../test/support/files/rewrite.ts';
import { expectGolden, fixtureModel, golden } from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { toNCHW } from '../../../../image/channel-order.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import {
  groupGrid,
  imagePatches,
  QWEN25_PATCHES,
} from '../../../../models/qwenvl/image-patches.ts';
import type { Autoencoder } from '../../../../models/vae/autoencoder.ts';
import type { Conditioning } from '../../../../sampling/sampling-types.ts';
import { type Tensor, tensor, zeros } from '../../../../tensor/tensor.ts';

const g = golden('te', 'qwen_vl');
const [ENCODER, VAE] = ['tiny_qwen25_vl_7b', 'tiny_wan21_vae'];
const c = testContext({
  text_encoders: { [ENCODER]: fixtureModel(ENCODER) },
  vae: { [VAE]: fixtureModel(VAE) },
});
afterAll(() => c.runtime.close());

const loadClip = async (): Promise<Clip> =>
  (await runNode<[Clip]>('CLIPLoader', { clip_name: ENCODER, type: 'qwen_image' }, c))[0];
const loadVae = async (): Promise<Autoencoder> =>
  (await runNode<[Autoencoder]>('VAELoader', { vae_name: VAE }, c))[0];
const of = (start: string) => g.cases.filter(({ id }) => id.startsWith(start));

describe('the vision tower', () => {
  it.each(of('vision_'))('$id', async ({ id, inputs, outputs, scalars }) => {
    const image = g.float(inputs.image);
    const planes = toNCHW(image);
    const grid = groupGrid(planes.shape[2], planes.shape[3], QWEN25_PATCHES);
    expect([[1, 2 * grid.rows, 2 * grid.columns]]).toEqual(scalars!.grid);
    const patches = imagePatches(planes, grid, QWEN25_PATCHES);
    expect(patches.shape).toEqual(scalars!.patches_shape);
    const { shape: first } = g.tensor(outputs.patches_first8);
    const size = first[0] * first[1];
    expectGolden(g, id, outputs.patches_first8, tensor(first, patches.data.slice(0, size)));
    const last = patches.data.slice(-first[1]);
    expectGolden(g, id, outputs.patches_last, tensor([1, first[1]], last));
    const [encoder] = (await loadClip()).encoders;
    const { tokens } = await encoder.imageTokens!(image);
    expectGolden(g, id, outputs.out, tokens);
  });
});

/** Every 8th row and column of a latent, as the group has it. */
function sampled({ shape, data }: Tensor): Tensor {
  const [height, width] = shape.slice(-2);
  const [h, w] = [Math.ceil(height / 8), Math.ceil(width / 8)];
  const planes = data.length / height / width;
  const out = Float32Array.from({ length: planes * h * w }, (_, i) => {
    const [row, column] = [8 * (Math.floor(i / w) % h), 8 * (i % w)];
    return data[(Math.floor(i / h / w) * height + row) * width + column];
  });
  return tensor([...shape.slice(0, -2), h, w], out);
}

describe('prompts with pictures', () => {
  const cases = g.cases.filter(({ params }) => params.node);
  it.each(cases)('$id', { timeout: 120_000 }, async ({ id, params, inputs, outputs, scalars }) => {
    const pictures = Object.entries(inputs).map(([name, key]) => [name, g.float(key)]);
    const [[entry]] = await runNode<[Conditioning]>(
      params.node,
      {
        clip: await loadClip(),
        prompt: params.prompt,
        ...(params.vae && { vae: await loadVae() }),
        ...Object.fromEntries(pictures),
      },
      c,
    );
    expect(entry.cond.shape).toEqual(scalars!.shape);
    expect(entry.attention_mask).toBeUndefined();
    // the group has the last tokens of long prompts
    const { shape } = g.tensor(outputs.cond);
    const data = entry.cond.data.slice(-shape[1] * shape[2]);
    expectGolden(g, id, outputs.cond, tensor(shape, data));
    if (!scalars!.ref0_shape) {
      expect(entry.reference_latents).toBeUndefined();
      return;
    }
    const [reference] = entry.reference_latents!;
    expect(reference.shape).toEqual(scalars!.ref0_shape);
    expectGolden(g, id, outputs.reference_latent0_s8, sampled(reference));
  });
});

it('a text encoder without a vision tower is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-blind-'));
  try {
    const tensors = Object.entries(await tensorsOf(fixtureModel(ENCODER)));
    const language = Object.fromEntries(tensors.filter(([name]) => !name.startsWith('visual.')));
    const file = await writeRenamed(join(folder, 'blind.safetensors'), language, (name) => name);
    const blind = { ...testContext({ text_encoders: { blind: file } }), runtime: c.runtime };
    const loader = { clip_name: 'blind', type: 'qwen_image' };
    const [clip] = await runNode<[Clip]>('CLIPLoader', loader, blind);
    const inputs = { clip, prompt: 'a', image1: zeros([1, 28, 28, 3]) };
    await expect(runNode('TextEncodeQwenImageEditPlus', inputs, blind)).rejects.toMatchObject({
      code: 'DR_MODEL_PART_MISSING',
      message: 'blind.safetensors has no vision tower, which sees the images beside a prompt',
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
