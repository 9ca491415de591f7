// FaceDetailer: detects segments and samples them at a larger size in one node. Source: Impact Pack
// impact_pack.py.

import { segsBitwiseAndMask } from '../../../../segs/edit/edit-masks.ts';
import { segsToCombinedMask } from '../../../../segs/edit/segs-to-masks.ts';
import { DETECTION_HINTS, NEGATIVE_HINTS } from '../../../../segs/make/sam-masks.ts';
import type { Segs } from '../../../../segs/segs.ts';
import { concatBatch, sliceBatch, type Tensor } from '../../../../tensor/tensor.ts';
import type { NodeContext } from '../../../context.ts';
import { combo, defineNode, float, int, output, outputs, socket } from '../../../declare.ts';
import type { InputValues } from '../../../input-types.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';
import { rgbChannels } from '../../../shared/shape-checks.ts';
import { feather, samplerInputs, segmentDenoise } from '../impact-inputs.ts';
import type { DetailerPipe } from '../impact-sockets.ts';
import { samMasksOf } from '../segs/sam-nodes.ts';
import {
  cycleInput,
  type DetailInputs,
  detailerOptions,
  guideInputs,
  hookInput,
  noiseMaskInputs,
  refinerRatioInput,
  tiledOptions,
  wildcardInput,
} from './detailer-inputs.ts';
import { orBlankImage, refinerOf, runDetailer } from './run-detailer.ts';

const detectionInputs = {
  bbox_threshold: float({
    default: 0.5,
    min: 0,
    max: 1,
    step: 0.01,
    tooltip: 'Minimum confidence of detections.',
  }),
  bbox_dilation: int({
    default: 10,
    min: -512,
    max: 512,
    step: 1,
    tooltip: 'Pixels by which the masks grow; below 0 they shrink.',
  }),
  bbox_crop_factor: float({
    default: 3,
    min: 1,
    max: 10,
    step: 0.1,
    tooltip: 'Size of the crop region relative to the bbox.',
  }),
  sam_detection_hint: combo(DETECTION_HINTS),
  sam_dilation: int({ min: -512, max: 512, step: 1 }),
  sam_threshold: float({ default: 0.93, min: 0, max: 1, step: 0.01 }),
  sam_bbox_expansion: int({ min: 0, max: 1000, step: 1 }),
  sam_mask_hint_threshold: float({ default: 0.7, min: 0, max: 1, step: 0.01 }),
  sam_mask_hint_use_negative: combo(NEGATIVE_HINTS),
  drop_size: int({
    default: 10,
    min: 1,
    max: MAX_RESOLUTION,
    step: 1,
    tooltip: 'Smaller detections are dropped.',
  }),
};

type Inputs = InputValues<typeof detectionInputs & typeof noiseMaskInputs> &
  DetailInputs & { readonly feather: number; readonly refiner_ratio?: number };

const results = [
  output('IMAGE', 'image'),
  output('IMAGE', 'cropped_refined', true),
  output('IMAGE', 'cropped_enhanced_alpha', true),
  output('MASK', 'mask'),
  output('DETAILER_PIPE', 'detailer_pipe'),
  output('IMAGE', 'cnet_images', true),
];

/** Detects the segments of one image. */
async function detectFaces(image: Tensor, pipe: DetailerPipe, inputs: Inputs): Promise<Segs> {
  const { bboxDetector, segmDetector, samModel, hook } = pipe;
  const options = {
    threshold: inputs.bbox_threshold,
    dilation: inputs.bbox_dilation,
    cropFactor: inputs.bbox_crop_factor,
    dropSize: inputs.drop_size,
  };
  const detector = bboxDetector.withPrompt?.('face') ?? bboxDetector;
  const segs = await detector.detect(image, { ...options, hook });
  if (samModel) {
    const hints = {
      detection_hint: inputs.sam_detection_hint,
      dilation: inputs.sam_dilation,
      threshold: inputs.sam_threshold,
      bbox_expansion: inputs.sam_bbox_expansion,
      mask_hint_threshold: inputs.sam_mask_hint_threshold,
      mask_hint_use_negative: inputs.sam_mask_hint_use_negative,
    };
    return segsBitwiseAndMask(segs, (await samMasksOf(samModel, segs, image, hints)).combined);
  }
  if (!segmDetector) return segs;
  const masked = await segmDetector.detect(image, options);
  if (segmDetector.replacesBbox && !hook) return masked;
  return segsBitwiseAndMask(segs, segsToCombinedMask(masked));
}

