// Detailers: segments of an image are sampled again at a larger size. Source: Impact Pack
// impact_pack.py, segs_nodes.py.
import { squeezeMask } from '../../../../image/mask/mask-shape.ts';
import { pythonRandom } from '../../../../random/python-random.ts';
import type { Refiner } from '../../../../sampling/runs/refined.ts';
import type { SamplingHooks } from '../../../../sampling/sampling-types.ts';
import {
  type DetailerResult,
  detailForEach,
  detailSegs,
} from '../../../../segs/detail/detailer.ts';
import type { EnhanceSettings } from '../../../../segs/detail/enhance-segment.ts';
import type { DetailerHook } from '../../../../segs/hooks.ts';
import { maskToSegs } from '../../../../segs/make/mask-to-segs.ts';
import type { Segs } from '../../../../segs/segs.ts';
import { concatBatch, type Tensor } from '../../../../tensor/tensor.ts';
import { parseSegmentPrompts, type SegmentPrompts } from '../../../../text/segment-prompts.ts';
import type { NodeContext } from '../../../context.ts';
import {
  boolean,
  defineNode,
  float,
  type InputValues,
  int,
  type NodeResult,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';
import { samplingHooks } from '../../../shared/sampling-hooks.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';
import { blankImage } from '../control/segs-preview-nodes.ts';
import { encodeWithLoras } from '../control/wildcard-nodes.ts';
import {
  denoiseSamplerOf,
  enabled,
  feather,
  optionalInpaintInputs,
  requireSingleImage,
  samplerInputs,
  schedulerFunc,
  segmentDenoise,
} from '../impact-inputs.ts';
import type { BasicPipe } from '../impact-sockets.ts';

const DETAILER = 'ImpactPack/Detailer';

const size = (value: number, tooltip: string) =>
  float({ default: value, min: 64, max: MAX_RESOLUTION, step: 8, tooltip });
const guide = (on = 'bbox', off = 'crop_region', defaultMaxSize = 1024) => ({
  guide_size: size(512, 'The size that the shorter side of a segment is scaled to.'),
  guide_size_for: boolean({
    default: true,
    label_on: on,
    label_off: off,
    tooltip: 'Whose shorter side: that of the bbox or of the crop region.',
  }),
  max_size: size(defaultMaxSize, 'Maximum of the longer side.'),
});
const noiseMask = { noise_mask: enabled(true), force_inpaint: enabled(true) };
const cycle = {
  cycle: int({
    default: 1,
    min: 1,
    max: 10,
    step: 1,
    tooltip: 'How many times each segment is sampled in a row.',
  }),
};
const wildcard = {
  wildcard: string({
    multiline: true,
    dynamicPrompts: false,
    tooltip: 'A prompt for the segments that replaces the positive one, unless it is empty.',
  }),
};
const refinerRatio = {
  refiner_ratio: float({
    default: 0.2,
    min: 0,
    max: 1,
    tooltip: 'Share of the steps that the refiner samples.',
  }),
};
const hook = { detailer_hook: socket('DETAILER_HOOK', { optional: true }) };
const refinerPipe = { refiner_basic_pipe_opt: socket('BASIC_PIPE', { optional: true }) };
const options = { ...optionalInpaintInputs, ...schedulerFunc };

export const detailWidgets = { guide, noiseMask, cycle, wildcard, refinerRatio, options, hook };

/** The inputs that all detailers have. */
export type DetailInputs = Partial<InputValues<typeof options>> &
  InputValues<typeof samplerInputs & typeof cycle & ReturnType<typeof guide>> & {
    readonly denoise: number;
    readonly force_inpaint?: boolean;
  };

type Models = Pick<BasicPipe, 'model' | 'vae' | 'positive' | 'negative'>;

/** The refiner of a pipe; undefined if one of its values is missing. */
export function refinerOf(
  pipe: Partial<Omit<BasicPipe, 'vae'>> | undefined,
  ratio: number | undefined,
): Refiner | undefined {
  const { model, clip, positive, negative } = pipe ?? {};
  return model && clip && positive && negative && ratio !== undefined
    ? { model, positive, negative, ratio }
    : undefined;
}

/**
 * Settings of a detailer. Optional inputs default to the values of the original's functions, which
 * differ from those of its widgets.
 */
export function detailSettings(
  { model, vae, positive, negative }: Models,
  i: DetailInputs,
  { signal, warn }: NodeContext,
): EnhanceSettings {
  return {
    sampler: denoiseSamplerOf({ model, positive, negative }, i),
    vae,
    guideSize: i.guide_size,
    guideSizeForBbox: i.guide_size_for,
    maxSize: i.max_size,
    forceInpaint: i.force_inpaint ?? true,
    cycle: i.cycle,
    inpaintModel: i.inpaint_model ?? false,
    noiseMaskFeather: i.noise_mask_feather ?? 0,
    signal,
    warn,
  };
}

/** Reports the segments as status text, and the steps of all segments as progress. */
export function segmentProgress(
  context: NodeContext,
  steps: number,
): { onSegment(done: number, total: number): void; onStep: Required<SamplingHooks>['onStep'] } {
  const { status, progress } = context;
  let [finished, count, step] = [0, 0, 0];
  const currentProgress = (): [number, number] => [
    Math.min(finished * steps + step, count * steps),
    count * steps,
  ];
  const { onStep } = samplingHooks(context, () => {
    step = Math.min(step + 1, steps);
    return currentProgress();
  });
  return {
    onStep,
    onSegment(done, total) {
      [finished, count, step] = [done, total, 0];
      status(
        done < total ? `${done + 1}/${total} segments` : '',
        total > 0 ? done / total : undefined,
      );
      if (total > 0) progress(...currentProgress());
    },
  };
}

/**
 * The segment prompts of a wildcard text. Random choices depend on the seed; the original uses an
 * unseeded generator.
 */
const promptsOf = (text: string | undefined, seed: bigint): SegmentPrompts | undefined =>
  text === undefined ? undefined : parseSegmentPrompts(text, pythonRandom(seed));

export interface DetailCall {
  readonly image: Tensor;
  readonly segs: Segs;
  readonly pipe: BasicPipe;
  readonly refiner?: Refiner;
  readonly inputs: DetailInputs & { readonly feather: number };
  readonly noiseMask: boolean;
  readonly hook?: DetailerHook;
  readonly wildcard?: string;
  readonly seed: bigint;
}

/** DetailerForEach.do_detail. */
export function detailForEachSeg(
  { image, segs, pipe, refiner, inputs, noiseMask, hook, wildcard, seed }: DetailCall,
  context: NodeContext,
): Promise<DetailerResult> {
  return detailForEach(rgbChannels(image), segs, {
    ...detailSettings(pipe, { ...inputs, seed }, context),
    ...segmentProgress(context, inputs.steps * inputs.cycle),
    feather: inputs.feather,
    noiseMask,
    hook,
    refiner,
    prompts: promptsOf(wildcard, seed),
    async encodePrompt(text, model, segmentSeed) {
      const encoded = await encodeWithLoras(text, { model, clip: pipe.clip }, segmentSeed, context);
      return { model: encoded.model, positive: encoded.conditioning };
    },
  });
}

/** The images, or a blank one if there are none. */
export const orBlankImage = (images: readonly Tensor[]): readonly Tensor[] =>
  images.length > 0 ? images : [blankImage()];

const imageList = (name: string) => output('IMAGE', name, true);
const CROPPED = [
  imageList('cropped'),
  imageList('cropped_refined'),
  imageList('cropped_refined_alpha'),
  imageList('cnet_images'),
];
const crops = ({ cropped, enhanced, enhancedAlpha, controlImages }: DetailerResult): unknown[] =>
  [cropped, enhanced, enhancedAlpha, controlImages].map(orBlankImage);

const forEach = (type: string, display: string, debug: boolean) =>
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
      ...guide(),
      ...samplerInputs,
      positive: socket('CONDITIONING'),
      negative: socket('CONDITIONING'),
      denoise: segmentDenoise,
      feather,
      ...noiseMask,
      ...wildcard,
      ...cycle,
      ...hook,
      ...options,
    },
    outputs: debug ? [output('IMAGE', 'image'), ...CROPPED] : [output('IMAGE')],
    async run(
      { image, segs, model, clip, vae, positive, negative, ...i },
      context,
    ): Promise<NodeResult> {
      requireSingleImage(image, type);
      const pipe = { model, clip, vae, positive, negative };
      const { noise_mask, detailer_hook, wildcard, seed } = i;
      const result = await detailForEachSeg(
        {
          image,
          segs,
          pipe,
          inputs: i,
          noiseMask: noise_mask,
          hook: detailer_hook,
          wildcard,
          seed,
        },
        context,
      );
      return outputs(result.image, ...(debug ? crops(result) : []));
    },
  });

