// What a detector's file is made of: how a picture goes in and boxes come out. A kind is one value; which one a file is follows from its
// inputs and outputs.
import type { OnnxPorts } from '../../onnx/ports.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Box } from './boxes.ts';

export interface Prepared {
  readonly input: Tensor;
  /** Boxes of the outputs, in pixels of the picture; scores above the threshold. */
  boxes(outputs: Readonly<Record<string, Tensor>>, threshold: number): Box[];
}

export interface DetectorKind {
  readonly name: string;
  /** Whether a file is of this kind. */
  matches(ports: OnnxPorts): boolean;
  /** The network's input for a picture [1,H,W,3]. */
  prepare(image: Tensor, ports: OnnxPorts): Prepared;
}
