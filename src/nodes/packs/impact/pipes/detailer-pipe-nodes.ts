// Pipes: several values in one link. Source: Impact Pack pipe.py.
import { DarkroomError } from '../../../../errors.ts';
import type { NodeEnvironment } from '../../../context.ts';
import { combo, defineNode, output, outputs, socket, string } from '../../../declare.ts';
import { blocker } from '../../../socket-values.ts';
import type { BasicPipe, DetailerPipe } from '../impact-sockets.ts';

const CATEGORY = 'ImpactPack/Pipe';

const parts = {
  model: socket('MODEL'),
  clip: socket('CLIP'),
  vae: socket('VAE'),
  positive: socket('CONDITIONING'),
  negative: socket('CONDITIONING'),
};

const refinerParts = {
  refiner_model: socket('MODEL'),
  refiner_clip: socket('CLIP'),
  refiner_positive: socket('CONDITIONING'),
  refiner_negative: socket('CONDITIONING'),
};

const replacement = { optional: true, tooltip: "Replaces the pipe's value." } as const;

const newParts = {
  model: socket('MODEL', replacement),
  clip: socket('CLIP', replacement),
  vae: socket('VAE', replacement),
  positive: socket('CONDITIONING', replacement),
  negative: socket('CONDITIONING', replacement),
};

const newRefinerParts = {
  refiner_model: socket('MODEL', replacement),
  refiner_clip: socket('CLIP', replacement),
  refiner_positive: socket('CONDITIONING', replacement),
  refiner_negative: socket('CONDITIONING', replacement),
};

const newDetectors = {
  bbox_detector: socket('BBOX_DETECTOR', replacement),
  sam_model: socket('SAM_MODEL', replacement),
  segm_detector: socket('SEGM_DETECTOR', replacement),
  detailer_hook: socket('DETAILER_HOOK', replacement),
};

const ADD_LORA = 'Select the LoRA to add to the text';
const ADD_WILDCARD = 'Select the Wildcard to add to the text';

/** A detailer's prompt, and the two lists from which the editor inserts into it; they have no effect. */
const wildcardText = {
  wildcard: string({
    multiline: true,
    dynamicPrompts: false,
    tooltip: 'A prompt for the segments that replaces the positive one, unless it is empty.',
  }),
  'Select to add LoRA': {
    ...combo([ADD_LORA]),
    options: (environment: NodeEnvironment): readonly string[] => [
      ADD_LORA,
      ...environment.modelFiles('loras'),
    ],
  },
  'Select to add Wildcard': combo([ADD_WILDCARD]),
};

const detectors = {
  sam_model_opt: socket('SAM_MODEL', { optional: true }),
  segm_detector_opt: socket('SEGM_DETECTOR', { optional: true }),
  detailer_hook: socket('DETAILER_HOOK', { optional: true }),
};

const basicPipe = socket('BASIC_PIPE');
const detailerPipe = socket('DETAILER_PIPE');
const bboxDetector = socket('BBOX_DETECTOR');

const partOutputs = [
  output('MODEL', 'model'),
  output('CLIP', 'clip'),
  output('VAE', 'vae'),
  output('CONDITIONING', 'positive'),
  output('CONDITIONING', 'negative'),
];

const detectorOutputs = [
  output('BBOX_DETECTOR', 'bbox_detector'),
  output('SAM_MODEL', 'sam_model_opt'),
  output('SEGM_DETECTOR', 'segm_detector_opt'),
  output('DETAILER_HOOK', 'detailer_hook'),
];

const basicOf = ({ model, clip, vae, positive, negative }: BasicPipe): BasicPipe => ({
  model,
  clip,
  vae,
  positive,
  negative,
});

const partsOf = (pipe: BasicPipe): unknown[] => [
  pipe.model,
  pipe.clip,
  pipe.vae,
  pipe.positive,
  pipe.negative,
];

