// Pipes with all values of a detailer. Source: Impact Pack pipe.py.
import { defineNode, output, outputs, socket, string } from '../../../declare.ts';
import { blocker } from '../../../socket-values.ts';
import { chooserInputs } from '../impact-inputs.ts';
import type { BasicPipe, DetailerPipe } from '../impact-sockets.ts';
import {
  basicInputs,
  basicOutputs,
  basicPipe,
  basicPipeOf,
  basicReplacements,
  basicValues,
  replacement,
  withDefined,
} from './basic-pipe.ts';

const CATEGORY = 'ImpactPack/Pipe';

const refinerInputs = {
  refiner_model: socket('MODEL'),
  refiner_clip: socket('CLIP'),
  refiner_positive: socket('CONDITIONING'),
  refiner_negative: socket('CONDITIONING'),
};

const refinerReplacements = {
  refiner_model: socket('MODEL', replacement),
  refiner_clip: socket('CLIP', replacement),
  refiner_positive: socket('CONDITIONING', replacement),
  refiner_negative: socket('CONDITIONING', replacement),
};

const detectorReplacements = {
  bbox_detector: socket('BBOX_DETECTOR', replacement),
  sam_model: socket('SAM_MODEL', replacement),
  segm_detector: socket('SEGM_DETECTOR', replacement),
  detailer_hook: socket('DETAILER_HOOK', replacement),
};

/** A detailer's prompt, and the two lists from which the editor inserts into it. */
const wildcardText = {
  wildcard: string({
    multiline: true,
    dynamicPrompts: false,
    wildcards: true,
    tooltip: 'A prompt for the segments that replaces the positive one, unless it is empty.',
  }),
  ...chooserInputs,
};

const detectorInputs = {
  sam_model_opt: socket('SAM_MODEL', { optional: true }),
  segm_detector_opt: socket('SEGM_DETECTOR', { optional: true }),
  detailer_hook: socket('DETAILER_HOOK', { optional: true }),
};

const detailerPipe = socket('DETAILER_PIPE');
const bboxDetector = socket('BBOX_DETECTOR');

const detectorOutputs = [
  output('BBOX_DETECTOR', 'bbox_detector'),
  output('SAM_MODEL', 'sam_model_opt'),
  output('SEGM_DETECTOR', 'segm_detector_opt'),
  output('DETAILER_HOOK', 'detailer_hook'),
] as const;

/** The values of `detectorOutputs`. */
const detectorValues = ({ bboxDetector, samModel, segmDetector, hook }: DetailerPipe) =>
  [bboxDetector, samModel, segmDetector, hook] as const;

interface DetailerInputs {
  readonly wildcard: string;
  readonly bbox_detector: DetailerPipe['bboxDetector'];
  readonly sam_model_opt?: DetailerPipe['samModel'];
  readonly segm_detector_opt?: DetailerPipe['segmDetector'];
  readonly detailer_hook?: DetailerPipe['hook'];
}

const detailerPipeOf = (
  basic: BasicPipe,
  inputs: DetailerInputs,
  refiner?: DetailerPipe['refiner'],
): DetailerPipe => ({
  ...basicPipeOf(basic),
  wildcard: inputs.wildcard,
  bboxDetector: inputs.bbox_detector,
  samModel: inputs.sam_model_opt,
  segmDetector: inputs.segm_detector_opt,
  hook: inputs.detailer_hook,
  refiner,
});

const ToDetailerPipe = defineNode({
  type: 'ToDetailerPipe',
  display: 'ToDetailerPipe',
  category: CATEGORY,
  description: 'Combines the values that a detailer needs in one link.',
  inputs: { ...basicInputs, bbox_detector: bboxDetector, ...wildcardText, ...detectorInputs },
  outputs: [output('DETAILER_PIPE', 'detailer_pipe')],
  run: (inputs) => outputs(detailerPipeOf(inputs, inputs)),
});

