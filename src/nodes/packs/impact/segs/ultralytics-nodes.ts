// Detectors from YOLO files of Ultralytics. Source: Impact Subpack, subpack_nodes.py and
// subcore.py.

import { DarkroomError } from '../../../../errors.ts';
import { fileState } from '../../../../formats/file-state.ts';
import type { Box } from '../../../../models/detector/boxes.ts';
import { loadUltralytics, type UltralyticsModel } from '../../../../models/ultralytics/load.ts';
import {
  bboxToMask,
  combineSegmasks,
  maskToImageSize,
  type Segmask,
  segmasksToSegs,
} from '../../../../segs/make/segmasks-to-segs.ts';
import { sliceBatch, type Tensor } from '../../../../tensor/tensor.ts';
import { defineNode, modelFile, output, outputs } from '../../../declare.ts';
import { loadOnce } from '../../../shared/file-cache.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';
import type { Detector } from '../impact-sockets.ts';

type ToMask = (box: Box & { readonly mask?: Tensor }, height: number, width: number) => Tensor;

const boxToMask: ToMask = ({ corners }, height, width) => bboxToMask(corners, height, width);
const detectedMask: ToMask = ({ mask }, height, width) => maskToImageSize(mask!, height, width);

/** A detector for a model; `toMask` makes the mask of each detection. */
export function ultralyticsDetector(model: UltralyticsModel, toMask: ToMask): Detector {
  const detectSegmasks = async (image: Tensor, threshold: number): Promise<Segmask[]> => {
    const [, height, width] = image.shape;
    const boxes = await model.detect(rgbChannels(sliceBatch(image, 0, 1)), threshold);
    return boxes.map((box) => ({ box, mask: toMask(box, height, width) }));
  };
  return {
    detect: async (image, { threshold, ...options }) => {
      const [, height, width] = image.shape;
      return segmasksToSegs(await detectSegmasks(image, threshold), height, width, options);
    },
    detectCombined: async (image, threshold, dilation) =>
      combineSegmasks(await detectSegmasks(image, threshold), dilation),
  };
}

/** The detectors of a model: masks are boxes (bbox) or those of the network (segm). */
export const ultralyticsDetectors = (
  model: UltralyticsModel,
): { readonly bbox: Detector; readonly segm: Detector } => {
  const bbox = ultralyticsDetector(model, boxToMask);
  return { bbox, segm: ultralyticsDetector(model, detectedMask) };
};

/** A detector that throws DR_MODEL_PART_MISSING, for files without masks. */
function missingSegmDetector(name: string, reason: string): Detector {
  const fail = (): never => {
    throw new DarkroomError('DR_MODEL_PART_MISSING', {
      message: `${name} ${reason}`,
      hint:
        'Select a segmentation model from the folder ultralytics/segm, ' +
        'or use the BBOX_DETECTOR.',
      file: name,
    });
  };
  return { detect: fail, detectCombined: fail };
}

const UltralyticsDetectorProvider = defineNode({
  type: 'UltralyticsDetectorProvider',
  display: 'UltralyticsDetectorProvider',
  category: 'ImpactPack',
  description:
    'Loads a YOLO detector (v5u, v8, v9, 11) from a .pt file, without executing its code.',
  inputs: {
    model_name: modelFile('ultralytics', {
      tooltip:
        'The file, in the models folder `ultralytics/bbox` (boxes only) or `ultralytics/segm`.',
    }),
  },
  outputs: [output('BBOX_DETECTOR'), output('SEGM_DETECTOR')],
  fingerprint: ({ model_name }, context) => fileState(context.modelPath('ultralytics', model_name)),
  async run({ model_name }, context) {
    const file = context.modelPath('ultralytics', model_name);
    const model = await loadOnce(context.runtime, [file], () =>
      loadUltralytics(file, context.runtime),
    );
    const { bbox, segm } = ultralyticsDetectors(model);
    if (model_name.startsWith('bbox'))
      return outputs(
        bbox,
        missingSegmDetector(model_name, 'is in the folder bbox and was loaded for boxes only'),
      );
    return outputs(
      bbox,
      model.hasMasks ? segm : missingSegmDetector(model_name, 'detects boxes only, without masks'),
    );
  },
});

export const ULTRALYTICS_NODES = [UltralyticsDetectorProvider];
