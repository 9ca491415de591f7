// Detectors and detailers for tests: a fixture model, and a small detector that finds two faces.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BasicPipe, Detector } from '../../src/nodes/packs/impact/impact-sockets.ts';
import { createGraph } from '../../src/onnx/builder.ts';
import type { Segs } from '../../src/segs/segs.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { fixtureModel } from './golden.ts';
import { runNode, type TestContext, testContext } from './run-node.ts';

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

export const image: Tensor = {
  shape: [1, 48, 64, 3],
  data: Float32Array.from({ length: 48 * 64 * 3 }, (_, i) => 0.5 + 0.4 * Math.sin(i / 37)),
};

export const sampling = {
  seed: 3n,
  steps: 1,
  cfg: 3,
  sampler_name: 'euler',
  scheduler: 'normal',
  denoise: 0.5,
};

export const guide = { guide_size: 64, guide_size_for: false, max_size: 64 };

export const masks = { noise_mask: true, force_inpaint: true, feather: 2 };

/** Inputs of detectors. */
export const detection = {
  threshold: 0.5,
  dilation: 0,
  crop_factor: 2,
  drop_size: 4,
  labels: 'all',
};

export interface Detailing {
  readonly context: TestContext;
  readonly pipe: BasicPipe;
  readonly detector: Detector;
  /** Runs a node. */
  run(type: string, inputs: Record<string, unknown>): Promise<readonly unknown[]>;
  /** Finds the faces of the image. */
  detect(inputs?: object): Promise<Segs>;
}

/** Loads models and nodes for them; the runtime of `context` must be closed. */
export async function openDetailing(): Promise<Detailing> {
  writeDetector();
  const context = testContext({
    checkpoints: { 'sd1.safetensors': fixtureModel('tiny_sd1') },
    onnx: { 'faces.onnx': detectorFile },
  });
  const run: Detailing['run'] = (type, inputs) => runNode(type, inputs, context);
  const [model, clip, vae] = await run('CheckpointLoaderSimple', { ckpt_name: 'sd1.safetensors' });
  const [positive] = await run('CLIPTextEncode', { text: 'robot', clip });
  const [negative] = await run('CLIPTextEncode', { text: '', clip });
  const pipe = { model, clip, vae, positive, negative } as unknown as BasicPipe;
  const loaded = await run('ONNXDetectorProvider', { model_name: 'faces.onnx' });
  const [detector] = loaded as [Detector];
  const detect = async (inputs = {}): Promise<Segs> =>
    (
      await run('BboxDetectorSEGS', { bbox_detector: detector, image, ...detection, ...inputs })
    )[0] as Segs;
  return { context, pipe, detector, run, detect };
}
