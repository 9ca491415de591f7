// All kinds of detectors, in the order in which a file is asked for them.
import { DarkroomError } from '../../errors.ts';
import type { OnnxPorts } from '../../onnx/ports.ts';
import type { DetectorKind } from './detector-kind.ts';
import { retinanet } from './retinanet-onnx.ts';
import { yolo } from './yolo-onnx.ts';

const KINDS: readonly DetectorKind[] = [retinanet, yolo];

const shown = ({ inputs, outputs }: OnnxPorts): string =>
  [inputs, outputs]
    .map((ports) =>
      ports.map(({ name, dims }) => `${name} [${dims?.map((d) => d ?? '?') ?? '?'}]`).join(', '),
    )
    .join(' -> ');

/** The kind of a file. Throws DR_MODEL_UNSUPPORTED. */
export function detectorKind(ports: OnnxPorts, file: string): DetectorKind {
  const kind = KINDS.find((one) => one.matches(ports));
  if (kind) return kind;
  throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `${file} is no detector of a known kind (${shown(ports)})`,
    hint: 'Use a YOLO detector in float32 (exported by Ultralytics with format=onnx), or a RetinaNet with boxes, scores and int32 labels.',
    file,
  });
}
