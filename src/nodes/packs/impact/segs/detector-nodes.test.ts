// Detectors as nodes, with a small detector.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Detailing,
  detection,
  image,
  openDetailing,
} from '../../../../../test/support/detailing.ts';
import type { Segs } from '../../../../segs/segs.ts';
import { type Tensor, zeros } from '../../../../tensor/tensor.ts';

let context: Detailing['context'];
let detector: Detailing['detector'];
let run: Detailing['run'];
let detect: Detailing['detect'];
beforeAll(async () => {
  ({ context, detector, run, detect } = await openDetailing());
});
afterAll(() => context.runtime.close());

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
  const leftDetector: Detailing['detector'] = {
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