const detectorsOf = (pipe: DetailerPipe): unknown[] => [
  pipe.bboxDetector,
  pipe.samModel,
  pipe.segmDetector,
  pipe.hook,
];

interface DetailerInputs {
  readonly wildcard: string;
  readonly bbox_detector: DetailerPipe['bboxDetector'];
  readonly sam_model_opt?: DetailerPipe['samModel'];
  readonly segm_detector_opt?: DetailerPipe['segmDetector'];
  readonly detailer_hook?: DetailerPipe['hook'];
}

const detailerOf = (
  basic: BasicPipe,
  inputs: DetailerInputs,
  refiner?: DetailerPipe['refiner'],
): DetailerPipe => ({
  ...basicOf(basic),
  wildcard: inputs.wildcard,
  bboxDetector: inputs.bbox_detector,
  samModel: inputs.sam_model_opt,
  segmDetector: inputs.segm_detector_opt,
  hook: inputs.detailer_hook,
  refiner,
});

/** Replaces the values of `old` by those of `values` that are defined. */
const withDefined = <T extends object>(old: T, values: Partial<T>): T => ({
  ...old,
  ...Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)),
});

const ToBasicPipe = defineNode({
  type: 'ToBasicPipe',
  display: 'ToBasicPipe',
  category: CATEGORY,
  description: 'Combines a model, CLIP, VAE and both prompts in one link.',
  inputs: parts,
  outputs: [output('BASIC_PIPE', 'basic_pipe')],
  run: (inputs) => outputs(basicOf(inputs)),
});

const FromBasicPipe = defineNode({
  type: 'FromBasicPipe',
  display: 'FromBasicPipe',
  category: CATEGORY,
  inputs: { basic_pipe: basicPipe },
  outputs: partOutputs,
  run: ({ basic_pipe }) => outputs(...partsOf(basic_pipe)),
});

const FromBasicPipeV2 = defineNode({
  type: 'FromBasicPipe_v2',
  display: 'FromBasicPipe_v2',
  category: CATEGORY,
  inputs: { basic_pipe: basicPipe },
  outputs: [output('BASIC_PIPE', 'basic_pipe'), ...partOutputs],
  run: ({ basic_pipe }) => outputs(basic_pipe, ...partsOf(basic_pipe)),
});

const EditBasicPipe = defineNode({
  type: 'EditBasicPipe',
  display: 'Edit BasicPipe',
  category: CATEGORY,
  inputs: { basic_pipe: basicPipe, ...newParts },
  outputs: [output('BASIC_PIPE', 'basic_pipe')],
  run: ({ basic_pipe, ...values }) => outputs(withDefined(basic_pipe, values)),
});

const AnyPipeToBasic = defineNode({
  type: 'AnyPipeToBasic',
  display: 'Any PIPE -> BasicPipe',
  category: CATEGORY,
  inputs: { any_pipe: socket('*') },
  outputs: [output('BASIC_PIPE', 'basic_pipe')],
  run({ any_pipe }) {
    const names = Object.keys(parts);
    const isPipe =
      typeof any_pipe === 'object' && any_pipe !== null && names.every((name) => name in any_pipe);
    if (isPipe) return outputs(basicOf(any_pipe as BasicPipe));
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'any_pipe is not a pipe with model, clip, vae, positive and negative',
      hint: 'Connect a BASIC_PIPE or a DETAILER_PIPE.',
      input: 'any_pipe',
    });
  },
});

const ToDetailerPipe = defineNode({
  type: 'ToDetailerPipe',
  display: 'ToDetailerPipe',
  category: CATEGORY,
  description: 'Combines the values that a detailer needs in one link.',
  inputs: { ...parts, bbox_detector: bboxDetector, ...wildcardText, ...detectors },
  outputs: [output('DETAILER_PIPE', 'detailer_pipe')],
  run: (inputs) => outputs(detailerOf(inputs, inputs)),
});

