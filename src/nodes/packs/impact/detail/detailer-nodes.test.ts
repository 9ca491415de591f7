// Detailers as nodes, with a fixture model and a small detector: outputs, progress and warnings.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Detailing,
  guide,
  image,
  masks,
  openDetailing,
  sampling,
} from '../../../../../test/support/detailing.ts';
import type { DetailerHook } from '../../../../segs/hooks.ts';
import type { Segs } from '../../../../segs/segs.ts';
import { full, type Tensor } from '../../../../tensor/tensor.ts';

const faceDetection = {
  bbox_threshold: 0.5,
  bbox_dilation: 2,
  bbox_crop_factor: 1.5,
  drop_size: 4,
  sam_detection_hint: 'center-1',
  sam_dilation: 0,
  sam_threshold: 0.9,
  sam_bbox_expansion: 0,
  sam_mask_hint_threshold: 0.7,
  sam_mask_hint_use_negative: 'False',
};

let context: Detailing['context'];
let pipe: Detailing['pipe'];
let detector: Detailing['detector'];
let run: Detailing['run'];
let detect: Detailing['detect'];
beforeAll(async () => {
  ({ context, pipe, detector, run, detect } = await openDetailing());
});
afterAll(() => context.runtime.close());

describe('detailers', () => {
  const differs = (a: Tensor, b: Tensor): boolean => a.data.some((v, i) => v !== b.data[i]);

  const shapesOf = (images: readonly Tensor[]) => images.map(({ shape }) => shape.join());
  const detailerInputs = async () => ({
    image,
    segs: await detect(),
    ...guide,
    ...sampling,
    ...masks,
    wildcard: '',
    cycle: 2,
    noise_mask_feather: 3,
  });

  it('output the image and the images of the segments', async () => {
    const [result, cropped, refined, alpha, controlImages] = (await run('DetailerForEachDebug', {
      ...(await detailerInputs()),
      ...pipe,
    })) as [Tensor, ...Tensor[][]];
    expect(differs(result, image)).toBe(true);
    expect(shapesOf(cropped)).toEqual(['1,32,32,3', '1,24,24,3']);
    expect(shapesOf(refined)).toEqual(['1,32,32,3', '1,24,24,3']);
    expect(shapesOf(alpha)).toEqual(['1,32,32,4', '1,24,24,4']);
    expect(shapesOf(controlImages)).toEqual(['1,64,64,3']);
  });

  it('report the segments as status and the steps as progress', async () => {
    const inputs = await detailerInputs();
    context.steps.length = 0;
    context.statuses.length = 0;
    await run('DetailerForEach', { ...inputs, ...pipe });
    expect(context.statuses).toEqual(['1/2 segments', '2/2 segments', '']);
    expect(context.steps.map(([done]) => done)).toEqual([0, 1, 2, 2, 3, 4, 4]);
  });

  it('return the same image with a pipe', async () => {
    const inputs = await detailerInputs();
    const [result] = await run('DetailerForEach', { ...inputs, ...pipe });
    const [same, segs, outputPipe, controlImages] = await run('DetailerForEachPipe', {
      ...inputs,
      basic_pipe: pipe,
      refiner_ratio: 0.2,
    });
    expect(differs(same as Tensor, result as Tensor)).toBe(false);
    expect((segs as Segs).segs.map(({ croppedImage }) => croppedImage!.shape)).toEqual([
      [1, 32, 32, 3],
      [1, 24, 24, 3],
    ]);
    expect(outputPipe).toBe(pipe);
    expect(controlImages).toHaveLength(1);
  });

  it.each([
    ['DetailerForEach', true, false],
    ['DetailerForEachPipe', false, true],
    ['DetailerForEachAutoRetry', true, true],
    ['DetailerForEach', undefined, undefined],
  ])('%s encodes and decodes in tiles: %s, %s', async (type, tiled_encode, tiled_decode) => {
    const calls: unknown[] = [];
    const vae = {
      ...pipe.vae,
      encode: (pixels: Tensor, tiles?: unknown) => {
        calls.push(['encode', tiles]);
        return pipe.vae.encode(pixels);
      },
      decode: (latent: Tensor, tiles?: unknown) => {
        calls.push(['decode', tiles]);
        return pipe.vae.decode(latent);
      },
    };
    const inputs = { ...(await detailerInputs()), tiled_encode, tiled_decode, max_retries: 1 };
    await run(type, { ...inputs, ...pipe, vae, basic_pipe: { ...pipe, vae }, refiner_ratio: 0.2 });
    // VAEEncodeTiled().encode(vae, pixels, 512, overlap=64), VAEDecodeTiled().decode(vae, x, 512)
    const encoded = ['encode', tiled_encode ? { tile: 512, overlap: 64 } : undefined];
    const decoded = ['decode', tiled_decode ? { tile: 64, overlap: 8 } : undefined];
    expect(calls).toEqual([encoded, decoded, encoded, decoded]);
  });

  it('sample a rejected segment again with the next seed, up to a number of attempts', async () => {
    const inputs = { ...(await detailerInputs()), segs: await detect({ threshold: 0.8 }) };
    const judged: Tensor[] = [];
    const hook: DetailerHook = {
      shouldRetry: (patch) => {
        judged.push(patch);
        return judged.length < 3;
      },
    };
    const [retried] = await run('DetailerForEachAutoRetry', {
      ...inputs,
      ...pipe,
      detailer_hook: hook,
      max_retries: 3,
    });
    expect(judged).toHaveLength(3);
    const seed = inputs.seed + 2n;
    const [third] = await run('DetailerForEach', { ...inputs, ...pipe, seed });
    expect(differs(retried as Tensor, third as Tensor)).toBe(false);
    judged.length = 0;
    await expect(
      run('DetailerForEachAutoRetry', { ...inputs, ...pipe, detailer_hook: hook, max_retries: 2 }),
    ).rejects.toMatchObject({ code: 'DR_SAMPLING_FAILED', input: 'max_retries' });
  });

  it('sample with the sampler of a hook', async () => {
    const inputs = { ...(await detailerInputs()), steps: 3, denoise: 1 };
    const [sampler] = await run('KSamplerSelect', { sampler_name: 'dpmpp_2m' });
    const [hook] = await run('CustomSamplerDetailerHookProvider', { sampler });
    const [other] = await run('DenoiseSchedulerDetailerHookProvider', {
      schedule_for_cycle: 'simple',
      target_denoise: 1,
    });
    const [both] = await run('DetailerHookCombine', { hook1: other, hook2: hook });
    const detail = async (changes: object) =>
      (await run('DetailerForEach', { ...inputs, ...pipe, ...changes }))[0] as Tensor;
    const named = await detail({ sampler_name: 'dpmpp_2m' });
    expect(differs(await detail({}), named)).toBe(true);
    expect(differs(await detail({ detailer_hook: hook }), named)).toBe(false);
    expect(differs(await detail({ detailer_hook: both }), named)).toBe(false);
  });

  it.each([
    [10, 5, true],
    [8, 5, true],
    [7, 5, false],
    [8, 0, false],
  ])('BlackPatchRetryHook(%s, %s).should_retry_patch is %s', async (mean, variance, expected) => {
    // torch.arange(60).reshape(1, 4, 5, 3) / 1000: mean 0.0295, variance 0.000315
    const data = Float32Array.from({ length: 60 }, (_, i) => i / 1000);
    const hooks = await run('BlackPatchRetryHookProvider', {
      mean_thresh: mean,
      var_thresh: variance,
    });
    const hook = hooks[0] as DetailerHook;
    expect(hook.shouldRetry?.({ shape: [1, 4, 5, 3], data })).toBe(expected);
  });

  it('skip segments whose prompt is [SKIP]', async () => {
    const [result] = await run('DetailerForEach', {
      ...(await detailerInputs()),
      ...pipe,
      wildcard: '[ASC][SKIP]',
    });
    expect(differs(result as Tensor, image)).toBe(false);
  });

  it('warn about LoRAs in prompts that are not found', async () => {
    await run('DetailerForEach', {
      ...(await detailerInputs()),
      ...pipe,
      wildcard: '[CONCAT]{night|night} <lora:none>',
    });
    expect(context.warnings.at(-1)).toContain("there is no LoRA 'none'");
  });

  const faceInputs = {
    image: full([2, 48, 64, 3], 0.5),
    ...guide,
    ...sampling,
    ...masks,
    ...faceDetection,
    cycle: 1,
  };
  const detectFaces = (inputs: object = {}) =>
    run('FaceDetailer', {
      ...faceInputs,
      ...pipe,
      bbox_detector: detector,
      wildcard: '',
      ...inputs,
    });

  it('detect faces and sample them', async () => {
    const [result, refined, alpha, mask, detailerPipe, controlImages] = await detectFaces();
    expect((result as Tensor).shape).toEqual([2, 48, 64, 3]);
    expect(refined).toHaveLength(4);
    expect(alpha).toHaveLength(4);
    expect(controlImages).toHaveLength(2);
    expect((mask as Tensor).shape).toEqual([2, 48, 64]);
    const [same] = await run('FaceDetailerPipe', {
      ...faceInputs,
      detailer_pipe: detailerPipe,
      refiner_ratio: 0.2,
    });
    expect(differs(same as Tensor, result as Tensor)).toBe(false);
  });

  it('output the unchanged image and blank images if no face is detected', async () => {
    const [result, blanks] = await detectFaces({ bbox_threshold: 0.95 });
    expect(differs(result as Tensor, faceInputs.image)).toBe(false);
    expect((blanks as Tensor[])[0].shape).toEqual([1, 64, 64, 3]);
  });

  const batchInputs = () => ({
    image,
    basic_pipe: pipe,
    ...guide,
    ...sampling,
    cycle: 1,
    refiner_ratio: 0.2,
    batch_size: 2,
  });

  it('sample masked areas', async () => {
    const mask: Tensor = {
      shape: [1, 48, 64],
      data: Float32Array.from({ length: 48 * 64 }, (_, i) => Number(i % 64 > 20 && i % 64 < 40)),
    };
    const [result, refined] = await run('MaskDetailerPipe', {
      ...batchInputs(),
      mask,
      mask_mode: true,
      feather: 2,
      crop_factor: 1.2,
      drop_size: 4,
    });
    expect((result as Tensor).shape).toEqual([2, 48, 64, 3]);
    expect(refined).toHaveLength(2);
  });

  it('output SEGS with sampled images, which can be pasted', async () => {
    const [segs] = await run('SEGSDetailer', {
      ...batchInputs(),
      segs: await detect(),
      noise_mask: true,
      force_inpaint: true,
    });
    expect((segs as Segs).segs.length).toBe(4);
    const [pasted] = await run('SEGSPaste', { image, segs, feather: 2, alpha: 255 });
    expect(differs(pasted as Tensor, image)).toBe(true);
  });
});
