// Detectors over tiny generated networks that always return the same boxes, in each file layout.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createGraph, type Graph } from '../../onnx/builder.ts';
import { readPorts } from '../../onnx/ports.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { full, tensor } from '../../tensor/tensor.ts';
import { intersectionOverUnion, suppressOverlaps } from './boxes.ts';
import { loadDetector } from './load.ts';
import { retinanet } from './retinanet-onnx.ts';
import { classNames, yolo } from './yolo-onnx.ts';

const runtime = createRuntime({ threads: 1 });
afterAll(() => runtime.close());

/** Adds 0 times the input to a constant, so that it depends on the input. */
function dependingOn(g: Graph, x: string, value: string): string {
  const zero = g.op('Mul', [g.op('ReduceMax', [x], { keepdims: 0 }), g.floats([0], [])]);
  return g.op('Add', [value, zero]);
}

async function load(graph: Graph, name: string) {
  const file = join(tmpdir(), `darkroom-${process.pid}-${name}.onnx`);
  writeFileSync(file, graph.serialize());
  return loadDetector(file, runtime);
}

/** A network of this input layout that returns constant outputs. */
function network(
  input: readonly (number | string)[],
  outputs: readonly { name: string; dims: number[]; values: number[] }[],
): Graph {
  const g = createGraph();
  const x = g.input('images', input);
  for (const { name, dims, values } of outputs)
    g.output(name, dependingOn(g, x, g.floats(values, dims)), dims);
  return g;
}

describe('YOLO', () => {
  // an image of 64x32 is in the 64x64 square between rows 16 and 48
  const image = full([1, 32, 64, 3], 0.5);

  it('reads the transposed rows of v8 and suppresses overlaps by score and label', async () => {
    const rows = [
      [20, 30, 16, 8, 0.9, 0.1],
      [21, 30, 16, 8, 0.8, 0.1],
      [21, 30, 16, 8, 0.1, 0.7],
      [50, 40, 8, 8, 0.3, 0.2],
      [60, 18, 20, 20, 0.1, 0.6],
      ...Array.from({ length: 5 }, () => [0, 0, 0, 0, 0, 0]),
    ];
    const values = Array.from({ length: 6 }, (_, column) => rows.map((row) => row[column])).flat();
    const detector = await load(
      network([1, 3, 64, 64], [{ name: 'output0', dims: [1, 6, rows.length], values }]),
      'v8',
    );
    expect(detector.kind).toBe('YOLO');
    const boxes = await detector.detect(image, 0.5);
    expect(boxes.map(({ corners, label }) => ({ corners, label }))).toEqual([
      { corners: [12, 10, 28, 18], label: '0' },
      { corners: [13, 10, 29, 18], label: '1' },
      // clipped to the image: above its first row and beyond its last column is only padding
      { corners: [50, 0, 64, 12], label: '1' },
    ]);
    expect(boxes[0].score).toBeCloseTo(0.9, 6);
  });

  it('reads the rows of v5, with objectness', async () => {
    const rows = [
      [20, 30, 16, 8, 0.9, 0.5, 0.9],
      [50, 40, 8, 8, 0.5, 0.5, 0.5],
      ...Array.from({ length: 8 }, () => [0, 0, 0, 0, 0, 0, 0]),
    ];
    const detector = await load(
      network([1, 3, 64, 64], [{ name: 'output0', dims: [1, 10, 7], values: rows.flat() }]),
      'v5',
    );
    expect(await detector.detect(image, 0.5)).toMatchObject([
      { corners: [12, 10, 28, 18], label: '1' },
    ]);
  });

  it('reads the rows of v10, which suppresses boxes itself', async () => {
    const rows = [
      [12, 26, 28, 34, 0.9, 3],
      [13, 26, 29, 34, 0.8, 3],
      ...Array.from({ length: 8 }, () => [0, 0, 0, 0, 0, 0]),
    ];
    const detector = await load(
      network([1, 3, 64, 64], [{ name: 'output0', dims: [1, 10, 6], values: rows.flat() }]),
      'v10',
    );
    expect((await detector.detect(image, 0.5)).map(({ corners }) => corners)).toEqual([
      [12, 10, 28, 18],
      [13, 10, 29, 18],
    ]);
  });

  const portsOf = (input: (number | string)[], output: (number | string)[]) => ({
    inputs: [{ name: 'x', element: 1, dims: input }],
    outputs: [{ name: 'y', element: 1, dims: output }],
    metadata: new Map(),
  });

  it('letterboxes the image on grey, in planes of red, green and blue', () => {
    const red = tensor(
      [1, 2, 4, 3],
      Float32Array.from({ length: 24 }, (_, i) => (i % 3 === 0 ? 1 : 0)),
    );
    const { input } = yolo.prepare(red, portsOf([1, 3, 8, 8], [1, 6, 21]));
    expect(input.shape).toEqual([1, 3, 8, 8]);
    const rows = Array.from({ length: 8 }, (_, y) => input.data[y * 8]);
    expect(rows.map((v) => Number(v.toFixed(3)))).toEqual([0.447, 0.447, 1, 1, 1, 1, 0.447, 0.447]);
    expect(input.data[64 + 3 * 8]).toBe(0);
  });

  it('pads as little as possible for networks that accept any size', () => {
    const input = ['batch', 3, 'height', 'width'];
    const shapeFor = (height: number, width: number, output: (number | string)[]) =>
      yolo.prepare(full([1, height, width, 3], 0), portsOf(input, output)).input.shape;
    // LetterBox((640, 640), auto=True, stride=32)(image=np.zeros((1080, 810, 3), np.uint8)).shape
    expect(shapeFor(1080, 810, ['batch', 22, 'anchors'])).toEqual([1, 3, 640, 480]);
    expect(shapeFor(32, 64, ['batch', 300, 6])).toEqual([1, 3, 320, 640]);
    // YOLOv5's detect.py: LoadImages(source, img_size=640, auto=pt), where pt is False for ONNX
    expect(shapeFor(32, 64, ['batch', 'anchors', 85])).toEqual([1, 3, 640, 640]);
  });

  it('takes key points and coefficients of masks for no class scores', () => {
    const ports = {
      ...portsOf([1, 3, 64, 64], [1, 8, 10]),
      metadata: new Map([['names', "{0: 'face'}"]]),
    };
    const values = new Float32Array(80);
    // centre, size, score of the face, and a key point with its visibility
    for (const [column, value] of [20, 30, 16, 8, 0.9, 25, 31, 0.95].entries())
      values[column * 10] = value;
    const { boxes } = yolo.prepare(full([1, 64, 64, 3], 0), ports);
    const found = boxes({ y: tensor([1, 8, 10], values) }, 0.5);
    expect(found).toEqual([{ corners: [12, 26, 28, 34], score: Math.fround(0.9), label: 'face' }]);
  });

  it('reads rows with masks or key points of networks that suppress boxes themselves', () => {
    const ports = {
      ...portsOf([1, 3, 64, 64], [1, 3, 9]),
      metadata: new Map([['args', "{'batch': 1, 'nms': True}"]]),
    };
    const values = new Float32Array(27);
    values.set([12, 26, 28, 34, 0.9, 3, 20, 30, 0.95]);
    const { boxes } = yolo.prepare(full([1, 64, 64, 3], 0), ports);
    expect(boxes({ y: tensor([1, 3, 9], values) }, 0.5)).toEqual([
      { corners: [12, 26, 28, 34], score: Math.fround(0.9), label: '3' },
    ]);
  });

  it('is not recognised in networks for oriented boxes', () => {
    const ports = portsOf([1, 3, 64, 64], [1, 20, 84]);
    expect(yolo.matches(ports)).toBe(true);
    expect(yolo.matches({ ...ports, metadata: new Map([['task', 'obb']]) })).toBe(false);
  });

  it('reads the names of classes from the metadata', () => {
    expect(classNames(new Map([['names', `{0: 'face', 1: "person's hand"}`]]))).toEqual(
      new Map([
        [0, 'face'],
        [1, "person's hand"],
      ]),
    );
  });
});