type RefinerInputs = {
  readonly refiner_model?: BasicPipe['model'];
  readonly refiner_clip?: BasicPipe['clip'];
  readonly refiner_positive?: BasicPipe['positive'];
  readonly refiner_negative?: BasicPipe['negative'];
};

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
  inputs: { ...parts, ...refinerParts, bbox_detector: bboxDetector, ...wildcardText, ...detectors },
  outputs: [output('DETAILER_PIPE', 'detailer_pipe')],
  run: (inputs) => outputs(detailerOf(inputs, inputs, refinerOf(inputs))),
});

const BasicPipeToDetailerPipe = defineNode({
  type: 'BasicPipeToDetailerPipe',
  display: 'BasicPipe -> DetailerPipe',
  category: CATEGORY,
  inputs: { basic_pipe: basicPipe, bbox_detector: bboxDetector, ...wildcardText, ...detectors },
  outputs: [output('DETAILER_PIPE', 'detailer_pipe')],
  run: ({ basic_pipe, ...inputs }) => outputs(detailerOf(basic_pipe, inputs)),
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
    ...detectors,
  },
  outputs: [output('DETAILER_PIPE', 'detailer_pipe')],
  run: ({ base_basic_pipe, refiner_basic_pipe: { vae: _, ...refiner }, ...inputs }) =>
    outputs(detailerOf(base_basic_pipe, inputs, refiner)),
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
    return outputs(basicOf(detailer_pipe), refiner?.model ? { ...refiner, vae } : missing);
  },
});

const FromDetailerPipe = defineNode({
  type: 'FromDetailerPipe',
  display: 'FromDetailerPipe',
  category: CATEGORY,
  inputs: { detailer_pipe: detailerPipe },
  outputs: [...partOutputs, ...detectorOutputs],
  run: ({ detailer_pipe }) => outputs(...partsOf(detailer_pipe), ...detectorsOf(detailer_pipe)),
});

const FromDetailerPipeV2 = defineNode({
  type: 'FromDetailerPipe_v2',
  display: 'FromDetailerPipe_v2',
  category: CATEGORY,
  inputs: { detailer_pipe: detailerPipe },
  outputs: [output('DETAILER_PIPE', 'detailer_pipe'), ...partOutputs, ...detectorOutputs],
  run: ({ detailer_pipe }) =>
    outputs(detailer_pipe, ...partsOf(detailer_pipe), ...detectorsOf(detailer_pipe)),
});

const FromDetailerPipeSDXL = defineNode({
  type: 'FromDetailerPipeSDXL',
  display: 'FromDetailer (SDXL/pipe)',
  category: CATEGORY,
  inputs: { detailer_pipe: detailerPipe },
  outputs: [
    output('DETAILER_PIPE', 'detailer_pipe'),
    ...partOutputs,
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
      ...partsOf(detailer_pipe),
      ...detectorsOf(detailer_pipe),
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
function edited(pipe: DetailerPipe, inputs: DetailerEdit): DetailerPipe {
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
  inputs: { detailer_pipe: detailerPipe, ...wildcardText, ...newParts, ...newDetectors },
  outputs: [output('DETAILER_PIPE', 'detailer_pipe')],
  run: ({ detailer_pipe, ...inputs }) => outputs(edited(detailer_pipe, inputs)),
});

const EditDetailerPipeSDXL = defineNode({
  type: 'EditDetailerPipeSDXL',
  display: 'Edit DetailerPipe (SDXL)',
  category: CATEGORY,
  inputs: {
    detailer_pipe: detailerPipe,
    ...wildcardText,
    ...newParts,
    ...newRefinerParts,
    ...newDetectors,
  },
  outputs: [output('DETAILER_PIPE', 'detailer_pipe')],
  run: ({ detailer_pipe, ...inputs }) => outputs(edited(detailer_pipe, inputs)),
});

export const PIPE_NODES = [
  ToBasicPipe,
  FromBasicPipe,
  FromBasicPipeV2,
  EditBasicPipe,
  AnyPipeToBasic,
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