interface RefinerInputs {
  readonly refiner_model?: BasicPipe['model'];
  readonly refiner_clip?: BasicPipe['clip'];
  readonly refiner_positive?: BasicPipe['positive'];
  readonly refiner_negative?: BasicPipe['negative'];
}

const refinerOf = (inputs: RefinerInputs): NonNullable<DetailerPipe['refiner']> => ({
  model: inputs.refiner_model,
  clip: inputs.refiner_clip,
  positive: inputs.refiner_positive,
  negative: inputs.refiner_negative,
});

const ToDetailerPipeSDXL = defineNode({
  type: 'ToDetailerPipeSDXL',
  display: 'ToDetailerPipeSDXL',
  category: CATEGORY,
  description: 'Combines the values that a detailer with base and refiner needs in one link.',
  inputs: {
    ...basicInputs,
    ...refinerInputs,
    bbox_detector: bboxDetector,
    ...wildcardText,
    ...detectorInputs,
  },
  outputs: [output('DETAILER_PIPE', 'detailer_pipe')],
  run: (inputs) => outputs(detailerPipeOf(inputs, inputs, refinerOf(inputs))),
});

const BasicPipeToDetailerPipe = defineNode({
  type: 'BasicPipeToDetailerPipe',
  display: 'BasicPipe -> DetailerPipe',
  category: CATEGORY,
  inputs: {
    basic_pipe: basicPipe,
    bbox_detector: bboxDetector,
    ...wildcardText,
    ...detectorInputs,
  },
  outputs: [output('DETAILER_PIPE', 'detailer_pipe')],
  run: ({ basic_pipe, ...inputs }) => outputs(detailerPipeOf(basic_pipe, inputs)),
});

const BasicPipeToDetailerPipeSDXL = defineNode({
  type: 'BasicPipeToDetailerPipeSDXL',
  display: 'BasicPipe -> DetailerPipe (SDXL)',
  category: CATEGORY,
  inputs: {
    base_basic_pipe: basicPipe,
    refiner_basic_pipe: basicPipe,
    bbox_detector: bboxDetector,
    ...wildcardText,
    ...detectorInputs,
  },
  outputs: [output('DETAILER_PIPE', 'detailer_pipe')],
  run: ({ base_basic_pipe, refiner_basic_pipe: { vae: _, ...refiner }, ...inputs }) =>
    outputs(detailerPipeOf(base_basic_pipe, inputs, refiner)),
});

const DetailerPipeToBasicPipe = defineNode({
  type: 'DetailerPipeToBasicPipe',
  display: 'DetailerPipe -> BasicPipe',
  category: CATEGORY,
  inputs: { detailer_pipe: detailerPipe },
  outputs: [output('BASIC_PIPE', 'base_basic_pipe'), output('BASIC_PIPE', 'refiner_basic_pipe')],
  run({ detailer_pipe }) {
    const { refiner, vae } = detailer_pipe;
    const missing = blocker(
      'the detailer pipe has no refiner: make it with ToDetailerPipeSDXL, or use base_basic_pipe',
    );
    return outputs(
      basicPipeOf(detailer_pipe),
      // as in the original, its CLIP and prompts may be missing
      refiner?.model ? ({ ...refiner, vae } as BasicPipe) : missing,
    );
  },
});

const FromDetailerPipe = defineNode({
  type: 'FromDetailerPipe',
  display: 'FromDetailerPipe',
  category: CATEGORY,
  inputs: { detailer_pipe: detailerPipe },
  outputs: [...basicOutputs, ...detectorOutputs],
  run: ({ detailer_pipe }) =>
    outputs(...basicValues(detailer_pipe), ...detectorValues(detailer_pipe)),
});

