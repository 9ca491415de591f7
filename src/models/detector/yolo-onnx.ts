// YOLO detectors as Ultralytics and its predecessors export them: v8 to v12 ([1, 4 + classes, N],
// also with mask coefficients), v5 and v7 ([1, N, 5 + classes]), and end-to-end models ([1, N, 6]).
// The Impact Pack's ONNX reader does not support them; images are preprocessed as in Ultralytics:
// RGB in 0..1, letterboxed on grey, non-maximum suppression at an overlap of 0.7.
import { toBytes } from '../../image/image-bytes.ts';
import type { FilePort, OnnxPorts } from '../../onnx/ports.ts';
import { ELEMENT } from '../../onnx/serialize.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Box, cornersAround, suppressOverlaps } from './boxes.ts';
import type { DetectorKind } from './detector-kind.ts';
import { type LetterboxTarget, letterbox, toImageCorners } from './letterbox.ts';

/** Side of the input of networks that accept any size, in pixels. */
const DEFAULT_SIDE = 640;
const DEFAULT_STRIDE = 32;
const MAX_OVERLAP = 0.7;
const MAX_BOXES = 300;
const f = Math.fround;

/** One detection: corners in the network's input, score and class. */
interface Detection {
  readonly corners: Box['corners'];
  readonly score: number;
  readonly label: number;
}

/** A detection's values by column. */
type Row = (column: number) => number;
type ReadRow = (row: Row, columns: number) => Detection;

/** Columns 0 to 3 are the centre and the size of a box. */
const cornersOf = (row: Row): Box['corners'] => cornersAround(row(0), row(1), row(2), row(3));

/** The best of the class scores in the columns `from` to `to`. */
function bestClass(row: Row, from: number, to: number): { score: number; label: number } {
  let [score, label] = [Number.NEGATIVE_INFINITY, 0];
  for (let column = from; column < to; column++)
    if (row(column) > score) [score, label] = [row(column), column - from];
  return { score, label };
}

/** End-to-end models: corners, score, class. */
const readEndToEnd: ReadRow = (row) => ({
  corners: [row(0), row(1), row(2), row(3)],
  score: row(4),
  label: row(5),
});
/** v5 and v7: centre, size, objectness, class scores. */
const readWithObjectness: ReadRow = (row, columns) => {
  const { score, label } = bestClass(row, 5, columns);
  return { corners: cornersOf(row), score: score * row(4), label };
};
/** v8 to v12: centre, size, scores of `classes` classes, then what else the network returns. */
const readClassScores =
  (classes: number): ReadRow =>
  (row) => ({
    corners: cornersOf(row),
    ...bestClass(row, 4, 4 + classes),
  });

/**
 * The number of classes of a network of v8 or later, whose rows may end in coefficients of masks or
 * in key points: that of the names in the file, else what the masks leave.
 */
function classCount(columns: number, names: number, masks: number): number {
  return names > 0 && 4 + names <= columns ? names : columns - 4 - masks;
}

interface RowLayout {
  /** Number of names of classes in the file. */
  readonly names: number;
  /** Number of masks whose coefficients end a row. */
  readonly masks: number;
  /** Whether the file says that the network includes non-maximum suppression. */
  readonly endToEnd: boolean;
}

/**
 * Reads the detections of an output in either orientation. `isEndToEnd`: the network includes
 * non-maximum suppression.
 */
function readDetections(
  output: Tensor,
  { names, masks, endToEnd }: RowLayout,
): { detections: Detection[]; isEndToEnd: boolean } {
  const [, first, second] = output.shape;
  const isTransposed = !endToEnd && first < second;
  const [rows, columns] = isTransposed ? [second, first] : [first, second];
  const isEndToEnd = endToEnd || (!isTransposed && columns === 6 && rows <= 1000);
  const read = isEndToEnd
    ? readEndToEnd
    : isTransposed
      ? readClassScores(classCount(columns, names, masks))
      : readWithObjectness;
  const rowAt =
    (row: number): Row =>
    (column) =>
      output.data[isTransposed ? column * rows + row : row * columns + column];
  return {
    detections: Array.from({ length: rows }, (_, row) => read(rowAt(row), columns)),
    isEndToEnd,
  };
}