describe('RetinaNet', () => {
  const ports = {
    inputs: [{ name: 'image', element: 1 }],
    outputs: [
      { name: 'boxes', element: 1 },
      { name: 'scores', element: 1 },
      { name: 'labels', element: 6 },
    ],
    metadata: new Map(),
  };

  it('prepares blue, green and red minus their means', () => {
    const image = tensor([1, 1, 1, 3], Float32Array.of(1, 0.5, 0));
    const { input } = retinanet.prepare(image, ports);
    expect(input.shape).toEqual([1, 1, 1, 3]);
    expect([...input.data]).toEqual([0 - 103.939, 127 - 116.779, 255 - 123.68].map(Math.fround));
  });

  it('returns integer boxes up to the first label of -1, above the threshold', () => {
    expect(retinanet.matches(ports)).toBe(true);
    const { boxes } = retinanet.prepare(full([1, 8, 8, 3], 0), ports);
    const outputs = {
      boxes: tensor(
        [1, 4, 4],
        Float32Array.of(1.9, 2.1, 5.9, 6, 0, 0, 3, 3, -1, -1, -1, -1, 0, 0, 8, 8),
      ),
      scores: tensor([1, 4], Float32Array.of(0.75, 0.5, -1, 0.9)),
      labels: tensor([1, 4], Float32Array.of(2, 0, -1, 1)),
    };
    expect(boxes(outputs, 0.5)).toEqual([{ corners: [1, 2, 5, 6], score: 0.75, label: '2' }]);
  });
});

it('computes the intersection over union', () => {
  expect(intersectionOverUnion([0, 0, 2, 2], [1, 0, 3, 2])).toBeCloseTo(1 / 3);
  expect(intersectionOverUnion([0, 0, 0, 0], [0, 0, 0, 0])).toBe(0);
});

it('suppresses boxes that overlap a better one of the same label', () => {
  const box = (x: number, score: number, label = 'a') => ({
    corners: [x, 0, x + 10, 10] as const,
    score,
    label,
  });
  expect(
    suppressOverlaps([box(1, 0.5), box(0, 0.9), box(1, 0.6, 'b')], 0.7, 10).map(
      ({ score }) => score,
    ),
  ).toEqual([0.9, 0.6]);
});

describe('files', () => {
  const bytes = network(
    [1, 3, 'height', 'width'],
    [{ name: 'output0', dims: [1, 6, 10], values: new Array(60).fill(0) }],
  ).serialize();

  it('are read for their inputs and outputs', () => {
    const { inputs, outputs, metadata } = readPorts(bytes, 'x.onnx');
    expect(inputs).toEqual([{ name: 'images', element: 1, dims: [1, 3, 'height', 'width'] }]);
    expect(outputs).toEqual([{ name: 'output0', element: 1, dims: [1, 6, 10] }]);
    expect(metadata.size).toBe(0);
  });

  it('are refused if they are truncated', () => {
    for (let end = 0; end < bytes.length; end += 97)
      expect(() => readPorts(bytes.subarray(0, end), 'x.onnx')).toThrow('not an ONNX model');
  });

  it('of other models are refused', async () => {
    await expect(
      load(network([1, 4], [{ name: 'y', dims: [4], values: [0, 0, 0, 0] }]), 'other'),
    ).rejects.toThrow('not a detector of a known kind');
  });
});
