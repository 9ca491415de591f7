// The detectors that the Impact Pack's own ONNX reader supports (modules/impact/onnx.py):
// keras-retinanet's export with non-maximum suppression inside. Input: BGR minus ImageNet's means,
// at the image's own size; outputs: boxes, scores and labels, unused ones labelled -1.
import { toBytes } from '../../image/image-bytes.ts';
import type { OnnxPorts } from '../../onnx/ports.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Box } from './boxes.ts';
import type { DetectorKind } from './detector-kind.ts';

const INT32 = 6;
/** ImageNet's means of blue, green and red. */
const MEANS = [103.939, 116.779, 123.68];

const labelsOf = ({ outputs }: OnnxPorts): string | undefined =>
  outputs.find(({ element }) => element === INT32)?.name;

function toBgr(image: Tensor): Tensor {
  const bytes = toBytes(image);
  const data = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i += 3)
    for (let c = 0; c < 3; c++) data[i + c] = bytes[i + 2 - c] - MEANS[c];
  return { shape: image.shape, data };
}

export const retinanet: DetectorKind = {
  name: 'RetinaNet',
  matches: (ports) => labelsOf(ports) !== undefined && ports.outputs.length >= 3,
  prepare(image, ports) {
    const name = labelsOf(ports)!;
    return {
      input: toBgr(image),
      boxes(outputs, threshold) {
        const others = ports.outputs
          .filter((port) => port.name !== name)
          .map((port) => outputs[port.name]);
        const labels = outputs[name].data;
        const scores = others.find(({ shape }) => shape.length === 2)!.data;
        const corners = others.find(({ shape }) => shape.length === 3)!.data;
        const end = labels.indexOf(-1);
        const count = Math.min(end < 0 ? labels.length : end, outputs[name].shape.at(-1)!);
        const limit = Math.fround(threshold);
        const found: Box[] = [];
        for (let i = 0; i < count; i++) {
          if (!(scores[i] > limit)) continue;
          const at = (k: number): number => Math.max(0, Math.trunc(corners[i * 4 + k]));
          found.push({
            corners: [at(0), at(1), at(2), at(3)],
            score: scores[i],
            label: String(labels[i]),
          });
        }
        return found;
      },
    };
  },
};
