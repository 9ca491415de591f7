// Loads detectors from .onnx files.
import { dirname } from 'node:path';
import { readRegularFile, readRegularFileSync } from '../../formats/regular-file.ts';
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
  const bytes = await readRegularFile(file);
  const ports = readPorts(bytes, file);
  const kind = detectorKind(ports, file);
  const outputs = ports.outputs.map(({ name }) => name);
  const size = bytes.length;
  const model = {
    serialize: () => readRegularFileSync(file),
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
