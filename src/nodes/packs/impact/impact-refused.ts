// Types of the Impact Pack that are not built in, and why.
import type { RefusedTypes } from '../../pack.ts';

export const IMPACT_REFUSED: readonly RefusedTypes[] = [
  {
    reason: 'it samples with the tiled KSampler of another pack (ComfyUI_TiledKSampler)',
    hint: 'Use KSamplerProvider or PixelKSampleUpscalerProvider; SEGSUpscaler over ImpactMakeTileSEGS samples a picture in tiles.',
    types: [
      'TiledKSamplerProvider',
      'PixelTiledKSampleUpscalerProvider',
      'PixelTiledKSampleUpscalerProviderPipe',
    ],
  },
  {
    reason: 'it works on AnimateDiff videos, frame by frame with a motion model that is not read',
    hint: 'For single pictures use DetailerForEachPipe, SEGSDetailer or ImpactSimpleDetectorSEGS.',
    types: [
      'DetailerForEachPipeForAnimateDiff',
      'SEGSDetailerForAnimateDiff',
      'ImpactSimpleDetectorSEGS_for_AD',
    ],
  },
  {
    reason: 'it needs IP-Adapter, whose image encoder and adapters belong to other packs',
    hint: 'Use ImpactControlNetApplyAdvancedSEGS to guide parts by a picture.',
    types: ['ImpactIPAdapterApplySEGS'],
  },
  {
    reason: 'it fits parts to the fixed sizes of CoreML models, which run on Apple devices only',
    hint: 'Leave the hook out: networks here take every size.',
    types: ['CoreMLDetailerHookProvider'],
  },
  {
    reason: "it reads face meshes drawn by MediaPipe's preprocessor of another pack",
    hint: 'Find faces with a YOLO file: ONNXDetectorProvider and BboxDetectorSEGS.',
    types: ['MediaPipeFaceMeshToSEGS'],
  },
  {
    reason: 'MMDetection models are Python programs of their own',
    hint: 'Find parts with a YOLO file: ONNXDetectorProvider, then BboxDetectorSEGS or BboxDetectorCombined_v2.',
    types: [
      'MMDetDetectorProvider',
      'MMDetLoader',
      'BboxDetectorForEach',
      'SegmDetectorForEach',
      'BboxDetectorCombined',
      'SegmDetectorCombined',
    ],
  },
  {
    reason: 'it waits for a mask painted in the editor',
    hint: 'Use PreviewBridge, or LoadImageMask with a painted file.',
    types: ['MaskPainter'],
  },
  {
    reason: 'it needs a classifier of the Hugging Face transformers library',
    hint: 'Choose parts by ImpactSEGSLabelFilter, ImpactSEGSRangeFilter or ImpactSEGSOrderedFilter.',
    types: ['ImpactHFTransformersClassifierProvider', 'ImpactSEGSClassify'],
  },
];
