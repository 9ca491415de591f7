// Loads YOLO models as Ultralytics saves them (.pt): the whole model in a pickle, which is read as
// inert names.
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
import { weightsOf } from '../weights/tensors.ts';
import { decode, letterbox, type YoloDetection } from './decode-boxes.ts';
import { readYolo } from './graph.ts';

export interface UltralyticsModel {
  /** Whether it returns masks beside boxes. */
  readonly hasMasks: boolean;
  readonly network: Network;
  /**
   * Returns the objects in an image [1,H,W,3] with scores above the threshold: corners in its
   * pixels, masks at the network's size.
   */
  detect(image: Tensor, threshold: number): Promise<readonly YoloDetection[]>;
}

/** Packages whose classes such a file may name beside torch's own; none is executed. */
const CLASSES =
  /^(ultralytics|torch\.nn\.modules|torch\.nn\.functional|models|utils|dill\._dill|types)\./;
const OTHERS = new Set([
  'builtins.getattr',
  'builtins.print',
  'builtins.type',
  'torch._C._nn.gelu',
]);
const SIDE = 640;
const SMALLEST_STRIDE = 32;

/** Loads a detector from a .pt file. Throws DR_MODEL_UNSUPPORTED, and what openModelFile throws. */
export async function loadUltralytics(file: string, runtime: Runtime): Promise<UltralyticsModel> {
  const classes = (name: string): boolean => CLASSES.test(name) || OTHERS.has(name);
  const model = await withTorchFile(file, { classes }, async (torch, source) => {
    const saved = readModule(torch, file, savedIn(torch, file));
    const yolo = readYolo(saved.root, basename(file));
    const tensors = await locateTensors(source, {
      ...torch,
      tensors: saved.tensors,
      hash: `${torch.hash} modules`,
    });
    const { data } = await tensorReader(source, { tensors, metadata: {} }).read(yolo.strides);
    const side = field(field(torch.root, 'train_args') ?? null, 'imgsz');
    return { yolo, tensors, strides: [...data], side: typeof side === 'number' ? side : SIDE };
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
    hasMasks: yolo.shape.masks !== undefined,
    network,
    async detect(image, threshold) {
      const [, height, width] = image.shape;
      const picture = { width, height };
      const { input, size } = letterbox(toBytes(image), picture, side, stride);
      return decode(await network.run({ x: input }), threshold, {
        shape: yolo.shape,
        strides,
        size,
        picture,
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
function savedIn({ root }: TorchFile, file: string) {
  const found = ['ema', 'model']
    .map((name): PickleValue | undefined => field(root, name))
    .find(isModule);
  if (found) return found;
  throw noModel(file);
}
