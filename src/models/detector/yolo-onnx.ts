// YOLO detectors as Ultralytics and its predecessors export them: v8 to v12 ([1, 4 + classes, N],
// also with mask coefficients), v5 and v7 ([1, N, 5 + classes]), and end-to-end models ([1, N, 6]).
// The Impact Pack's ONNX reader does not support them; images are preprocessed as in Ultralytics:
// RGB in 0..1, letterboxed on grey, non-maximum suppression at an overlap of 0.7.

import { toNCHW } from '../../image/channel-order.ts';
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import type { FilePort, OnnxPorts } from '../../onnx/ports.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { full, type Tensor } from '../../tensor/tensor.ts';
import { type Box, suppress } from './boxes.ts';
import type { DetectorKind } from './detector-kind.ts';

const FLOAT = 1;
const GREY = 114 / 255;
const SIDE = 640;
const OVERLAP = 0.7;
const MOST = 300;

/** Where the image is in the network's input: scaled by `scale`, then moved by `left` and `top`. */
interface Fit {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

function fitted(
  image: Tensor,
  side: { readonly width: number; readonly height: number },
): { input: Tensor; fit: Fit } {
  const [, height, width] = image.shape;
  const scale = Math.min(side.width / width, side.height / height);
  const [w, h] = [roundHalfEven(width * scale), roundHalfEven(height * scale)];
  const left = roundHalfEven((side.width - w) / 2 - 0.1);
  const top = roundHalfEven((side.height - h) / 2 - 0.1);
  const planes = interpolate(toNCHW(image), { height: h, width: w }, 'bilinear');
  const input = full([1, 3, side.height, side.width], GREY);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < h; y++) {
      const row = planes.data.subarray((c * h + y) * w, (c * h + y + 1) * w);
      input.data.set(row, (c * side.height + top + y) * side.width + left);
    }
  return { input, fit: { scale, left, top } };
}

/** One detection: corners, score and class. */
interface Row {
  readonly corners: Box['corners'];
  readonly score: number;
  readonly label: number;
}

type Read = (at: (column: number) => number, columns: number) => Row;

const aroundMiddle = (at: (column: number) => number): Box['corners'] => [
  at(0) - at(2) / 2,
  at(1) - at(3) / 2,
  at(0) + at(2) / 2,
  at(1) + at(3) / 2,
];

function best(
  at: (column: number) => number,
  from: number,
  to: number,
): { score: number; label: number } {
  let [score, label] = [Number.NEGATIVE_INFINITY, 0];
  for (let column = from; column < to; column++)
    if (at(column) > score) [score, label] = [at(column), column - from];
  return { score, label };
}

const ended: Read = (at) => ({ corners: [at(0), at(1), at(2), at(3)], score: at(4), label: at(5) });
const withObjectness: Read = (at, columns) => {
  const { score, label } = best(at, 5, columns);
  return { corners: aroundMiddle(at), score: score * at(4), label };
};
const plain =
  (masks: number): Read =>
  (at, columns) => ({ corners: aroundMiddle(at), ...best(at, 4, columns - masks) });

/**
 * Reads the detections of an output in either orientation. `chosen`: the network has done its own
 * suppression.
 */
function rowsOf(output: Tensor, masks: number): { rows: Row[]; chosen: boolean } {
  const [, first, second] = output.shape;
  const lying = first < second;
  const [rows, columns] = lying ? [second, first] : [first, second];
  const chosen = !lying && columns === 6 && rows <= 1000;
  const read = chosen ? ended : lying ? plain(masks) : withObjectness;
  const at = (row: number) => (column: number) =>
    output.data[lying ? column * rows + row : row * columns + column];
  return { rows: Array.from({ length: rows }, (_, row) => read(at(row), columns)), chosen };
}

/** Parses class names as Ultralytics stores them: `{0: 'face', 1: 'hand'}`. */
export function classNames(metadata: OnnxPorts['metadata']): ReadonlyMap<number, string> {
  const pairs = [
    ...(metadata.get('names') ?? '').matchAll(
      /(\d+):\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g,
    ),
  ];
  return new Map(pairs.map(([, number, single, double]) => [Number(number), single ?? double]));
}

const side = (dim: number | string | undefined): number =>
  typeof dim === 'number' && dim > 0 ? dim : SIDE;
const isPlanes = ({ element, dims }: FilePort): boolean =>
  element === FLOAT && dims?.length === 4 && (dims[1] === 3 || typeof dims[1] !== 'number');

export const yolo: DetectorKind = {
  name: 'YOLO',
  matches: ({ inputs, outputs }) =>
    inputs.length === 1 &&
    isPlanes(inputs[0]) &&
    outputs.length >= 1 &&
    outputs[0].element === FLOAT &&
    (outputs[0].dims?.length ?? 3) === 3,
  prepare(image, ports) {
    const [, , height, width] = ports.inputs[0].dims!;
    const { input, fit } = fitted(image, { width: side(width), height: side(height) });
    const names = classNames(ports.metadata);
    const [, h, w] = image.shape;
    return {
      input,
      boxes(outputs, threshold) {
        const masks = ports.outputs.length > 1 ? outputs[ports.outputs[1].name].shape[1] : 0;
        const { rows, chosen } = rowsOf(outputs[ports.outputs[0].name], masks);
        const back = (v: number, offset: number, limit: number): number =>
          Math.min(limit, Math.max(0, (v - offset) / fit.scale));
        const found = rows
          .filter(({ score }) => score > threshold)
          .map(({ corners: [x1, y1, x2, y2], score, label }): Box => {
            const corners = [
              back(x1, fit.left, w),
              back(y1, fit.top, h),
              back(x2, fit.left, w),
              back(y2, fit.top, h),
            ] as const;
            return { corners, score, label: names.get(label) ?? String(label) };
          });
        const boxes = chosen ? found : suppress(found, OVERLAP, MOST);
        return boxes.map(({ corners: [x1, y1, x2, y2], ...box }) => ({
          ...box,
          corners: [Math.trunc(x1), Math.trunc(y1), Math.trunc(x2), Math.trunc(y2)],
        }));
      },
    };
  },
};
