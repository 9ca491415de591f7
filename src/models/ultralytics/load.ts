// Loads YOLO models as Ultralytics saves them (.pt): the whole model in a pickle, whose classes are
// read as names and not executed.
import { basename } from 'node:path';
import { withTorchFile } from '../../formats/model-file.ts';
import { unsupportedModel } from '../../formats/model-file-errors.ts';
import type { PickleValue } from '../../formats/pickle/pickle-values.ts';
import { tensorReader } from '../../formats/tensor-file.ts';
import { locateTensors } from '../../formats/torch/tensor-locations.ts';
import type { TorchFile } from '../../formats/torch/torch-file.ts';
import { field, isModule, readModule } from '../../formats/torch/torch-modules.ts';
import { toBytes } from '../../image/image-bytes.ts';
import type { Network } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { letterbox } from '../detector/letterbox.ts';
import { weightsOf } from '../weights/tensors.ts';
import { decode, type YoloDetection } from './decode-boxes.ts';
import { readYolo } from './graph.ts';

export interface UltralyticsModel {
  /** Whether detections have masks. */
  readonly hasMasks: boolean;
  readonly network: Network;
  /**
   * Detects the objects in an image [1,H,W,3] with scores above the threshold: corners in pixels of
   * the image, masks at the size of the network's input.
   */
  detect(image: Tensor, threshold: number): Promise<readonly YoloDetection[]>;
}

/** Packages whose classes such a file may name beside torch's own; none is executed. */
const ALLOWED_PACKAGES =
  /^(ultralytics|torch\.nn\.modules|torch\.nn\.functional|models|utils|dill\._dill|types)\./;
const ALLOWED_NAMES = new Set([
  'builtins.getattr',
  'builtins.print',
  'builtins.type',
  'torch._C._nn.gelu',
]);
/** Side of the images that a model was trained with, where the file does not say. */
const DEFAULT_SIDE = 640;
const SMALLEST_STRIDE = 32;

/** Loads a detector from a .pt file. Throws DR_MODEL_UNSUPPORTED, and what openModelFile throws. */
export async function loadUltralytics(file: string, runtime: Runtime): Promise<UltralyticsModel> {
  const classes = (name: string): boolean => ALLOWED_PACKAGES.test(name) || ALLOWED_NAMES.has(name);
  const model = await withTorchFile(file, { classes }, async (torch, source) => {
    const saved = readModule(torch, file, findModel(torch, file));
    const yolo = readYolo(saved.root, basename(file));
    const tensors = await locateTensors(source, {
      ...torch,
      tensors: saved.tensors,
      hash: `${torch.hash} modules`,
    });
    const { data } = await tensorReader(source, { tensors, metadata: {} }).read(yolo.strides);
    const side = field(field(torch.root, 'train_args') ?? null, 'imgsz');
    return {
      yolo,
      tensors,
      strides: [...data],
      side: typeof side === 'number' ? side : DEFAULT_SIDE,
    };
  });
  if (!model) throw noModel(file);
  const { yolo, tensors, strides } = model;
  const weights = weightsOf(file, tensors, '');
  const network = runtime.network({
    file,
    part: 'yolo',
    outputs: yolo.outputs,
    build: () => yolo.graph(weights),
  });
  const stride = Math.max(...strides, SMALLEST_STRIDE);
  const side = Math.ceil(model.side / stride) * stride;
  return {
    hasMasks: yolo.head.masks !== undefined,
    network,
    async detect(image, threshold) {
      const [, height, width] = image.shape;
      const imageSize = { width, height };
      const { input, inputSize } = letterbox(toBytes(image), imageSize, {
        side: { width: side, height: side },
        multiple: { width: stride, height: stride },
      });
      return decode(await network.run({ x: input }), threshold, {
        head: yolo.head,
        strides,
        inputSize,
        imageSize,
      });
    },
  };
}

const noModel = (file: string) =>
  unsupportedModel(
    file,
    'does not hold a whole model saved by Ultralytics',
    'Use a YOLO .pt file from ultralytics/bbox or ultralytics/segm; load .onnx files with ' +
      'ONNXDetectorProvider.',
  );

/** Returns the model with averaged weights (EMA) where the file has one, else the trained one. */
function findModel({ root }: TorchFile, file: string) {
  const found = ['ema', 'model']
    .map((name): PickleValue | undefined => field(root, name))
    .find(isModule);
  if (found) return found;
  throw noModel(file);
}
