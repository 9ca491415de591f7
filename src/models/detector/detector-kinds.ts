// The table of detector kinds, in the order in which they are tested.
import { DarkroomError } from '../../errors.ts';
import type { OnnxPorts } from '../../onnx/ports.ts';
import type { DetectorKind } from './detector-kind.ts';
import { retinanet } from './retinanet-onnx.ts';
import { yolo } from './yolo-onnx.ts';
import { yolox } from './yolox-onnx.ts';

const KINDS: readonly DetectorKind[] = [retinanet, yolox, yolo];

const describePorts = ({ inputs, outputs }: OnnxPorts): string =>
  [inputs, outputs]
    .map((ports) =>
      ports.map(({ name, dims }) => `${name} [${dims?.map((d) => d ?? '?') ?? '?'}]`).join(', '),
    )
    .join(' -> ');

/** Returns the kind of a file by its ports. Throws DR_MODEL_UNSUPPORTED for unknown kinds. */
export function detectorKind(ports: OnnxPorts, file: string): DetectorKind {
  const kind = KINDS.find((candidate) => candidate.matches(ports));
  if (kind) return kind;
  throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `${file} is not a detector of a known kind (${describePorts(ports)})`,
    hint:
      'Use a YOLO detector in float32 (exported by Ultralytics with format=onnx), or a RetinaNet ' +
      'with boxes, scores and int32 labels.',
    file,
  });
}
