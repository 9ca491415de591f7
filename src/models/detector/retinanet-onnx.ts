// The detectors that the Impact Pack's own ONNX reader supports (modules/impact/onnx.py): networks
// exported by keras-retinanet, which include non-maximum suppression. Input: BGR minus ImageNet's
// means, at the image's own size. Outputs: boxes, scores and labels; unused rows have the label -1.

import { toBytes } from '../../image/image-bytes.ts';
import type { OnnxPorts } from '../../onnx/ports.ts';
import { allocate } from '../../tensor/allocate.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Box } from './boxes.ts';
import type { DetectorKind } from './detector-kind.ts';

/** ONNX's element type of int32 tensors. */
const INT32 = 6;
/** ImageNet's means of blue, green and red. */
const MEANS = [103.939, 116.779, 123.68];

/** The name of the output with the labels, the only one of integers. */
const labelsName = ({ outputs }: OnnxPorts): string | undefined =>
  outputs.find(({ element }) => element === INT32)?.name;

/** Converts an image to BGR levels of 0..255 minus the means; [1,H,W,3] stays [1,H,W,3]. */
function toBgr(image: Tensor): Tensor {
  const bytes = toBytes(image);
  const data = allocate(bytes.length);
  for (let i = 0; i < bytes.length; i += 3)
    for (let c = 0; c < 3; c++) data[i + c] = bytes[i + 2 - c] - MEANS[c];
  return { shape: image.shape, data };
}

export const retinanet: DetectorKind = {
  name: 'RetinaNet',
  matches: (ports) => labelsName(ports) !== undefined && ports.outputs.length >= 3,
  prepare(image, ports) {
    const labelsOutput = labelsName(ports)!;
    return {
      input: toBgr(image),
      boxes(outputs, threshold) {
        const floatOutputs = ports.outputs
          .filter((port) => port.name !== labelsOutput)
          .map((port) => outputs[port.name]);
        const labels = outputs[labelsOutput].data;
        const scores = floatOutputs.find(({ shape }) => shape.length === 2)!.data;
        const corners = floatOutputs.find(({ shape }) => shape.length === 3)!.data;
        const end = labels.indexOf(-1);
        const count = Math.min(end < 0 ? labels.length : end, outputs[labelsOutput].shape.at(-1)!);
        const minScore = Math.fround(threshold);
        const found: Box[] = [];
        for (let i = 0; i < count; i++) {
          if (!(scores[i] > minScore)) continue;
          const corner = (k: number): number => Math.max(0, Math.trunc(corners[i * 4 + k]));
          found.push({
            corners: [corner(0), corner(1), corner(2), corner(3)],
            score: scores[i],
            label: String(labels[i]),
          });
        }
        return found;
      },
    };
  },
};
