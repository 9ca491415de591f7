// ONNXDetectorProvider and BboxDetectorSEGS beside the originals: boxes of Ultralytics and YOLOX,
// and SEGS of the Impact Pack's own ONNX reader, which reads the YOLO between the inputs and
// outputs of a RetinaNet.
import { readFileSync } from 'node:fs';
import type { Segs } from '../../src/segs/segs.ts';
import { runNode, testContext } from '../support/run-node.ts';
import type { Figure } from './figure.ts';
import { modelFile, readPicture, type Scene } from './inputs.ts';
import { originalFile, realFile } from './packages.ts';

/** A box of Ultralytics or YOLOX. */
interface OriginalBox {
  readonly label: string;
  readonly score: number;
  readonly corners: readonly number[];
}

/** A segment of the Impact Pack. */
interface OriginalSeg {
  readonly label: string;
  readonly confidence: number;
  readonly bbox: readonly number[];
  readonly crop: readonly number[];
  /** The sum of the mask. */
  readonly mask: number;
}

interface Originals {
  readonly ultralytics: Readonly<Record<string, readonly OriginalBox[]>>;
  readonly ddddocr: Readonly<Record<string, readonly OriginalBox[]>>;
  readonly impact?: Readonly<Record<string, readonly OriginalSeg[]>>;
}

const FILES = {
  'yolo.onnx': realFile('nudenet', 'nudenet/320n.onnx'),
  'yolox.onnx': realFile('ddddocr', 'ddddocr/common_det.onnx'),
  'retinanet.onnx': modelFile('320n-retinanet.onnx'),
};
/** As in originals.py. */
const OPTIONS = { threshold: 0.25, dilation: 4, crop_factor: 1.5, drop_size: 3, labels: 'all' };

type Detect = (file: keyof typeof FILES, scene: string) => Promise<Segs['segs']>;

const sumOf = (data: Float32Array): number => data.reduce((a, b) => a + b, 0);

/** Our segments as the original's, whatever of them it has. */
const plain = (segs: Segs['segs'], withRegions: boolean) =>
  segs.map(({ label, bbox, cropRegion, croppedMask }) => ({
    label,
    bbox: [...bbox],
    ...(withRegions && { crop: [...cropRegion], mask: Math.round(sumOf(croppedMask.data)) }),
  }));

async function figureOf(
  detect: Detect,
  file: keyof typeof FILES,
  expected: Readonly<Record<string, readonly OriginalSeg[]>>,
  texts: { readonly file: string; readonly against: string; readonly withRegions: boolean },
): Promise<Figure> {
  let [count, wrong, worst] = [0, 0, 0];
  for (const [scene, originals] of Object.entries(expected)) {
    const segs = await detect(file, scene);
    count += originals.length;
    const theirs = originals.map(({ label, bbox, crop, mask }) => ({
      label,
      bbox,
      ...(texts.withRegions && { crop, mask: Math.round(mask) }),
    }));
    if (JSON.stringify(plain(segs, texts.withRegions)) !== JSON.stringify(theirs)) wrong++;
    for (const [i, { confidence }] of originals.entries())
      worst = Math.max(worst, Math.abs(confidence - (segs[i]?.confidence ?? 0)));
  }
  const things = texts.withRegions ? 'segments with their crop regions and masks' : 'boxes';
  const scenes = Object.keys(expected).length;
  const scores = worst === 0 ? 'confidences too' : `confidences within ${worst.toExponential(1)}`;
  return {
    file: texts.file,
    by: '`ONNXDetectorProvider`, `BboxDetectorSEGS`',
    against: texts.against,
    result:
      wrong === 0
        ? `${count} ${things} in ${scenes} pictures, equal; ${scores}`
        : `other ${things} in ${wrong} of ${scenes} pictures`,
    passed: wrong === 0 && count > 0,
  };
}

/** Boxes as the Impact Pack makes segments of them: whole pixels, and none that is too small. */
const toSegs = (boxes: Originals['ultralytics']): Record<string, OriginalSeg[]> =>
  Object.fromEntries(
    Object.entries(boxes).map(([scene, list]) => [
      scene,
      list
        .map(({ label, score, corners }) => {
          return { label, confidence: score, bbox: corners.map(Math.trunc), crop: [], mask: 0 };
        })
        .filter(({ bbox: [x1, y1, x2, y2] }) => x2 - x1 > 3 && y2 - y1 > 3),
    ]),
  );

export async function detectorFigures(): Promise<Figure[]> {
  const context = testContext({ onnx: FILES });
  const detect: Detect = async (model_name, scene) => {
    const [bbox_detector] = await runNode('ONNXDetectorProvider', { model_name }, context);
    const image = await readPicture(scene as Scene);
    const inputs = { ...OPTIONS, bbox_detector, image };
    return (await runNode<readonly Segs[]>('BboxDetectorSEGS', inputs, context))[0].segs;
  };
  const { ultralytics, ddddocr, impact } = JSON.parse(
    readFileSync(originalFile('boxes'), 'utf8'),
  ) as Originals;
  const figures = [
    await figureOf(detect, 'yolo.onnx', toSegs(ultralytics), {
      file: 'nudenet: 320n.onnx',
      against: 'Ultralytics 8.4.190',
      withRegions: false,
    }),
    await figureOf(detect, 'yolox.onnx', toSegs(ddddocr), {
      file: 'ddddocr: common_det.onnx',
      against: 'ddddocr 1.6.1, with the threshold 0.25',
      withRegions: false,
    }),
  ];
  if (impact)
    figures.push(
      await figureOf(detect, 'retinanet.onnx', impact, {
        file: 'nudenet: 320n.onnx as a RetinaNet',
        against: 'Impact Pack, modules/impact/onnx.py and core.py',
        withRegions: true,
      }),
    );
  await context.runtime.close();
  return figures;
}
