// A kind of detector is one value: how an image goes in and how boxes come out. A file's kind
// follows from its inputs and outputs.
import type { OnnxPorts } from '../../onnx/ports.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Box } from './boxes.ts';

export interface Prepared {
  readonly input: Tensor;
  /** Reads the boxes with scores above the threshold from the outputs, in pixels of the image. */
  boxes(outputs: Readonly<Record<string, Tensor>>, threshold: number): Box[];
}

export interface DetectorKind {
  readonly name: string;
  /** Whether a file is of this kind. */
  matches(ports: OnnxPorts): boolean;
  /** Returns the network's input for an image [1,H,W,3]. */
  prepare(image: Tensor, ports: OnnxPorts): Prepared;
}
