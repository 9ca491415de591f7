// Loads detectors from .onnx files.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readPorts } from '../../onnx/ports.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Box } from './boxes.ts';
import { detectorKind } from './detector-kinds.ts';

export interface BoxDetector {
  readonly kind: string;
  /** Returns the boxes in an image [1,H,W,3] with scores above the threshold. */
  detect(image: Tensor, threshold: number): Promise<readonly Box[]>;
}

/** Loads a detector. Throws DR_MODEL_UNSUPPORTED for other files. */
export async function loadDetector(file: string, runtime: Runtime): Promise<BoxDetector> {
  const bytes = await readFile(file);
  const ports = readPorts(bytes, file);
  const kind = detectorKind(ports, file);
  const outputs = ports.outputs.map(({ name }) => name);
  const size = bytes.length;
  const model = {
    serialize: () => readFileSync(file),
    weightBytes: () => size,
    folder: () => dirname(file),
  };
  const network = runtime.network({ file, part: 'detector', outputs, build: () => model });
  return {
    kind: kind.name,
    async detect(image, threshold) {
      const { input, boxes } = kind.prepare(image, ports);
      return boxes(await network.run({ [ports.inputs[0].name]: input }), threshold);
    },
  };
}