const FromDetailerPipeV2 = defineNode({
  type: 'FromDetailerPipe_v2',
  display: 'FromDetailerPipe_v2',
  category: CATEGORY,
  inputs: { detailer_pipe: detailerPipe },
  outputs: [output('DETAILER_PIPE', 'detailer_pipe'), ...basicOutputs, ...detectorOutputs],
  run: ({ detailer_pipe }) =>
    outputs(detailer_pipe, ...basicValues(detailer_pipe), ...detectorValues(detailer_pipe)),
});

const FromDetailerPipeSDXL = defineNode({
  type: 'FromDetailerPipeSDXL',
  display: 'FromDetailer (SDXL/pipe)',
  category: CATEGORY,
  inputs: { detailer_pipe: detailerPipe },
  outputs: [
    output('DETAILER_PIPE', 'detailer_pipe'),
    ...basicOutputs,
    ...detectorOutputs,
    output('MODEL', 'refiner_model'),
    output('CLIP', 'refiner_clip'),
    output('CONDITIONING', 'refiner_positive'),
    output('CONDITIONING', 'refiner_negative'),
  ],
  run({ detailer_pipe }) {
    const { model, clip, positive, negative } = detailer_pipe.refiner ?? {};
    return outputs(
      detailer_pipe,
      ...basicValues(detailer_pipe),
      ...detectorValues(detailer_pipe),
      model,
      clip,
      positive,
      negative,
    );
  },
});

interface DetailerEdit extends Partial<BasicPipe>, RefinerInputs {
  readonly wildcard: string;
  readonly bbox_detector?: DetailerPipe['bboxDetector'];
  readonly sam_model?: DetailerPipe['samModel'];
  readonly segm_detector?: DetailerPipe['segmDetector'];
  readonly detailer_hook?: DetailerPipe['hook'];
}

/** Replaces the pipe's values by the connected inputs; an empty wildcard text replaces nothing. */
function editDetailerPipe(pipe: DetailerPipe, inputs: DetailerEdit): DetailerPipe {
  const { model, clip, vae, positive, negative } = inputs;
  const refiner = withDefined(pipe.refiner ?? {}, refinerOf(inputs));
  return withDefined(pipe, {
    model,
    clip,
    vae,
    positive,
    negative,
    wildcard: inputs.wildcard || undefined,
    bboxDetector: inputs.bbox_detector,
    samModel: inputs.sam_model,
    segmDetector: inputs.segm_detector,
    hook: inputs.detailer_hook,
    refiner: Object.keys(refiner).length ? refiner : undefined,
  });
}

const EditDetailerPipe = defineNode({
  type: 'EditDetailerPipe',
  display: 'Edit DetailerPipe',
  category: CATEGORY,
  inputs: {
    detailer_pipe: detailerPipe,
    ...wildcardText,
    ...basicReplacements,
    ...detectorReplacements,
  },
  outputs: [output('DETAILER_PIPE', 'detailer_pipe')],
  run: ({ detailer_pipe, ...inputs }) => outputs(editDetailerPipe(detailer_pipe, inputs)),
});

const EditDetailerPipeSDXL = defineNode({
  type: 'EditDetailerPipeSDXL',
  display: 'Edit DetailerPipe (SDXL)',
  category: CATEGORY,
  inputs: {
    detailer_pipe: detailerPipe,
    ...wildcardText,
    ...basicReplacements,
    ...refinerReplacements,
    ...detectorReplacements,
  },
  outputs: [output('DETAILER_PIPE', 'detailer_pipe')],
  run: ({ detailer_pipe, ...inputs }) => outputs(editDetailerPipe(detailer_pipe, inputs)),
});

export const DETAILER_PIPE_NODES = [
  ToDetailerPipe,
  ToDetailerPipeSDXL,
  BasicPipeToDetailerPipe,
  BasicPipeToDetailerPipeSDXL,
  DetailerPipeToBasicPipe,
  FromDetailerPipe,
  FromDetailerPipeV2,
  FromDetailerPipeSDXL,
  EditDetailerPipe,
  EditDetailerPipeSDXL,
];
