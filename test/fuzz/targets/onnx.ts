// The ports of ONNX files, and the detector that they are of.
import { detectorKind } from '../../../src/models/detector/detector-kinds.ts';
import { readPorts } from '../../../src/onnx/ports.ts';
import { intField, messageField, textField } from '../../../src/onnx/protobuf.ts';
import type { FuzzTarget } from '../target.ts';

const port = (field: number, name: string, sizes: readonly number[]): Uint8Array =>
  messageField(field, [
    textField(1, name),
    messageField(2, [
      messageField(1, [
        intField(1, 1),
        messageField(
          2,
          sizes.map((size) => messageField(1, [intField(1, size)])),
        ),
      ]),
    ]),
  ]);
const metadata = (key: string, value: string): Uint8Array =>
  messageField(14, [textField(1, key), textField(2, value)]);
const model = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

export const target: FuzzTarget = {
  run: (input) => detectorKind(readPorts(input, 'input'), 'input'),
  seeds: () => [
    model(
      messageField(7, [port(11, 'images', [1, 3, 640, 640]), port(12, 'output0', [1, 84, 8400])]),
      metadata('names', "{0: 'face', 1: 'it\\'s'}"),
      metadata('task', 'detect'),
    ),
    model(messageField(7, [port(11, 'input', [1, 3, 64, 64]), port(12, 'boxes', [1, 5])])),
  ],
  dictionary: ['names', "{0: '", "'}", 'images', 'output0', 'task', 'detect', 'segment', 'stride'],
};