interface FaceResult {
  readonly image: Tensor;
  readonly enhanced: readonly Tensor[];
  readonly enhancedAlpha: readonly Tensor[];
  readonly controlImages: readonly Tensor[];
  readonly mask: Tensor;
}

async function detailFaces(
  image: Tensor,
  pipe: DetailerPipe,
  inputs: Inputs,
  seed: bigint,
  context: NodeContext,
): Promise<FaceResult> {
  const segs = await detectFaces(image, pipe, inputs);
  const mask = segsToCombinedMask(segs);
  if (segs.segs.length === 0)
    return { image, enhanced: [], enhancedAlpha: [], controlImages: [], mask };
  const refiner = refinerOf(pipe.refiner, inputs.refiner_ratio);
  const { wildcard, hook } = pipe;
  const result = await runDetailer(
    {
      image,
      segs,
      pipe,
      refiner,
      inputs,
      noiseMask: inputs.noise_mask,
      hook,
      wildcard,
      seed,
    },
    context,
  );
  return { ...result, mask };
}

/** FaceDetailer for each image of a batch; the seed grows by one with each. */
async function detailFaceBatch(
  images: Tensor,
  pipe: DetailerPipe,
  inputs: Inputs,
  context: NodeContext,
) {
  const batch = rgbChannels(images);
  const faces: FaceResult[] = [];
  for (let n = 0; n < batch.shape[0]; n++)
    faces.push(
      await detailFaces(
        sliceBatch(batch, n, n + 1),
        pipe,
        inputs,
        inputs.seed + BigInt(n),
        context,
      ),
    );
  return outputs(
    concatBatch(faces.map(({ image }) => image)),
    faces.flatMap(({ enhanced }) => orBlankImage(enhanced)),
    faces.flatMap(({ enhancedAlpha }) => orBlankImage(enhancedAlpha)),
    concatBatch(faces.map(({ mask }) => mask)),
    pipe,
    faces.flatMap(({ controlImages }) => orBlankImage(controlImages)),
  );
}

const description =
  'Detects segments of an image (faces, hands) and samples them at a larger size.';

const FaceDetailer = defineNode({
  type: 'FaceDetailer',
  display: 'FaceDetailer',
  category: 'ImpactPack/Simple',
  description,
  inputs: {
    image: socket('IMAGE'),
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
    ...detectionInputs,
    bbox_detector: socket('BBOX_DETECTOR'),
    ...wildcardInput,
    ...cycleInput,
    sam_model_opt: socket('SAM_MODEL', { optional: true }),
    segm_detector_opt: socket('SEGM_DETECTOR', { optional: true }),
    ...hookInput,
    ...detailerOptions,
    ...tiledOptions,
  },
  outputs: results,
  run(
    {
      image,
      model,
      clip,
      vae,
      positive,
      negative,
      bbox_detector,
      wildcard,
      sam_model_opt,
      segm_detector_opt,
      detailer_hook,
      ...inputs
    },
    context,
  ) {
    const pipe: DetailerPipe = {
      model,
      clip,
      vae,
      positive,
      negative,
      wildcard,
      bboxDetector: bbox_detector,
      segmDetector: segm_detector_opt,
      samModel: sam_model_opt,
      hook: detailer_hook,
    };
    return detailFaceBatch(image, pipe, inputs, context);
  },
});

const FaceDetailerPipe = defineNode({
  type: 'FaceDetailerPipe',
  display: 'FaceDetailer (pipe)',
  category: 'ImpactPack/Simple',
  description,
  inputs: {
    image: socket('IMAGE'),
    detailer_pipe: socket('DETAILER_PIPE'),
    ...guideInputs(),
    ...samplerInputs,
    denoise: segmentDenoise,
    feather,
    ...noiseMaskInputs,
    ...detectionInputs,
    ...refinerRatioInput,
    ...cycleInput,
    ...detailerOptions,
    ...tiledOptions,
  },
  outputs: results,
  run: ({ image, detailer_pipe, ...inputs }, context) =>
    detailFaceBatch(image, detailer_pipe, inputs, context),
});

export const FACE_DETAILER_NODES = [FaceDetailer, FaceDetailerPipe];
