// Detectors, detailers and hooks as nodes, with a fixture model and a small detector: outputs,
// progress and warnings.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureModel } from '../../../../../test/support/golden.ts';
import { runNode, type TestContext, testContext } from '../../../../../test/support/run-node.ts';
import { createGraph } from '../../../../onnx/builder.ts';
import type { DetailerHook } from '../../../../segs/hooks.ts';
import type { Segs } from '../../../../segs/segs.ts';
import { full, type Tensor, zeros } from '../../../../tensor/tensor.ts';
import type { BasicPipe, Detector } from '../impact-sockets.ts';

const detectorFile = join(tmpdir(), `darkroom-${process.pid}-faces.onnx`);

/** A YOLO file that always detects two boxes in its 64x64 input, one with less confidence. */
function writeDetector(): void {
  const rows = [
    [20, 32, 16, 16, 0.9],
    [48, 30, 12, 12, 0.6],
    ...Array.from({ length: 6 }, () => [0, 0, 0, 0, 0]),
  ];
  const g = createGraph();
  const x = g.input('images', [1, 3, 64, 64]);
  const zero = g.op('Mul', [g.op('ReduceMax', [x], { keepdims: 0 }), g.floats([0], [])]);
  const values = Array.from({ length: 5 }, (_, column) => rows.map((row) => row[column])).flat();
  g.output('output0', g.op('Add', [g.floats(values, [1, 5, rows.length]), zero]), [
    1,
    5,
    rows.length,
  ]);
  writeFileSync(detectorFile, g.serialize());
}

const image: Tensor = {
  shape: [1, 48, 64, 3],
  data: Float32Array.from({ length: 48 * 64 * 3 }, (_, i) => 0.5 + 0.4 * Math.sin(i / 37)),
};
const sampling = {
  seed: 3n,
  steps: 1,
  cfg: 3,
  sampler_name: 'euler',
  scheduler: 'normal',
  denoise: 0.5,
};
const guide = { guide_size: 64, guide_size_for: false, max_size: 64 };
const masks = { noise_mask: true, force_inpaint: true, feather: 2 };
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

let context: TestContext;
let pipe: BasicPipe;
let detector: Detector;
const run = async (type: string, inputs: Record<string, unknown>): Promise<readonly unknown[]> =>
  runNode(type, inputs, context);

beforeAll(async () => {
  writeDetector();
  context = testContext({
    checkpoints: { 'sd1.safetensors': fixtureModel('tiny_sd1') },
    onnx: { 'faces.onnx': detectorFile },
  });
  const [model, clip, vae] = await run('CheckpointLoaderSimple', { ckpt_name: 'sd1.safetensors' });
  const [positive] = await run('CLIPTextEncode', { text: 'robot', clip });
  const [negative] = await run('CLIPTextEncode', { text: '', clip });
  pipe = { model, clip, vae, positive, negative } as unknown as BasicPipe;
  [detector] = (await run('ONNXDetectorProvider', { model_name: 'faces.onnx' })) as [Detector];
});
afterAll(() => context.runtime.close());

const detection = { threshold: 0.5, dilation: 0, crop_factor: 2, drop_size: 4, labels: 'all' };
const detect = async (inputs = {}): Promise<Segs> =>
  (
    await run('BboxDetectorSEGS', { bbox_detector: detector, image, ...detection, ...inputs })
  )[0] as Segs;

