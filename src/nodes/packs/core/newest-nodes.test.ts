// Nodes of releases of ComfyUI after the newest that can be named.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runNode, testContext } from '../../../../test/support/run-node.ts';
import { writeSafetensors } from '../../../formats/safetensors/safetensors-write.ts';
import { flowSampling } from '../../../sampling/model/flow-sampling.ts';
import type { Conditioning, Model } from '../../../sampling/sampling-types.ts';
import { type Tensor, tensor } from '../../../tensor/tensor.ts';
import { NODES, nodesOf } from '../../index.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-newest-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('are there unless a release is named', () => {
  expect(NODES.has('CameraAngle')).toBe(true);
  expect(nodesOf('0.33.0').has('CameraAngle')).toBe(false);
});

// nodes_camera_angle.py: describe_camera_angle(h, v, z)
it.each([
  [333, 17, 5, 'front-left quarter view elevated shot medium shot'],
  [0, -30, 0, 'front view low-angle shot wide shot'],
  [22, -15, 1.9, 'front view eye-level shot wide shot'],
  [23, 44, 6, 'front-right quarter view elevated shot close-up'],
  [360, 45, 10, 'front view high-angle shot close-up'],
  [337, 15, 2, 'front-left quarter view elevated shot medium shot'],
  [338, 14, 5.9, 'front view eye-level shot medium shot'],
])('CameraAngle %i° %i° %f', async (horizontal_angle, vertical_angle, zoom, words) => {
  const [, prompt] = await runNode('CameraAngle', { horizontal_angle, vertical_angle, zoom });
  expect(prompt).toBe(words);
});

it('CameraAngle says where the camera is', async () => {
  const [camera] = await runNode('CameraAngle', {
    horizontal_angle: 333,
    vertical_angle: 17,
    zoom: 5,
  });
  // nodes_camera_angle.py: build_camera_info(333, 17, 5)
  expect(camera).toEqual({
    position: { x: -2.604919644377784, y: 1.7542302283364206, z: 5.112442660052577 },
    target: { x: 0, y: 0, z: 0 },
    zoom: 1.4375,
    cameraType: 'perspective',
    fov: 35,
  });
});

const PIXELS = tensor(
  [2, 1, 2, 3],
  Float32Array.of(0.1, 0.5, 0.9, 0.25, 0.75, 0.3, 0.002, 1, 0.6, 0.4, 0.4, 0.4),
);

/** nodes_marigold.py: MarigoldV2PostProcess.execute(pixels, prediction).result[0].flatten() */
const MARIGOLD: Readonly<Record<string, readonly number[]>> = {
  depth: [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1],
  normals: [
    0.14644659, 0.5, 0.85355341, 0.19227126, 0.80772877, 0.25381702, 0.15064594, 0.85075706,
    0.57015145, 0.21132484, 0.21132484, 0.21132484,
  ],
  albedo: [
    0.34919018, 0.73535693, 0.95468706, 0.53709871, 0.88082498, 0.58383143, 0.02584, 0.99999994,
    0.79773766, 0.66518503, 0.66518503, 0.66518503,
  ],
};

describe('MarigoldV2PostProcess', () => {
  it.each(Object.entries(MARIGOLD))('%s', async (prediction, expected) => {
    const [image] = await runNode<[Tensor]>('MarigoldV2PostProcess', {
      image: PIXELS,
      prediction,
    });
    expect(image.shape).toEqual(PIXELS.shape);
    image.data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 6);
    });
  });
});

describe('ConditioningLoader', () => {
  const file = join(folder, 'depth.safetensors');
  const float = (shape: readonly number[], values: readonly number[]) => ({
    dtype: 'F32' as const,
    shape,
    data: Float32Array.from(values),
  });
  const load = async (name: string): Promise<Conditioning> =>
    (
      await runNode<[Conditioning]>(
        'ConditioningLoader',
        { conditioning_name: name },
        testContext({ embeddings: { [name]: join(folder, name) } }),
      )
    )[0];

  it('reads features, other tensors, lists of them in order, and values', async () => {
    await writeSafetensors(
      file,
      {
        conditioning: float([1, 2, 2], [1, 2, 3, 4]),
        attention_mask: float([1, 2], [1, 0]),
        'reference_latents.1': float([1], [6]),
        'reference_latents.0': float([1], [5]),
      },
      { conditioning_options: '{"guidance": 4.0, "reference_latents_method": "index"}' },
    );
    expect(await load('depth.safetensors')).toEqual([
      {
        cond: tensor([1, 2, 2], Float32Array.of(1, 2, 3, 4)),
        attention_mask: tensor([1, 2], Float32Array.of(1, 0)),
        reference_latents: [tensor([1], Float32Array.of(5)), tensor([1], Float32Array.of(6))],
        guidance: 4,
        reference_latents_method: 'index',
      },
    ]);
  });

  it('refuses files without features', async () => {
    await writeSafetensors(join(folder, 'other.safetensors'), { emb_params: float([1], [1]) });
    await expect(load('other.safetensors')).rejects.toMatchObject({
      code: 'DR_MODEL_PART_MISSING',
      message: expect.stringContaining('contains no conditioning'),
    });
  });
});

it('ModelSamplingAuraFlow: one step from a picture to another one', async () => {
  const model = { sampling: flowSampling() } as Model;
  const [{ sampling }] = await runNode<[Model]>('ModelSamplingAuraFlow', {
    model,
    shift: 1.73,
    sampling: 'img_to_img_velocity',
  });
  const latent = Float32Array.of(3, -1);
  // model_sampling.py: IMG_TO_IMG_VELOCITY noise_scaling, calculate_denoised, inverse_noise_scaling
  expect(sampling.noiseScaling(0.5, Float32Array.of(9, 9), latent)).toEqual(latent);
  expect(sampling.calculateInput(0.5, latent)).toEqual(latent);
  expect(sampling.calculateDenoised(0.5, Float32Array.of(1, 2), latent)).toEqual(
    Float32Array.of(2, -3),
  );
  expect(sampling.inverseNoiseScaling(0.5, latent)).toEqual(Float32Array.of(6, -2));
  expect(sampling.discreteFlow).toEqual({ shift: 1.73, multiplier: 1 });
});