/** Whether an export of Ultralytics says that it includes non-maximum suppression. */
const saysEndToEnd = (metadata: OnnxPorts['metadata']): boolean =>
  metadata.get('end2end') === 'True' || /'nms': True/.test(metadata.get('args') ?? '');

/** Parses class names as Ultralytics stores them: `{0: 'face', 1: 'hand'}`. */
export function classNames(metadata: OnnxPorts['metadata']): ReadonlyMap<number, string> {
  const pairs = [
    ...(metadata.get('names') ?? '').matchAll(
      /(?<!\d)(\d+):\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g,
    ),
  ];
  return new Map(pairs.map(([, number, single, double]) => [Number(number), single ?? double]));
}

/**
 * The input of a network: its own size, or for networks that accept any size, 640 pixels on the
 * longer side. v8 and later take the smallest rectangle of whole cells then, v5 and v7 a square.
 */
function inputTarget({ inputs, outputs, metadata }: OnnxPorts): LetterboxTarget {
  const [, , height, width] = inputs[0].dims!;
  const fixed = (dim: number | string | undefined): number | undefined =>
    typeof dim === 'number' && dim > 0 ? dim : undefined;
  const side = { width: fixed(width) ?? DEFAULT_SIDE, height: fixed(height) ?? DEFAULT_SIDE };
  const [, rows, columns] = outputs[0].dims ?? [];
  const hasObjectness = fixed(rows) === undefined && (fixed(columns) ?? 0) > 6;
  const stride = hasObjectness ? undefined : Number(metadata.get('stride')) || DEFAULT_STRIDE;
  return {
    side,
    multiple: {
      width: fixed(width) ?? stride ?? side.width,
      height: fixed(height) ?? stride ?? side.height,
    },
  };
}

/** Whether an input takes images as planes, [N,3,H,W]. */
const isPlanes = ({ element, dims }: FilePort): boolean =>
  element === ELEMENT.f32 && dims?.length === 4 && (dims[1] === 3 || typeof dims[1] !== 'number');

export const yolo: DetectorKind = {
  name: 'YOLO',
  matches: ({ inputs, outputs, metadata }) =>
    // oriented boxes have an angle, which no node reads
    metadata.get('task') !== 'obb' &&
    inputs.length === 1 &&
    isPlanes(inputs[0]) &&
    outputs.length >= 1 &&
    outputs[0].element === ELEMENT.f32 &&
    (outputs[0].dims?.length ?? 3) === 3,
  prepare(image, ports) {
    const [, height, width] = image.shape;
    const imageSize = { width, height };
    const { input, inputSize } = letterbox(toBytes(image), imageSize, inputTarget(ports));
    const names = classNames(ports.metadata);
    return {
      input,
      boxes(outputs, threshold) {
        const masks = ports.outputs.length > 1 ? outputs[ports.outputs[1].name].shape[1] : 0;
        const output = outputs[ports.outputs[0].name];
        const { detections, isEndToEnd } = readDetections(output, {
          names: names.size,
          masks,
          endToEnd: saysEndToEnd(ports.metadata),
        });
        const found = detections
          .filter(({ score }) => score > f(threshold))
          .map(({ corners, score, label }): Box => {
            return { corners, score, label: names.get(label) ?? String(label) };
          });
        const boxes = isEndToEnd ? found : suppressOverlaps(found, MAX_OVERLAP, MAX_BOXES);
        return boxes.map(({ corners, ...box }) => {
          const [x1, y1, x2, y2] = toImageCorners(corners, inputSize, imageSize).map(Math.trunc);
          return { ...box, corners: [x1, y1, x2, y2] };
        });
      },
    };
  },
};
