// Detectors of YOLO files as Ultralytics saves them. Source: Impact Subpack, subpack_nodes.py and subcore.py.

import { DarkroomError } from '../../../../errors.ts';
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
import { fileState, loadOnce } from '../../../shared/file-cache.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';
import type { Detector } from '../impact-sockets.ts';

type ToMask = (box: Box & { readonly mask?: Tensor }, height: number, width: number) => Tensor;

const ofBox: ToMask = ({ corners }, height, width) => bboxToMask(corners, height, width);
const ofShape: ToMask = ({ mask }, height, width) => maskToImageSize(mask!, height, width);

/** What a model finds as a detector; `toMask`: what a find's mask is. */
export function ultralyticsDetector(model: UltralyticsModel, toMask: ToMask): Detector {
  const find = async (image: Tensor, threshold: number): Promise<Segmask[]> => {
    const [, height, width] = image.shape;
    const found = await model.find(rgbChannels(sliceBatch(image, 0, 1)), threshold);
    return found.map((box) => ({ box, mask: toMask(box, height, width) }));
  };
  return {
    detect: async (image, { threshold, ...options }) => {
      const [, height, width] = image.shape;
      return segmasksToSegs(await find(image, threshold), height, width, options);
    },
    detectCombined: async (image, threshold, dilation) =>
      combineSegmasks(await find(image, threshold), dilation),
  };
}

/** Detectors of boxes and of shapes. */
export const ultralyticsDetectors = (
  model: UltralyticsModel,
): { readonly bbox: Detector; readonly segm: Detector } => {
  const bbox = ultralyticsDetector(model, ofBox);
  return { bbox, segm: ultralyticsDetector(model, ofShape) };
};

/** Stands for the shapes of a file that was asked for boxes only. */
function noShapes(name: string, why: string): Detector {
  const fail = (): never => {
    throw new DarkroomError('DR_MODEL_PART_MISSING', {
      message: `${name} ${why}`,
      hint: 'Choose a segmentation model from the folder ultralytics/segm, or use the BBOX_DETECTOR.',
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
    'Loads a YOLO detector (v5u, v8, v9, 11) from a .pt file, without running anything of it.',
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
      return outputs(bbox, noShapes(model_name, 'was loaded from the folder bbox, for boxes only'));
    return outputs(bbox, model.shapes ? segm : noShapes(model_name, 'finds boxes only, no shapes'));
  },
});

export const ULTRALYTICS_NODES = [UltralyticsDetectorProvider];
