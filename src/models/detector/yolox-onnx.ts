// YOLOX detectors as its tools/export_onnx.py writes them: [1, N, 5 + classes] with one row for
// each cell of 8, 16 and 32 pixels. Source: YOLOX, demo/ONNXRuntime and utils/demo_utils.py: levels
// of blue, green and red, the image in the top left corner on grey, boxes relative to their cells
// (unless the file was exported with --decode_in_inference), suppression at an overlap of 0.45
// whatever the class.
import type { Size } from '../../image/geometry.ts';
import { toBytes } from '../../image/image-bytes.ts';
import { resizeBytes } from '../../image/resize/opencv-resize.ts';
import type { OnnxPorts } from '../../onnx/ports.ts';
import { ELEMENT } from '../../onnx/serialize.ts';
import { full, type Tensor } from '../../tensor/tensor.ts';
import { type Box, cornersAround, suppressOverlaps } from './boxes.ts';
import type { DetectorKind } from './detector-kind.ts';

const GREY = 114;
const STRIDES = [8, 16, 32];
const MAX_OVERLAP = 0.45;
const MAX_BOXES = 300;
/** Widths in pixels reach more than this, those relative to cells, which are logarithms, do not. */
const LARGEST_LOGARITHM = 16;
const f = Math.fround;

/** The size of the input; undefined for networks that accept any size. */
function inputSizeOf({ inputs }: OnnxPorts): Size | undefined {
  const [, channels, height, width] = inputs[0]?.dims ?? [];
  return channels === 3 && typeof height === 'number' && typeof width === 'number'
    ? { width, height }
    : undefined;
}

/** The top left corners of all cells, in cells, with their sides in pixels. */
const cellsOf = ({ width, height }: Size): { x: number; y: number; stride: number }[] =>
  STRIDES.flatMap((stride) => {
    const columns = Math.floor(width / stride);
    return Array.from({ length: columns * Math.floor(height / stride) }, (_, i) => {
      return { x: i % columns, y: Math.floor(i / columns), stride };
    });
  });

/** Scales an image into the top left corner of the input [1,3,H,W], whose levels are 0..255. */
function placeTopLeft(image: Tensor, size: Size): { input: Tensor; scale: number } {
  const [, height, width] = image.shape;
  const scale = Math.min(size.height / height, size.width / width);
  const scaled = { width: Math.trunc(width * scale), height: Math.trunc(height * scale) };
  const bytes = resizeBytes(toBytes(image), { width, height }, scaled, 3);
  const input = full([1, 3, size.height, size.width], GREY);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < scaled.height; y++)
      for (let x = 0; x < scaled.width; x++)
        input.data[(c * size.height + y) * size.width + x] =
          bytes[(y * scaled.width + x) * 3 + 2 - c];
  return { input, scale };
}

/** The boxes above the threshold in pixels of the input, before suppression. */
function readBoxes({ shape, data }: Tensor, size: Size, threshold: number): Box[] {
  const columns = shape[2];
  let widest = Number.NEGATIVE_INFINITY;
  for (let at = 2; at < data.length; at += columns) widest = Math.max(widest, data[at]);
  const isDecoded = widest > LARGEST_LOGARITHM;
  return cellsOf(size).flatMap(({ x, y, stride }, row): Box[] => {
    const [cx, cy, w, h, objectness, ...classes] = data.subarray(
      row * columns,
      (row + 1) * columns,
    );
    const best = Math.max(...classes);
    const score = f(objectness * best);
    if (!(score > f(threshold))) return [];
    const side = (v: number): number => f(f(Math.exp(v)) * stride);
    const corners = isDecoded
      ? cornersAround(cx, cy, w, h)
      : cornersAround(f((cx + x) * stride), f((cy + y) * stride), side(w), side(h));
    return [{ corners, score, label: String(classes.indexOf(best)) }];
  });
}

export const yolox: DetectorKind = {
  name: 'YOLOX',
  matches(ports) {
    const size = inputSizeOf(ports);
    const [output] = ports.outputs;
    return (
      size !== undefined &&
      ports.inputs[0].element === ELEMENT.f32 &&
      ports.outputs.length === 1 &&
      output.element === ELEMENT.f32 &&
      output.dims?.length === 3 &&
      output.dims[1] === cellsOf(size).length &&
      Number(output.dims[2]) > 5
    );
  },
  prepare(image, ports) {
    const size = inputSizeOf(ports)!;
    const [, height, width] = image.shape;
    const { input, scale } = placeTopLeft(image, size);
    return {
      input,
      boxes(outputs, threshold) {
        const found = readBoxes(outputs[ports.outputs[0].name], size, threshold);
        const ofOneClass = found.map((box) => ({ ...box, label: '', className: box.label }));
        const toImage = (v: number, limit: number): number =>
          Math.trunc(Math.min(limit, Math.max(0, v / scale)));
        return suppressOverlaps(ofOneClass, MAX_OVERLAP, MAX_BOXES).map(
          ({ corners: [x1, y1, x2, y2], score, className }) => ({
            score,
            label: className,
            corners: [
              toImage(x1, width),
              toImage(y1, height),
              toImage(x2, width),
              toImage(y2, height),
            ] as const,
          }),
        );
      },
    };
  },
};
