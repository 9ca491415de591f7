// What ComfyUI's releases after 0.3.64 added to nodes. Expected values: 0.33.0.
import { expect, it } from 'vitest';
import { runNode } from '../../../../test/support/run-node.ts';
import { guideSides } from '../../../sampling/guiders/guidance-step.ts';
import { discreteSampling } from '../../../sampling/model/model-sampling.ts';
import type { Latent, Model } from '../../../sampling/sampling-types.ts';
import { type Tensor, tensor } from '../../../tensor/tensor.ts';

const image = (height: number, width: number, count = 1): Tensor => {
  const shape = [count, height, width, 3];
  const data = new Float32Array(count * height * width * 3);
  return tensor(
    shape,
    data.map((_, i) => (i % 256) / 255),
  );
};

// s = math.sqrt(megapixels * 1024 * 1024 / (w * h)); round(h * s / steps) * steps, round(w * s / …
it.each([
  [3, 5, 0.01, 1, [79, 132]],
  [3, 5, 0.01, 8, [80, 136]],
  [7, 4, 0.02, 32, [192, 96]],
])('ImageScaleToTotalPixels %ix%i to %f megapixels in steps of %i', async (...sizes) => {
  const [height, width, megapixels, resolution_steps, size] = sizes;
  const [scaled] = await runNode('ImageScaleToTotalPixels', {
    image: image(height, width),
    upscale_method: 'nearest-exact',
    megapixels,
    resolution_steps,
  });
  expect((scaled as Tensor).shape).toEqual([1, ...size, 3]);
});

it('ImageScaleToTotalPixels takes steps of 1 where a prompt has none', async () => {
  const options = { image: image(3, 5), upscale_method: 'nearest-exact', megapixels: 0.01 };
  const [scaled] = await runNode('ImageScaleToTotalPixels', options);
  expect((scaled as Tensor).shape).toEqual([1, 79, 132, 3]);
});

// max(0, min(count - 1, index + count if index < 0 else index))
it.each([
  [-1, 1, [3]],
  [-3, 2, [1, 2]],
  [-9, 2, [0, 1]],
  [9, 2, [3]],
])('a batch index of %i counts from the end', async (batch_index, length, items) => {
  const data = Float32Array.of(0, 1, 2, 3);
  const [images] = await runNode('ImageFromBatch', {
    image: tensor([4, 1, 1, 1], data),
    batch_index,
    length,
  });
  expect([...(images as Tensor).data]).toEqual(items);
  const [latent] = await runNode('LatentFromBatch', {
    samples: { samples: tensor([4, 1, 1, 1], data) },
    batch_index,
    length,
  });
  expect([...(latent as Latent).samples.data]).toEqual(items);
  expect((latent as Latent).batch_index).toEqual(items);
});

// cfg_norm_pre of CFGNorm.execute(model, strength, True) with cond = x - c, uncond = x - u:
// (x - cfg_norm_pre({'cond': x - c, 'uncond': x - u, 'cond_scale': 4.0})).flatten().tolist()
it.each([
  [
    1,
    [
      1.6790516376495361, 1.295013427734375, 4.358103275299072, -0.2299189567565918,
      -1.111464500427246, 8.114959716796875, 11.753361701965332, 0.2451481819152832,
    ],
  ],
  [
    0.25,
    [
      1.9197628498077393, 1.0737533569335938, 4.8395256996154785, -1.5574798583984375,
      -3.2778663635253906, 8.778739929199219, 13.438340187072754, -2.1887130737304688,
    ],
  ],
])('CFGNorm matches norms before guidance, with strength %f', async (strength, expected) => {
  const [model] = await runNode('CFGNorm', { model: {}, strength, pre_cfg: true });
  const latent = (...values: number[]): Tensor => tensor([1, 4, 1, 2], Float32Array.from(values));
  const { denoised } = await guideSides(model as Model, {
    x: latent(1, 2, 3, 4, 5, 6, 7, 8),
    sigma: 1,
    sampling: discreteSampling(),
    cfg: 4,
    cond: latent(0.5, 1, 2, 1, -1, 3, 2, 0),
    uncond: latent(0, 1, 1, 2, 0, 1, -2, 1),
    single: false,
    evaluate: () => {
      throw new Error('no network here');
    },
  });
  for (const [i, value] of denoised.data.entries()) expect(value).toBeCloseTo(expected[i], 4);
});

it('nodes that save or show something output it', async () => {
  const [images, mask] = [image(2, 2), tensor([1, 2, 2], Float32Array.of(0, 1, 0, 1))];
  const samples = { samples: tensor([1, 4, 1, 1], Float32Array.of(1, 2, 3, 4)) };
  const animation = { images, filename_prefix: 'a', fps: 6 };
  expect(await runNode('SaveImage', { images, filename_prefix: 'a' })).toEqual([images]);
  expect(await runNode('PreviewImage', { images })).toEqual([images]);
  expect(await runNode('MaskPreview', { mask })).toEqual([mask]);
  expect(await runNode('SaveLatent', { samples, filename_prefix: 'a' })).toEqual([samples]);
  expect(await runNode('SaveAnimatedPNG', { ...animation, compress_level: 4 })).toEqual([images]);
  expect(
    await runNode('SaveAnimatedWEBP', {
      ...animation,
      lossless: true,
      quality: 80,
      method: 'default',
    }),
  ).toEqual([images]);
  expect(await runNode('PreviewAny', { source: 'fox' })).toEqual(['fox']);
});
