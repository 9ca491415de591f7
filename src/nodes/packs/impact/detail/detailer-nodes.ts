// Detailers: segments of an image are sampled again at a larger size. Source: Impact Pack
// impact_pack.py, segs_nodes.py.
import { squeezeMask } from '../../../../image/mask/mask-shape.ts';
import { type DetailerResult, detailSegs } from '../../../../segs/detail/detailer.ts';
import { maskToSegs } from '../../../../segs/make/mask-to-segs.ts';
import { concatBatch, type Tensor } from '../../../../tensor/tensor.ts';
import { boolean, defineNode, float, int, output, outputs, socket } from '../../../declare.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';
import {
  feather,
  optionalInpaintInputs,
  requireSingleImage,
  samplerInputs,
  schedulerFunc,
  segmentDenoise,
} from '../impact-inputs.ts';
import {
  cycleInput,
  detailerOptions,
  guideInputs,
  hookInput,
  noiseMaskInputs,
  refinerPipeInput,
  refinerRatioInput,
  tiledOptions,
  wildcardInput,
} from './detailer-inputs.ts';
import {
  detailSettings,
  orBlankImage,
  refinerOf,
  runDetailer,
  segmentProgress,
} from './run-detailer.ts';

const DETAILER = 'ImpactPack/Detailer';

const imageList = (name: string) => output('IMAGE', name, true);
const CROPPED_OUTPUTS = [
  imageList('cropped'),
  imageList('cropped_refined'),
  imageList('cropped_refined_alpha'),
  imageList('cnet_images'),
];
const croppedOutputs = ({
  cropped,
  enhanced,
  enhancedAlpha,
  controlImages,
}: DetailerResult): (readonly Tensor[])[] =>
  [cropped, enhanced, enhancedAlpha, controlImages].map(orBlankImage);

/** The detailer, with the images of all segments, or with attempts that a hook judges. */
type Variant = 'plain' | 'debug' | 'retry';

const retryInput = {
  max_retries: int({
    default: 1,
    min: 1,
    max: 10,
    step: 1,
    tooltip: 'How many times a segment is sampled at most while the hook rejects it.',
  }),
};

const detailerNode = (type: string, display: string, variant: Variant) =>
  defineNode({
    type,
    display,
    category: DETAILER,
    description: 'Samples each segment of an image at a larger size and pastes it back.',
    inputs: {
      image: socket('IMAGE'),
      segs: socket('SEGS'),
      model: socket('MODEL'),
      clip: socket('CLIP'),
      vae: socket('VAE'),
      ...guideInputs(),
      ...samplerInputs,
      positive: socket('CONDITIONING'),
      negative: socket('CONDITIONING'),
      denoise: segmentDenoise,
      feather,
      ...noiseMaskInputs,
      ...wildcardInput,
      ...cycleInput,
      ...(variant === 'retry' ? retryInput : {}),
      ...hookInput,
      ...detailerOptions,
      ...tiledOptions,
    },
    outputs:
      variant === 'debug' ? [output('IMAGE', 'image'), ...CROPPED_OUTPUTS] : [output('IMAGE')],
    async run({ image, segs, model, clip, vae, positive, negative, ...inputs }, context) {
      requireSingleImage(image, type);
      const pipe = { model, clip, vae, positive, negative };
      const { noise_mask, detailer_hook, wildcard, seed, max_retries } = inputs;
      const result = await runDetailer(
        {
          image,
          segs,
          pipe,
          inputs,
          noiseMask: noise_mask,
          hook: detailer_hook,
          wildcard,
          seed,
          attempts: max_retries,
        },
        context,
      );
      return outputs(result.image, ...(variant === 'debug' ? croppedOutputs(result) : []));
    },
  });

const detailerPipeNode = (type: string, display: string, debug: boolean) =>
  defineNode({
    type,
    display,
    category: DETAILER,
    description: 'Samples each segment of an image at a larger size and pastes it back.',
    inputs: {
      image: socket('IMAGE'),
      segs: socket('SEGS'),
      ...guideInputs(),
      ...samplerInputs,
      denoise: segmentDenoise,
      feather,
      ...noiseMaskInputs,
      basic_pipe: socket('BASIC_PIPE'),
      ...wildcardInput,
      ...refinerRatioInput,
      ...cycleInput,
      ...hookInput,
      ...refinerPipeInput,
      ...detailerOptions,
      ...tiledOptions,
    },
    outputs: [
      output('IMAGE', 'image'),
      output('SEGS', 'segs'),
      output('BASIC_PIPE', 'basic_pipe'),
      ...(debug ? CROPPED_OUTPUTS : [imageList('cnet_images')]),
    ],
    async run({ image, segs, basic_pipe, ...inputs }, context) {
      requireSingleImage(image, type);
      const { noise_mask, detailer_hook, wildcard, seed } = inputs;
      const refiner = refinerOf(inputs.refiner_basic_pipe_opt, inputs.refiner_ratio);
      const call = {
        image,
        segs,
        pipe: basic_pipe,
        refiner,
        inputs,
        noiseMask: noise_mask,
        hook: detailer_hook,
        wildcard,
        seed,
      };
      const result = await runDetailer(call, context);
      return outputs(
        result.image,
        result.segs,
        basic_pipe,
        ...(debug ? croppedOutputs(result) : [orBlankImage(result.controlImages)]),
      );
    },
  });