describe('detectors', () => {
  it('output SEGS', async () => {
    const segs = await detect();
    // the image of 64x48 is 8 rows below the top of the 64x64 input
    expect(segs.segs.map(({ bbox, label }) => ({ bbox, label }))).toEqual([
      { bbox: [12, 16, 28, 32], label: '0' },
      { bbox: [42, 16, 54, 28], label: '0' },
    ]);
    expect(segs.segs[0]).toMatchObject({ cropRegion: [4, 8, 36, 40] });
  });

  it.each([
    { name: 'a threshold', inputs: { threshold: 0.8 }, count: 1 },
    { name: 'a minimum size', inputs: { drop_size: 12 }, count: 1 },
    { name: 'labels', inputs: { labels: '1, 2' }, count: 0 },
  ])('filter detections by $name', async ({ inputs, count }) => {
    expect((await detect(inputs)).segs).toHaveLength(count);
  });

  it('output a combined mask', async () => {
    const [mask] = await run('BboxDetectorCombined_v2', {
      bbox_detector: detector,
      image,
      threshold: 0.5,
      dilation: 0,
    });
    expect((mask as Tensor).data.reduce((a, b) => a + b, 0)).toBe(16 * 16 + 12 * 12);
  });

  /** Detects the left one of the two boxes. */
  const leftDetector: Detector = {
    detect: async () => ({ height: 48, width: 64, segs: (await detect()).segs.slice(0, 1) }),
    detectCombined: async () => undefined,
  };
  const simpleDetection = {
    bbox_threshold: 0.5,
    bbox_dilation: 0,
    crop_factor: 2,
    drop_size: 4,
    sub_threshold: 0.5,
    sub_dilation: 0,
  };
  /** Whether the mask of each segment has values above 0. */
  const hasMask = (segs: unknown): boolean[] =>
    (segs as Segs).segs.map(({ croppedMask }) => croppedMask.data.some((v) => v > 0));

  it('restrict the masks to the detections of a second detector', async () => {
    const [segs] = await run('ImpactSimpleDetectorSEGS', {
      bbox_detector: detector,
      image,
      ...simpleDetection,
      segm_detector_opt: leftDetector,
    });
    expect(hasMask(segs)).toEqual([true, false]);
  });

  it('output an empty mask, with swapped sides, if nothing is detected', async () => {
    const [empty] = await run('SegmDetectorCombined_v2', {
      segm_detector: leftDetector,
      image,
      threshold: 0.5,
      dilation: 0,
    });
    expect((empty as Tensor).shape).toEqual([1, 64, 48]);
  });

  it('restrict the masks to those of SAM', async () => {
    const predictions: unknown[] = [];
    const sam = {
      predict: async (
        _: Tensor,
        points: unknown,
        labels: unknown,
        box: unknown,
        threshold: number,
      ) => {
        predictions.push({ points, labels, box, threshold });
        return [{ shape: [64, 48], data: new Float32Array(64 * 48) }];
      },
    };
    const [segs] = await run('ImpactSimpleDetectorSEGS', {
      bbox_detector: detector,
      image,
      ...simpleDetection,
      sub_bbox_expansion: 0,
      sam_mask_hint_threshold: 0.7,
      sam_model_opt: sam,
      segm_detector_opt: leftDetector,
    });
    expect(hasMask(segs)).toEqual([false, false]);
    expect(predictions).toMatchObject([
      { labels: [1], threshold: 0.5 },
      { labels: [1], threshold: 0.5 },
    ]);
  });

  it('need a single image', async () => {
    await expect(
      run('BboxDetectorSEGS', {
        bbox_detector: detector,
        image: zeros([2, 8, 8, 3]),
        ...detection,
      }),
    ).rejects.toThrow('needs a single image, got a batch of 2');
  });

  it('call the hooks that filter segments', async () => {
    const [hook] = await run('SEGSOrderedFilterDetailerHookProvider', {
      target: 'x1',
      order: true,
      take_start: 0,
      take_count: 1,
    });
    expect((await detect({ detailer_hook: hook })).segs.map(({ bbox }) => bbox[0])).toEqual([42]);
    const [range] = await run('SEGSRangeFilterDetailerHookProvider', {
      target: 'width',
      mode: true,
      min_value: 30,
      max_value: 99,
    });
    const [label] = await run('SEGSLabelFilterDetailerHookProvider', {
      segs: await detect(),
      preset: 'all',
      labels: '0',
    });
    const [both] = await run('DetailerHookCombine', { hook1: range, hook2: label });
    expect((await detect({ detailer_hook: both })).segs.map(({ bbox }) => bbox[0])).toEqual([12]);
  });
});

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

describe('hooks', () => {
  const detail = async (hook: unknown, cycle = 2): Promise<Tensor> => {
    const segs = await detect({ threshold: 0.8 });
    const inputs = {
      image,
      segs,
      ...guide,
      ...sampling,
      ...masks,
      wildcard: '',
      cycle,
      detailer_hook: hook,
    };
    return (await run('DetailerForEach', { ...inputs, ...pipe }))[0] as Tensor;
  };

  it('change the result of each cycle', async () => {
    const plain = await detail(undefined);
    const [noise] = await run('NoiseInjectionDetailerHookProvider', {
      schedule_for_cycle: 'skip_start',
      source: 'CPU',
      seed: 5n,
      start_strength: 1,
      end_strength: 0.5,
    });
    const [denoise] = await run('DenoiseSchedulerDetailerHookProvider', {
      schedule_for_cycle: 'simple',
      target_denoise: 0.9,
    });
    const [variation] = await run('VariationNoiseDetailerHookProvider', {
      seed: 5n,
      strength: 0.5,
    });
    const [unsampler] = await run('UnsamplerDetailerHookProvider', {
      model: pipe.model,
      positive: pipe.positive,
      negative: pipe.negative,
      steps: 4,
      start_end_at_step: 1,
      end_end_at_step: 2,
      cfg: 1,
      sampler_name: 'euler',
      scheduler: 'normal',
      normalize: 'disable',
      schedule_for_cycle: 'from_start',
    });
    for (const hook of [noise, denoise, variation, unsampler])
      expect((await detail(hook)).data).not.toEqual(plain.data);
    // skip_start does not change a single cycle, and neither does a schedule over one cycle
    for (const hook of [noise, denoise])
      expect((await detail(hook, 1)).data).toEqual((await detail(undefined, 1)).data);
  });

  it('show the image after each segment', async () => {
    const [preview] = await run('PreviewDetailerHookProvider', { quality: 80 });
    await detail(preview, 1);
    expect(context.messages.at(-1)).toMatchObject({
      event: 'impact-preview',
      data: { node_id: '1', item: { type: 'temp' } },
    });
  });

  it('warn that a combination has no noise', async () => {
    const [preview] = await run('PreviewDetailerHookProvider', { quality: 80 });
    const [variation] = await run('VariationNoiseDetailerHookProvider', {
      seed: 5n,
      strength: 0.5,
    });
    const [both] = await run('DetailerHookCombine', { hook1: variation, hook2: preview });
    expect(context.warnings.at(-1)).toContain('without noise');
    expect((both as DetailerHook).customNoise!(1n, [1, 4, 2, 2])!.data.every((v) => v === 0)).toBe(
      true,
    );
  });
});