const forEachPipe = (type: string, display: string, debug: boolean) =>
  defineNode({
    type,
    display,
    category: DETAILER,
    description: 'Samples each segment of an image at a larger size and pastes it back.',
    inputs: {
      image: socket('IMAGE'),
      segs: socket('SEGS'),
      ...guide(),
      ...samplerInputs,
      denoise: segmentDenoise,
      feather,
      ...noiseMask,
      basic_pipe: socket('BASIC_PIPE'),
      ...wildcard,
      ...refinerRatio,
      ...cycle,
      ...hook,
      ...refinerPipe,
      ...options,
    },
    outputs: [
      output('IMAGE', 'image'),
      output('SEGS', 'segs'),
      output('BASIC_PIPE', 'basic_pipe'),
      ...(debug ? CROPPED : [imageList('cnet_images')]),
    ],
    async run({ image, segs, basic_pipe, ...i }, context): Promise<NodeResult> {
      requireSingleImage(image, type);
      const { noise_mask, detailer_hook, wildcard, seed } = i;
      const refiner = refinerOf(i.refiner_basic_pipe_opt, i.refiner_ratio);
      const call = {
        image,
        segs,
        pipe: basic_pipe,
        refiner,
        inputs: i,
        noiseMask: noise_mask,
        hook: detailer_hook,
        wildcard,
        seed,
      };
      const result = await detailForEachSeg(call, context);
      return outputs(
        result.image,
        result.segs,
        basic_pipe,
        ...(debug ? crops(result) : [orBlankImage(result.controlImages)]),
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
    ...guide('mask bbox', 'crop region'),
    mask_mode: boolean({ default: true, label_on: 'masked only', label_off: 'whole' }),
    ...samplerInputs,
    denoise: segmentDenoise,
    feather,
    crop_factor: float({ default: 3, min: 1, max: 10, step: 0.1 }),
    drop_size: int({ default: 10, min: 1, max: MAX_RESOLUTION, step: 1 }),
    ...refinerRatio,
    batch_size: int({ default: 1, min: 1, max: 100 }),
    ...cycle,
    ...refinerPipe,
    ...hook,
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
  async run({ image, mask, basic_pipe, refiner_basic_pipe_opt, ...i }, context) {
    requireSingleImage(image, 'MaskDetailerPipe');
    const segs = maskToSegs(squeezeMask(mask), {
      combined: false,
      cropFactor: i.crop_factor,
      bboxFill: i.bbox_fill ?? false,
      dropSize: i.drop_size,
      isContour: i.contour_fill ?? true,
    });
    const refiner = refinerOf(refiner_basic_pipe_opt, i.refiner_ratio);
    const results: DetailerResult[] = [];
    for (let n = 0; n < i.batch_size; n++) {
      const call = {
        image,
        segs,
        pipe: basic_pipe,
        refiner,
        inputs: i,
        noiseMask: i.mask_mode,
        hook: i.detailer_hook,
      };
      results.push(await detailForEachSeg({ ...call, seed: i.seed + BigInt(n) }, context));
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
    ...guide('bbox', 'crop_region', 768),
    ...samplerInputs,
    denoise: segmentDenoise,
    ...noiseMask,
    basic_pipe: socket('BASIC_PIPE'),
    ...refinerRatio,
    batch_size: int({ default: 1, min: 1, max: 100 }),
    ...cycle,
    ...refinerPipe,
    ...options,
  },
  outputs: [output('SEGS', 'segs'), imageList('cnet_images')],
  async run(
    { image, segs, basic_pipe, refiner_basic_pipe_opt, noise_mask, batch_size, ...i },
    context,
  ) {
    requireSingleImage(image, 'SEGSDetailer');
    const settings = {
      ...detailSettings(basic_pipe, i, context),
      ...segmentProgress(context, i.steps * i.cycle),
      noiseMask: noise_mask,
      refiner: refinerOf(refiner_basic_pipe_opt, i.refiner_ratio),
    };
    const result = await detailSegs(rgbChannels(image), segs, settings, batch_size);
    return outputs(result.segs, orBlankImage(result.controlImages));
  },
});

export const DETAILER_NODES = [
  forEach('DetailerForEach', 'Detailer (SEGS)', false),
  forEach('DetailerForEachDebug', 'DetailerDebug (SEGS)', true),
  forEachPipe('DetailerForEachPipe', 'Detailer (SEGS/pipe)', false),
  forEachPipe('DetailerForEachDebugPipe', 'DetailerDebug (SEGS/pipe)', true),
  MaskDetailerPipe,
  SEGSDetailer,
];
