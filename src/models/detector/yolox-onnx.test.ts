// Expected numbers are from YOLOX's demo_postprocess, nms and preproc, as ddddocr 1.6.1 has them.
import { describe, expect, it } from 'vitest';
import type { OnnxPorts } from '../../onnx/ports.ts';
import { full, tensor, zeros } from '../../tensor/tensor.ts';
import { detectorKind } from './detector-kinds.ts';
import { yolox } from './yolox-onnx.ts';

const ports = (side: number, rows: number, columns: number): OnnxPorts => ({
  inputs: [{ name: 'images', element: 1, dims: [1, 3, side, side] }],
  outputs: [{ name: 'output', element: 1, dims: [1, rows, columns] }],
  metadata: new Map(),
});

it('is recognised by one row for each cell', () => {
  const kindOf = (...sizes: Parameters<typeof ports>): string =>
    detectorKind(ports(...sizes), 'x.onnx').name;
  expect(kindOf(416, 3549, 6)).toBe('YOLOX');
  expect(kindOf(640, 8400, 85)).toBe('YOLOX');
  // YOLOv5 has three rows for each cell, v8 has columns for cells, end-to-end models 300 rows
  expect(kindOf(640, 25200, 85)).toBe('YOLO');
  expect(kindOf(640, 84, 8400)).toBe('YOLO');
  expect(kindOf(640, 300, 6)).toBe('YOLO');
});

describe('YOLOX', () => {
  const image = full([1, 32, 64, 3], 0);
  /** Rows of the 16 + 4 + 1 cells of 32 x 32 pixels. */
  const rows: Readonly<Record<number, readonly number[]>> = {
    5: [0.25, -0.5, 0.5, 0.1, 0.9, 0.8, 0.1],
    6: [-0.7, -0.4, 0.45, 0.2, 0.75, 0.1, 0.9],
    17: [0.5, 0.5, 0.1, -0.3, 0.7, 0.2, 0.95],
    20: [0.3, 0.2, -0.6, -0.9, 0.5, 0.5, 0.4],
  };
  const output = (change: (values: readonly number[], row: number) => readonly number[]) => {
    const { shape, data } = zeros([1, 21, 7]);
    for (const [row, values] of Object.entries(rows))
      data.set(change(values, Number(row)), Number(row) * 7);
    return { output: { shape, data } };
  };
  // xy of demo_postprocess(rows, (32, 32)) / 0.5 above 0.3, then nms(…, 0.45), which drops row 6:
  // [6.81, -0.84, 33.19, 16.84] 0.72, [30.32, 4.15, 65.68, 27.85] 0.665
  const expected = [
    { corners: [6, 0, 33, 16], score: 0.72, label: '0' },
    { corners: [30, 4, 64, 27], score: 0.665, label: '1' },
  ];
  const shown = (boxes: readonly { readonly score: number }[]) =>
    boxes.map((box) => ({ ...box, score: Number(box.score.toFixed(5)) }));

  it('decodes boxes relative to their cells and suppresses overlaps of any class', () => {
    const { boxes } = yolox.prepare(image, ports(32, 21, 7));
    expect(
      shown(
        boxes(
          output((values) => values),
          0.3,
        ),
      ),
    ).toEqual(shown(expected));
  });

  it('reads boxes that the network has decoded', () => {
    // rows of demo_postprocess
    const decoded: Readonly<Record<number, readonly number[]>> = {
      5: [10, 4, 13.18977, 8.841368],
      6: [10.4, 4.8, 12.546497, 9.771222],
      17: [24, 8, 17.682735, 11.853091],
      20: [9.6, 6.4, 17.56197, 13.01023],
    };
    const { boxes } = yolox.prepare(image, ports(32, 21, 7));
    const outputs = output((values, row) => [...decoded[row], ...values.slice(4)]);
    expect(shown(boxes(outputs, 0.3))).toEqual(shown(expected));
  });

  it('puts the image into the top left corner, as levels of blue, green and red', () => {
    // image = (np.arange(5 * 9 * 3) * 7 % 256).astype(np.uint8).reshape(5, 9, 3)
    // x, _ = preproc(image[:, :, ::-1], (32, 32)); x.sum((1, 2)), x[0, 10:18].sum(1)
    const levels = Float32Array.from({ length: 5 * 9 * 3 }, (_, i) => ((i * 7) % 256) / 255);
    const { input } = yolox.prepare(tensor([1, 5, 9, 3], levels), ports(32, 21, 7));
    const sum = (from: number, to: number): number =>
      input.data.subarray(from, to).reduce((a, b) => a + b, 0);
    expect([0, 1, 2].map((c) => sum(c * 1024, (c + 1) * 1024))).toEqual([118601, 121013, 120316]);
    expect(Array.from({ length: 7 }, (_, y) => sum((y + 10) * 32, (y + 11) * 32))).toEqual([
      4654, 4825, 4514, 3882, 3254, 2750, 2749,
    ]);
  });
});