const MaskDetailerPipe = defineNode({
  type: 'MaskDetailerPipe',
  display: 'MaskDetailer (pipe)',
  category: DETAILER,
  description: 'Samples the masked areas of an image at a larger size and pastes them back.',
  inputs: {
    image: socket('IMAGE'),
    mask: socket('MASK'),
    basic_pipe: socket('BASIC_PIPE'),
    ...guideInputs('mask bbox', 'crop region'),
    mask_mode: boolean({ default: true, label_on: 'masked only', label_off: 'whole' }),
    ...samplerInputs,
    denoise: segmentDenoise,
    feather,
    crop_factor: float({ default: 3, min: 1, max: 10, step: 0.1 }),
    drop_size: int({ default: 10, min: 1, max: MAX_RESOLUTION, step: 1 }),
    ...refinerRatioInput,
    batch_size: int({ default: 1, min: 1, max: 100 }),
    ...cycleInput,
    ...refinerPipeInput,
    ...hookInput,
    ...optionalInpaintInputs,
    bbox_fill: boolean({
      default: false,
      label_on: 'enabled',
      label_off: 'disabled',
      optional: true,
    }),
    contour_fill: boolean({
      default: true,
      label_on: 'enabled',
      label_off: 'disabled',
      optional: true,
    }),
    ...schedulerFunc,
  },
  outputs: [
    output('IMAGE', 'image'),
    imageList('cropped_refined'),
    imageList('cropped_enhanced_alpha'),
    output('BASIC_PIPE', 'basic_pipe'),
    output('BASIC_PIPE', 'refiner_basic_pipe_opt'),
  ],
  async run({ image, mask, basic_pipe, refiner_basic_pipe_opt, ...inputs }, context) {
    requireSingleImage(image, 'MaskDetailerPipe');
    const segs = maskToSegs(squeezeMask(mask), {
      combined: false,
      cropFactor: inputs.crop_factor,
      bboxFill: inputs.bbox_fill ?? false,
      dropSize: inputs.drop_size,
      isContour: inputs.contour_fill ?? true,
    });
    const refiner = refinerOf(refiner_basic_pipe_opt, inputs.refiner_ratio);
    const results: DetailerResult[] = [];
    for (let n = 0; n < inputs.batch_size; n++) {
      const call = {
        image,
        segs,
        pipe: basic_pipe,
        refiner,
        inputs,
        noiseMask: inputs.mask_mode,
        hook: inputs.detailer_hook,
      };
      results.push(await runDetailer({ ...call, seed: inputs.seed + BigInt(n) }, context));
    }
    return outputs(
      concatBatch(results.map((result) => result.image)),
      orBlankImage(results.flatMap(({ enhanced }) => enhanced)),
      orBlankImage(results.flatMap(({ enhancedAlpha }) => enhancedAlpha)),
      basic_pipe,
      refiner_basic_pipe_opt,
    );
  },
});

const SEGSDetailer = defineNode({
  type: 'SEGSDetailer',
  display: 'SEGSDetailer',
  category: DETAILER,
  description:
    "Samples each segment at a larger size and stores the results as the segments' images; " +
    'SEGSPaste pastes them.',
  inputs: {
    image: socket('IMAGE'),
    segs: socket('SEGS'),
    ...guideInputs('bbox', 'crop_region', 768),
    ...samplerInputs,
    denoise: segmentDenoise,
    ...noiseMaskInputs,
    basic_pipe: socket('BASIC_PIPE'),
    ...refinerRatioInput,
    batch_size: int({ default: 1, min: 1, max: 100 }),
    ...cycleInput,
    ...refinerPipeInput,
    ...detailerOptions,
  },
  outputs: [output('SEGS', 'segs'), imageList('cnet_images')],
  async run(
    { image, segs, basic_pipe, refiner_basic_pipe_opt, noise_mask, batch_size, ...inputs },
    context,
  ) {
    requireSingleImage(image, 'SEGSDetailer');
    const settings = {
      ...detailSettings(basic_pipe, inputs, context),
      ...segmentProgress(context, inputs.steps * inputs.cycle),
      noiseMask: noise_mask,
      refiner: refinerOf(refiner_basic_pipe_opt, inputs.refiner_ratio),
    };
    const result = await detailSegs(rgbChannels(image), segs, settings, batch_size);
    return outputs(result.segs, orBlankImage(result.controlImages));
  },
});

export const DETAILER_NODES = [
  detailerNode('DetailerForEach', 'Detailer (SEGS)', 'plain'),
  detailerNode('DetailerForEachAutoRetry', 'Detailer (SEGS) with auto retry', 'retry'),
  detailerNode('DetailerForEachDebug', 'DetailerDebug (SEGS)', 'debug'),
  detailerPipeNode('DetailerForEachPipe', 'Detailer (SEGS/pipe)', false),
  detailerPipeNode('DetailerForEachDebugPipe', 'DetailerDebug (SEGS/pipe)', true),
  MaskDetailerPipe,
  SEGSDetailer,
];
