// Detectors, and SEGS and masks of their detections. Source: Impact Pack impact_pack.py,
// detectors.py, core.py (ONNXDetector).

import { fileState } from '../../../../formats/file-state.ts';
import { type BoxDetector, loadDetector } from '../../../../models/detector/load.ts';
import { dilateSegs, segsBitwiseAndMask } from '../../../../segs/edit/edit-masks.ts';
import { filterByLabel } from '../../../../segs/edit/filter-segs.ts';
import { segsToCombinedMask } from '../../../../segs/edit/segs-to-masks.ts';
import type { DetailerHook } from '../../../../segs/hooks.ts';
import { boxesToSegs } from '../../../../segs/make/boxes-to-segs.ts';
import type { Segs } from '../../../../segs/segs.ts';
import { sliceBatch, type Tensor, zeros } from '../../../../tensor/tensor.ts';
import {
  defineNode,
  float,
  int,
  modelFile,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import type { InputValues } from '../../../input-types.ts';
import { loadOnce } from '../../../shared/file-cache.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';
import { requireSingleImage } from '../impact-inputs.ts';
import type { Detector, SamModel } from '../impact-sockets.ts';
import { samMasksOf } from './sam-nodes.ts';

const CATEGORY = 'ImpactPack/Detector';

/** A BBOX_DETECTOR for a box detection model. */
function bboxDetector(boxes: BoxDetector): Detector {
  const detect: Detector['detect'] = async (image, { threshold, ...options }) => {
    const [, height, width] = image.shape;
    return boxesToSegs(
      await boxes.detect(rgbChannels(sliceBatch(image, 0, 1)), threshold),
      height,
      width,
      options,
    );
  };
  return {
    detect,
    detectCombined: async (image, threshold, dilation) =>
      segsToCombinedMask(await detect(image, { threshold, dilation, cropFactor: 1 })),
  };
}

const ONNXDetectorProvider = defineNode({
  type: 'ONNXDetectorProvider',
  display: 'ONNXDetectorProvider',
  category: 'ImpactPack',
  description:
    'Loads a detector from an .onnx file: YOLO, or RetinaNet with boxes, scores and labels.',
  inputs: { model_name: modelFile('onnx', { tooltip: 'The file, in the models folder `onnx`.' }) },
  outputs: [output('BBOX_DETECTOR')],
  fingerprint: ({ model_name }, context) => fileState(context.modelPath('onnx', model_name)),
  async run({ model_name }, context) {
    const file = context.modelPath('onnx', model_name);
    return outputs(
      bboxDetector(
        await loadOnce(context.runtime, [file], () => loadDetector(file, context.runtime)),
      ),
    );
  },
});

const threshold = (tooltip = 'Minimum confidence of detections.') =>
  float({ default: 0.5, min: 0, max: 1, step: 0.01, tooltip });
const dilation = (value: number) =>
  int({
    default: value,
    min: -512,
    max: 512,
    step: 1,
    tooltip: 'Pixels by which the masks grow; below 0 they shrink.',
  });
const cropInputs = {
  crop_factor: float({
    default: 3,
    min: 1,
    max: 100,
    step: 0.1,
    tooltip: 'Size of the crop region relative to the bbox.',
  }),
  drop_size: int({
    default: 10,
    min: 1,
    max: MAX_RESOLUTION,
    step: 1,
    tooltip: 'Smaller detections are dropped.',
  }),
};
const detectionInputs = {
  threshold: threshold(),
  dilation: dilation(10),
  ...cropInputs,
  labels: string({
    multiline: true,
    default: 'all',
    tooltip: 'Labels to select, separated by commas; `all` selects everything.',
  }),
};
const hookInput = { detailer_hook: socket('DETAILER_HOOK', { optional: true }) };

type DetectionInputs = InputValues<typeof detectionInputs & typeof hookInput>;

async function detectSegs(
  detector: Detector,
  image: Tensor,
  inputs: DetectionInputs,
  type: string,
) {
  requireSingleImage(image, type);
  const options = {
    threshold: inputs.threshold,
    dilation: inputs.dilation,
    cropFactor: inputs.crop_factor,
    dropSize: inputs.drop_size,
    hook: inputs.detailer_hook,
  };
  const segs = await detector.detect(image, options);
  return outputs(inputs.labels ? filterByLabel(segs, inputs.labels).filtered : segs);
}

const bboxDetectorNode = (type: string, display: string) =>
  defineNode({
    type,
    display,
    category: CATEGORY,
    inputs: {
      bbox_detector: socket('BBOX_DETECTOR'),
      image: socket('IMAGE'),
      ...detectionInputs,
      ...hookInput,
    },
    outputs: [output('SEGS')],
    run: ({ bbox_detector, image, ...inputs }) => detectSegs(bbox_detector, image, inputs, type),
  });

const SegmDetectorSEGS = defineNode({
  type: 'SegmDetectorSEGS',
  display: 'SEGM Detector (SEGS)',
  category: CATEGORY,
  inputs: {
    segm_detector: socket('SEGM_DETECTOR'),
    image: socket('IMAGE'),
    ...detectionInputs,
    ...hookInput,
  },
  outputs: [output('SEGS')],
  run: ({ segm_detector, image, ...inputs }) =>
    detectSegs(segm_detector, image, inputs, 'SegmDetectorSEGS'),
});

/** The combined mask; zeros, with height and width swapped as in the original, if it is empty. */
const detectCombined = async (
  detector: Detector,
  image: Tensor,
  threshold: number,
  dilation: number,
) =>
  outputs(
    (await detector.detectCombined(image, threshold, dilation)) ??
      zeros([1, image.shape[2], image.shape[1]]),
  );

const BboxDetectorCombined_v2 = defineNode({
  type: 'BboxDetectorCombined_v2',
  display: 'BBOX Detector (combined)',
  category: CATEGORY,
  inputs: {
    bbox_detector: socket('BBOX_DETECTOR'),
    image: socket('IMAGE'),
    threshold: threshold(),
    dilation: dilation(4),
  },
  outputs: [output('MASK')],
  run: ({ bbox_detector, image, threshold, dilation }) =>
    detectCombined(bbox_detector, image, threshold, dilation),
});

const SegmDetectorCombined_v2 = defineNode({
  type: 'SegmDetectorCombined_v2',
  display: 'SEGM Detector (combined)',
  category: CATEGORY,
  inputs: {
    segm_detector: socket('SEGM_DETECTOR'),
    image: socket('IMAGE'),
    threshold: threshold(),
    dilation: dilation(0),
  },
  outputs: [output('MASK')],
  run: ({ segm_detector, image, threshold, dilation }) =>
    detectCombined(segm_detector, image, threshold, dilation),
});

const simpleInputs = {
  bbox_threshold: threshold(),
  bbox_dilation: dilation(0),
  ...cropInputs,
  sub_threshold: threshold('Minimum confidence of the second detector.'),
  sub_dilation: dilation(0),
  sub_bbox_expansion: int({ min: 0, max: 1000, step: 1 }),
  sam_mask_hint_threshold: float({ default: 0.7, min: 0, max: 1, step: 0.01 }),
};
const postInputs = {
  post_dilation: int({
    default: 0,
    min: -512,
    max: 512,
    step: 1,
    optional: true,
    tooltip: 'Pixels by which the final masks grow; below 0 they shrink.',
  }),
};

interface Detectors {
  readonly bboxDetector: Detector;
  readonly segmDetector?: Detector;
  readonly samModel?: SamModel;
  readonly hook?: DetailerHook;
}

/**
 * Detects boxes and restricts their masks to those of SAM or of a second detector. If the bbox
 * detector belongs to the second detector, only the latter is used.
 */
async function detectSimple(
  image: Tensor,
  detectors: Detectors,
  inputs: InputValues<typeof simpleInputs & typeof postInputs>,
) {
  requireSingleImage(image, 'ImpactSimpleDetectorSEGS');
  const { bboxDetector, segmDetector, samModel, hook } = detectors;
  const shared = { cropFactor: inputs.crop_factor, dropSize: inputs.drop_size, hook };
  const detectSegments = (): Promise<Segs> =>
    segmDetector!.detect(image, {
      ...shared,
      threshold: inputs.sub_threshold,
      dilation: inputs.sub_dilation,
    });
  let segs: Segs;
  if (segmDetector && segmDetector.bboxDetector === bboxDetector) segs = await detectSegments();
  else {
    segs = await bboxDetector.detect(image, {
      ...shared,
      threshold: inputs.bbox_threshold,
      dilation: inputs.bbox_dilation,
    });
    if (samModel) {
      const hints = {
        detection_hint: 'center-1',
        dilation: inputs.sub_dilation,
        threshold: inputs.sub_threshold,
        bbox_expansion: inputs.sub_bbox_expansion,
        mask_hint_threshold: inputs.sam_mask_hint_threshold,
        mask_hint_use_negative: 'False',
      } as const;
      segs = segsBitwiseAndMask(segs, (await samMasksOf(samModel, segs, image, hints)).combined);
    } else if (segmDetector)
      segs = segsBitwiseAndMask(segs, segsToCombinedMask(await detectSegments()));
  }
  return outputs(dilateSegs(segs, inputs.post_dilation ?? 0));
}

const ImpactSimpleDetectorSEGS = defineNode({
  type: 'ImpactSimpleDetectorSEGS',
  display: 'Simple Detector (SEGS)',
  category: CATEGORY,
  inputs: {
    bbox_detector: socket('BBOX_DETECTOR'),
    image: socket('IMAGE'),
    ...simpleInputs,
    ...postInputs,
    sam_model_opt: socket('SAM_MODEL', { optional: true }),
    segm_detector_opt: socket('SEGM_DETECTOR', { optional: true }),
  },
  outputs: [output('SEGS')],
  run: ({ bbox_detector, image, sam_model_opt, segm_detector_opt, ...inputs }) =>
    detectSimple(
      image,
      { bboxDetector: bbox_detector, segmDetector: segm_detector_opt, samModel: sam_model_opt },
      inputs,
    ),
});

const ImpactSimpleDetectorSEGSPipe = defineNode({
  type: 'ImpactSimpleDetectorSEGSPipe',
  display: 'Simple Detector (SEGS/pipe)',
  category: CATEGORY,
  inputs: {
    detailer_pipe: socket('DETAILER_PIPE'),
    image: socket('IMAGE'),
    ...simpleInputs,
    ...postInputs,
  },
  outputs: [output('SEGS')],
  run: ({ detailer_pipe, image, ...inputs }) => detectSimple(image, detailer_pipe, inputs),
});

export const DETECTOR_NODES = [
  ONNXDetectorProvider,
  bboxDetectorNode('BboxDetectorSEGS', 'BBOX Detector (SEGS)'),
  bboxDetectorNode('ONNXDetectorSEGS', 'ONNX Detector (SEGS/legacy) - use BBOXDetector'),
  SegmDetectorSEGS,
  BboxDetectorCombined_v2,
  SegmDetectorCombined_v2,
  ImpactSimpleDetectorSEGS,
  ImpactSimpleDetectorSEGSPipe,
];
