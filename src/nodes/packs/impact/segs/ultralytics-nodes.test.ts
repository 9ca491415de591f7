// Tiny YOLO models with random weights, compared with Ultralytics and the Impact Subpack
// (test/golden/ultralytics/make.py).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  dict,
  EMPTY_TUPLE,
  GLOBAL,
  NEWOBJ,
  pickle,
  REDUCE,
  text,
  tuple,
} from '../../../../../test/support/files/pickle.ts';
import { zipOf } from '../../../../../test/support/files/zip.ts';
import { expectGolden, type GoldenCase, golden } from '../../../../../test/support/golden.ts';
import { type Models, testContext } from '../../../../../test/support/run-node.ts';
import { fromBytes } from '../../../../image/image-bytes.ts';
import { loadUltralytics } from '../../../../models/ultralytics/load.ts';
import { createRuntime } from '../../../../runtime/runtime.ts';
import type { Segs } from '../../../../segs/segs.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import { NODES } from '../../../index.ts';
import { ultralyticsDetectors } from './ultralytics-nodes.ts';

const MODELS = ['v8-detect', 'v8-segment', 'v11-detect', 'v11-segment', 'v9-detect'];
const STRIDES = [8, 16, 32];
const g = golden('ultralytics', 'cases');
const models = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../../../../test/golden/ultralytics',
);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'darkroom-yolo-'));
  for (const name of MODELS)
    writeFileSync(
      join(folder, `${name}.pt`),
      gunzipSync(readFileSync(join(models, `${name}.pt.gz`))),
    );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The image that make.py draws. */
function imageOf(width: number, height: number): Tensor {
  const bytes = new Uint8Array(width * height * 3);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i += 3) {
      bytes[i] = x * 7 + y * 3;
      bytes[i + 1] = Math.floor((x * x) / 9) + y;
      bytes[i + 2] = Math.floor(x / 13) * 31 + Math.floor(y / 11) * 57;
    }
  return fromBytes(bytes, [1, height, width, 3]);
}

/** Boxes by centre and size, scores and coefficients, concatenated as by Ultralytics. */
function rawOutput(
  out: Readonly<Record<string, Tensor>>,
  width: number,
  height: number,
): Float32Array {
  const count = out.scores.shape[2];
  const boxes = new Float32Array(4 * count);
  let cell = 0;
  for (const stride of STRIDES)
    for (let y = 0; y < height / stride; y++)
      for (let x = 0; x < width / stride; x++, cell++) {
        const [l, t, r, b] = [0, 1, 2, 3].map((k) => out.distances.data[k * count + cell]);
        for (const [k, v] of [x + 0.5 + (r - l) / 2, y + 0.5 + (b - t) / 2, l + r, t + b].entries())
          boxes[k * count + cell] = v * stride;
      }
  return Float32Array.from(
    [boxes, out.scores.data, out.coefficients?.data ?? []].flatMap((part) => [...part]),
  );
}

describe('ultralytics: raw outputs', () => {
  for (const name of MODELS)
    it(name, async () => {
      const runtime = createRuntime();
      const model = await loadUltralytics(join(folder, `${name}.pt`), runtime);
      const out = await model.network.run({ x: g.float('x') });
      expectGolden(g, name, `${name}.raw`, rawOutput(out, 96, 64));
      if (out.protos) expectGolden(g, name, `${name}.protos`, out.protos);
      await runtime.close();
    });
});

describe('ultralytics: detections of the Impact Subpack', () => {
  for (const name of MODELS)
    it(name, async () => {
      const runtime = createRuntime();
      const detectors = ultralyticsDetectors(
        await loadUltralytics(join(folder, `${name}.pt`), runtime),
      );
      const cases = (g.cases as unknown as GoldenCase['params'][]).filter(
        ({ model }) => model === name,
      );
      expect(cases.length).toBeGreaterThan(2);
      for (const c of cases) {
        const detector = c.kind === 'bbox' ? detectors.bbox : detectors.segm;
        const image = imageOf(c.width, c.height);
        const options = {
          threshold: c.threshold,
          dilation: c.dilation,
          cropFactor: c.crop_factor,
          dropSize: c.drop_size,
        };
        const { segs } = await detector.detect(image, options);
        expect(segs.length, c.name).toBe(c.count);
        for (const [i, expected] of c.segs.entries()) {
          const seg = segs[i];
          expect({ label: seg.label, crop: seg.cropRegion }, `${c.name} ${i}`).toEqual({
            label: expected.label,
            crop: expected.crop,
          });
          expect(Math.abs(seg.confidence - expected.confidence)).toBeLessThanOrEqual(1e-5);
          for (const k of [0, 1, 2, 3])
            expect(Math.abs(seg.bbox[k] - expected.bbox[k]), `${c.name} ${i}`).toBeLessThanOrEqual(
              2e-3,
            );
          expectGolden(g, name, `${c.name}.${i}.mask`, seg.croppedMask);
        }
        const all = await detector.detectCombined(image, c.threshold, c.dilation);
        expectGolden(g, name, `${c.name}.combined`, all!.data);
      }
      await runtime.close();
    });
});

