// Detectors, and SEGS and masks of what they find. Source: Impact Pack impact_pack.py, detectors.py, core.py (ONNXDetector).

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
  type InputValues,
  int,
  modelFile,
  type NodeResult,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { fileState, loadOnce } from '../../../shared/file-cache.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';
import { requireSingleImage } from '../impact-inputs.ts';
import type { Detector, SamModel } from '../impact-sockets.ts';
import { samMasksOf } from './sam-nodes.ts';

const CATEGORY = 'ImpactPack/Detector';

/** A BBOX_DETECTOR of a detector of boxes. */
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

const threshold = (tooltip = 'Least confidence of what is found.') =>
  float({ default: 0.5, min: 0, max: 1, step: 0.01, tooltip });
const dilation = (value: number) =>
  int({
    default: value,
    min: -512,
    max: 512,
    step: 1,
    tooltip: 'Grows the masks of what is found.',
  });
const around = {
  crop_factor: float({
    default: 3,
    min: 1,
    max: 100,
    step: 0.1,
    tooltip: 'Size of a part with its surroundings over its own.',
  }),
  drop_size: int({
    default: 10,
    min: 1,
    max: MAX_RESOLUTION,
    step: 1,
    tooltip: 'Smaller finds are left out.',
  }),
};
const finding = {
  threshold: threshold(),
  dilation: dilation(10),
  ...around,
  labels: string({
    multiline: true,
    default: 'all',
    tooltip: 'Labels to keep, separated by commas; `all` keeps everything.',
  }),
};
const hook = { detailer_hook: socket('DETAILER_HOOK', { optional: true }) };

type Finding = InputValues<typeof finding & typeof hook>;

async function find(
  detector: Detector,
  image: Tensor,
  i: Finding,
  type: string,
): Promise<NodeResult> {
  requireSingleImage(image, type);
  const options = {
    threshold: i.threshold,
    dilation: i.dilation,
    cropFactor: i.crop_factor,
    dropSize: i.drop_size,
    hook: i.detailer_hook,
  };
  const segs = await detector.detect(image, options);
  return outputs(i.labels ? filterByLabel(segs, i.labels).filtered : segs);
}

const toSegs = (type: string, display: string) =>
  defineNode({
    type,
    display,
    category: CATEGORY,
    inputs: { bbox_detector: socket('BBOX_DETECTOR'), image: socket('IMAGE'), ...finding, ...hook },
    outputs: [output('SEGS')],
    run: ({ bbox_detector, image, ...i }) => find(bbox_detector, image, i, type),
  });

const SegmDetectorSEGS = defineNode({
  type: 'SegmDetectorSEGS',
  display: 'SEGM Detector (SEGS)',
  category: CATEGORY,
  inputs: { segm_detector: socket('SEGM_DETECTOR'), image: socket('IMAGE'), ...finding, ...hook },
  outputs: [output('SEGS')],
  run: ({ segm_detector, image, ...i }) => find(segm_detector, image, i, 'SegmDetectorSEGS'),
});

/** Nothing found is a mask of zeros; as in the original its sides are exchanged. */
const combined = async (
  detector: Detector,
  image: Tensor,
  threshold: number,
  dilation: number,
): Promise<NodeResult> =>
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
    combined(bbox_detector, image, threshold, dilation),
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
    combined(segm_detector, image, threshold, dilation),
});

const simple = {
  bbox_threshold: threshold(),
  bbox_dilation: dilation(0),
  ...around,
  sub_threshold: threshold('Least confidence of the second detector.'),
  sub_dilation: dilation(0),
  sub_bbox_expansion: int({ min: 0, max: 1000, step: 1 }),
  sam_mask_hint_threshold: float({ default: 0.7, min: 0, max: 1, step: 0.01 }),
};
const post = {
  post_dilation: int({
    default: 0,
    min: -512,
    max: 512,
    step: 1,
    optional: true,
    tooltip: 'Grows the masks in the end.',
  }),
};

interface Detectors {
  readonly bboxDetector: Detector;
  readonly segmDetector?: Detector;
  readonly samModel?: SamModel;
  readonly hook?: DetailerHook;
}

/** Boxes cut to the shapes that a second detector finds in them; only those of the second where it has the first one in it. */
async function findSimply(
  image: Tensor,
  detectors: Detectors,
  i: InputValues<typeof simple & typeof post>,
): Promise<NodeResult> {
  requireSingleImage(image, 'ImpactSimpleDetectorSEGS');
  const { bboxDetector, segmDetector, samModel, hook } = detectors;
  const shared = { cropFactor: i.crop_factor, dropSize: i.drop_size, hook };
  const shapes = (): Promise<Segs> =>
    segmDetector!.detect(image, {
      ...shared,
      threshold: i.sub_threshold,
      dilation: i.sub_dilation,
    });
  let segs: Segs;
  if (segmDetector && segmDetector.bboxDetector === bboxDetector) segs = await shapes();
  else {
    segs = await bboxDetector.detect(image, {
      ...shared,
      threshold: i.bbox_threshold,
      dilation: i.bbox_dilation,
    });
    if (samModel) {
      const finding = {
        detection_hint: 'center-1',
        dilation: i.sub_dilation,
        threshold: i.sub_threshold,
        bbox_expansion: i.sub_bbox_expansion,
        mask_hint_threshold: i.sam_mask_hint_threshold,
        mask_hint_use_negative: 'False',
      } as const;
      segs = segsBitwiseAndMask(segs, (await samMasksOf(samModel, segs, image, finding)).combined);
    } else if (segmDetector) segs = segsBitwiseAndMask(segs, segsToCombinedMask(await shapes()));
  }
  return outputs(dilateSegs(segs, i.post_dilation ?? 0));
}

const ImpactSimpleDetectorSEGS = defineNode({
  type: 'ImpactSimpleDetectorSEGS',
  display: 'Simple Detector (SEGS)',
  category: CATEGORY,
  inputs: {
    bbox_detector: socket('BBOX_DETECTOR'),
    image: socket('IMAGE'),
    ...simple,
    ...post,
    sam_model_opt: socket('SAM_MODEL', { optional: true }),
    segm_detector_opt: socket('SEGM_DETECTOR', { optional: true }),
  },
  outputs: [output('SEGS')],
  run: ({ bbox_detector, image, sam_model_opt, segm_detector_opt, ...i }) =>
    findSimply(
      image,
      { bboxDetector: bbox_detector, segmDetector: segm_detector_opt, samModel: sam_model_opt },
      i,
    ),
});

const ImpactSimpleDetectorSEGSPipe = defineNode({
  type: 'ImpactSimpleDetectorSEGSPipe',
  display: 'Simple Detector (SEGS/pipe)',
  category: CATEGORY,
  inputs: { detailer_pipe: socket('DETAILER_PIPE'), image: socket('IMAGE'), ...simple, ...post },
  outputs: [output('SEGS')],
  run: ({ detailer_pipe, image, ...i }) => findSimply(image, detailer_pipe, i),
});

export const DETECTOR_NODES = [
  ONNXDetectorProvider,
  toSegs('BboxDetectorSEGS', 'BBOX Detector (SEGS)'),
  toSegs('ONNXDetectorSEGS', 'ONNX Detector (SEGS/legacy) - use BBOXDetector'),
  SegmDetectorSEGS,
  BboxDetectorCombined_v2,
  SegmDetectorCombined_v2,
  ImpactSimpleDetectorSEGS,
  ImpactSimpleDetectorSEGSPipe,
];
