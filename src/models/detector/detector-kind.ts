// A kind of detector: how an image becomes the network's input, and how boxes are read from its
// outputs. A file's kind is recognised by its inputs and outputs.
import type { OnnxPorts } from '../../onnx/ports.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Box } from './boxes.ts';

/** An image as a network's input, with the function that reads the network's outputs. */
export interface PreparedImage {
  readonly input: Tensor;
  /** Returns the boxes with scores above the threshold, in pixels of the image. */
  boxes(outputs: Readonly<Record<string, Tensor>>, threshold: number): Box[];
}

export interface DetectorKind {
  readonly name: string;
  /** Returns whether a file with these inputs and outputs is of this kind. */
  matches(ports: OnnxPorts): boolean;
  /** Prepares an image [1,H,W,3] for the network. */
  prepare(image: Tensor, ports: OnnxPorts): PreparedImage;
}