describe('loadUltralytics refuses', () => {
  const BUILD = Buffer.from('b');
  const module = (name: string, global: string, ...children: readonly Buffer[]): Buffer =>
    Buffer.concat([
      GLOBAL(name, global),
      EMPTY_TUPLE,
      NEWOBJ,
      dict(text('_modules'), dict(...children)),
      BUILD,
    ]);
  const load = (content: Buffer): Promise<unknown> => {
    const file = join(folder, 'model.pt');
    writeFileSync(file, zipOf([{ name: 'archive/data.pkl', data: pickle(content) }]));
    return loadUltralytics(file, createRuntime());
  };
  const savedModel = (model: Buffer): Buffer => dict(text('model'), model);

  it('models for other tasks, by their task', async () => {
    const pose = savedModel(module('ultralytics.nn.tasks', 'PoseModel'));
    await expect(load(pose)).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message: expect.stringContaining('detects poses'),
    });
  });

  it('models of the old YOLOv5 program', async () => {
    const old = savedModel(module('models.yolo', 'DetectionModel'));
    await expect(load(old)).rejects.toThrow('was saved by the old YOLOv5 program');
  });

  it('models without layers', async () => {
    const empty = module(
      'ultralytics.nn.tasks',
      'DetectionModel',
      text('model'),
      module('torch.nn.modules.container', 'Sequential'),
    );
    await expect(load(savedModel(empty))).rejects.toThrow('has no layers');
  });

  it('files without a whole model', async () => {
    await expect(load(dict(text('weight'), text('none')))).rejects.toThrow(
      'does not hold a whole model saved by Ultralytics',
    );
  });

  it('functions of other packages, which are not called', async () => {
    const call = Buffer.concat([GLOBAL('os', 'system'), tuple(text('true')), REDUCE]);
    await expect(load(savedModel(call))).rejects.toMatchObject({
      code: 'DR_MODEL_UNSAFE',
      message: expect.stringContaining('os.system'),
    });
  });
});

describe('detector nodes on files', () => {
  const folders = (): Models => ({
    ultralytics: {
      'bbox/v8.pt': join(folder, 'v8-segment.pt'),
      'segm/v8.pt': join(folder, 'v8-segment.pt'),
    },
    sams: { 'sam.safetensors': join(folder, 'sam.safetensors') },
  });

  it('UltralyticsDetectorProvider and SAMLoader load detectors', async () => {
    const sam = join(models, '../sam/tiny_sam.safetensors.gz');
    writeFileSync(join(folder, 'sam.safetensors'), gunzipSync(readFileSync(sam)));
    const context = testContext(folders());
    const run = async (type: string, inputs: Record<string, unknown>) =>
      (await NODES.get(type)!.run(inputs as never, context)).outputs;
    const [bbox, segm] = await run('UltralyticsDetectorProvider', { model_name: 'segm/v8.pt' });
    const image = imageOf(96, 64);
    const detection = { threshold: 0.5, dilation: 0, crop_factor: 2, drop_size: 3, labels: 'all' };
    const [segs] = (await run('BboxDetectorSEGS', {
      bbox_detector: bbox,
      image,
      ...detection,
    })) as [Segs];
    expect(segs.segs.length).toBeGreaterThan(3);
    const [masked] = (await run('SegmDetectorSEGS', {
      segm_detector: segm,
      image,
      ...detection,
    })) as [Segs];
    expect(masked.segs.length).toBe(segs.segs.length);
    const [, missingSegm] = await run('UltralyticsDetectorProvider', { model_name: 'bbox/v8.pt' });
    await expect(
      run('SegmDetectorSEGS', { segm_detector: missingSegm, image, ...detection }),
    ).rejects.toThrow('for boxes only');

    const [sam_model] = await run('SAMLoader', {
      model_name: 'sam.safetensors',
      device_mode: 'AUTO',
    });
    const hints = {
      detection_hint: 'center-1',
      dilation: 0,
      threshold: 0.9,
      bbox_expansion: 0,
      mask_hint_threshold: 0.7,
    };
    const inputs = {
      sam_model,
      segs: { ...segs, segs: segs.segs.slice(0, 4) },
      image,
      ...hints,
      mask_hint_use_negative: 'False',
    };
    const [combined] = (await run('SAMDetectorCombined', inputs)) as [Tensor];
    const [same, batch] = (await run('SAMDetectorSegmented', inputs)) as [Tensor, Tensor];
    expect(combined.shape).toEqual([1, 64, 96]);
    expect(same).toEqual(combined);
    expect(batch.shape.slice(1)).toEqual([64, 96]);
    await context.runtime.close();
  });
});
