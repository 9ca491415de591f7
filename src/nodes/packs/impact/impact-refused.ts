// Types of the Impact Pack that are not built in, and why.
import type { RefusedTypes } from '../../pack.ts';

export const IMPACT_REFUSED: readonly RefusedTypes[] = [
  {
    reason: 'it samples with the tiled KSampler of another pack (ComfyUI_TiledKSampler)',
    hint:
      'Use KSamplerProvider or PixelKSampleUpscalerProvider; ' +
      'SEGSUpscaler with ImpactMakeTileSEGS samples an image in tiles.',
    types: [
      'TiledKSamplerProvider',
      'PixelTiledKSampleUpscalerProvider',
      'PixelTiledKSampleUpscalerProviderPipe',
    ],
  },
  {
    reason: 'it needs AnimateDiff motion models, which are not supported',
    hint: 'For single images use DetailerForEachPipe, SEGSDetailer or ImpactSimpleDetectorSEGS.',
    types: [
      'DetailerForEachPipeForAnimateDiff',
      'SEGSDetailerForAnimateDiff',
      'ImpactSimpleDetectorSEGS_for_AD',
    ],
  },
  {
    reason: 'it needs IP-Adapter, whose image encoder and adapters belong to other packs',
    hint: 'Use ImpactControlNetApplyAdvancedSEGS to guide segments by an image.',
    types: ['ImpactIPAdapterApplySEGS'],
  },
  {
    reason:
      'it resizes segments to the fixed sizes of CoreML models, which run on Apple devices only',
    hint: 'Remove the hook: Darkroom runs networks at any size.',
    types: ['CoreMLDetailerHookProvider'],
  },
  {
    reason: "it needs face meshes of another pack's MediaPipe preprocessor",
    hint: 'Detect faces with a YOLO file: ONNXDetectorProvider and BboxDetectorSEGS.',
    types: ['MediaPipeFaceMeshToSEGS'],
  },
  {
    reason: 'MMDetection models can only be run with Python',
    hint:
      'Detect with a YOLO file: ONNXDetectorProvider, ' +
      'then BboxDetectorSEGS or BboxDetectorCombined_v2.',
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
    reason: 'it removes objects with the LaMa node of another pack (comfyui-lama-remover)',
    hint: 'Remove the hook: the detailer then samples the segments.',
    types: ['LamaRemoverDetailerHookProvider'],
  },
  {
    reason: 'it follows segments through a video with SAM 2, which is not supported',
    hint: 'For single images use ImpactSimpleDetectorSEGS with a SAM model (vit_b, vit_l, vit_h).',
    types: ['ImpactSAM2VideoDetectorSEGS'],
  },
  {
    reason: 'it needs a mask that is painted in the editor',
    hint: 'Use PreviewBridge, or LoadImageMask with a painted file.',
    types: ['MaskPainter'],
  },
  {
    reason: 'it needs a classifier of the Hugging Face transformers library',
    hint:
      'Select segments with ImpactSEGSLabelFilter, ImpactSEGSRangeFilter ' +
      'or ImpactSEGSOrderedFilter.',
    types: ['ImpactHFTransformersClassifierProvider', 'ImpactSEGSClassify'],
  },
];
