// Segment Anything: loads models, and predicts masks for SEGS. Source: Impact Pack, impact_pack.py
// (SAMLoader), detectors.py.
import { fileState } from '../../../../formats/file-state.ts';
import { loadSam } from '../../../../models/sam/load.ts';
import { DETECTION_HINTS, NEGATIVE_HINTS, samMasks } from '../../../../segs/make/sam-masks.ts';
import type { Segs } from '../../../../segs/segs.ts';
import { type Tensor, zeros } from '../../../../tensor/tensor.ts';
import {
  combo,
  defineNode,
  float,
  int,
  modelFile,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import type { InputValues } from '../../../input-types.ts';
import { loadOnce } from '../../../shared/file-cache.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';
import { requireSingleImage } from '../impact-inputs.ts';
import type { SamModel } from '../impact-sockets.ts';

const SAMLoader = defineNode({
  type: 'SAMLoader',
  display: 'SAMLoader (Impact)',
  category: 'ImpactPack',
  description:
    'Loads a Segment Anything model, which predicts the mask of the object at a point or in a box.',
  inputs: {
    model_name: modelFile('sams', {
      tooltip: 'The file, in the models folder `sams`: ViT-B, ViT-L or ViT-H.',
    }),
    device_mode: combo(['AUTO', 'Prefer GPU', 'CPU'], {
      tooltip: 'No effect: the device is selected for all models together.',
    }),
  },
  outputs: [output('SAM_MODEL')],
  fingerprint: ({ model_name }, context) => fileState(context.modelPath('sams', model_name)),
  async run({ model_name }, context) {
    const file = context.modelPath('sams', model_name);
    return outputs(await loadOnce(context.runtime, [file], () => loadSam(file, context.runtime)));
  },
});

const hintInputs = {
  detection_hint: combo(DETECTION_HINTS, {
    tooltip: 'The points of a segment that mark its object.',
  }),
  dilation: int({
    default: 0,
    min: -512,
    max: 512,
    step: 1,
    tooltip: 'Pixels by which the mask grows.',
  }),
  threshold: float({
    default: 0.93,
    min: 0,
    max: 1,
    step: 0.01,
    tooltip: 'Minimum score of a mask; if none reaches it, the best one is used.',
  }),
  bbox_expansion: int({
    default: 0,
    min: 0,
    max: 1000,
    step: 1,
    tooltip: 'Pixels by which the boxes grow on each side.',
  }),
  mask_hint_threshold: float({
    default: 0.7,
    min: 0,
    max: 1,
    step: 0.01,
    tooltip: 'Minimum mask value of the points (mask-area).',
  }),
  mask_hint_use_negative: combo(NEGATIVE_HINTS, {
    tooltip:
      'Points that do not belong to the object: Small takes them from masks and small boxes, ' +
      'Outter from outside.',
  }),
};

/** Predicts the masks of SEGS in an image [1,H,W,C]. */
export const samMasksOf = (
  sam: SamModel,
  segs: Segs,
  image: Tensor,
  hints: InputValues<typeof hintInputs>,
) =>
  samMasks(sam, segs, rgbChannels(image), {
    hint: hints.detection_hint,
    dilation: hints.dilation,
    threshold: hints.threshold,
    bboxExpansion: hints.bbox_expansion,
    maskHintThreshold: hints.mask_hint_threshold,
    negative: hints.mask_hint_use_negative,
  });

const inputs = {
  sam_model: socket('SAM_MODEL'),
  segs: socket('SEGS'),
  image: socket('IMAGE'),
  ...hintInputs,
};

const SAMDetectorCombined = defineNode({
  type: 'SAMDetectorCombined',
  display: 'SAMDetector (combined)',
  category: 'ImpactPack/Detector',
  inputs,
  outputs: [output('MASK')],
  async run({ sam_model, segs, image, ...hints }) {
    requireSingleImage(image, 'SAMDetectorCombined');
    return outputs((await samMasksOf(sam_model, segs, image, hints)).combined);
  },
});

const SAMDetectorSegmented = defineNode({
  type: 'SAMDetectorSegmented',
  display: 'SAMDetector (segmented)',
  category: 'ImpactPack/Detector',
  inputs,
  outputs: [output('MASK', 'combined_mask'), output('MASK', 'batch_masks')],
  async run({ sam_model, segs, image, ...hints }) {
    requireSingleImage(image, 'SAMDetectorSegmented');
    const { combined, batch } = await samMasksOf(sam_model, segs, image, hints);
    const [count, , height, width] = batch?.shape ?? [1, 1, ...combined.shape.slice(1)];
    return outputs(
      combined,
      batch ? { shape: [count, height, width], data: batch.data } : zeros([1, height, width]),
    );
  },
});

export const SAM_NODES = [SAMLoader, SAMDetectorCombined, SAMDetectorSegmented];
