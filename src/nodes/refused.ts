// Node types that are known and can't be run: their pack, and why. Whoever meets one in a workflow is told so, in place of "unknown".
// A pack's types stand together under one reason; adding some is adding one entry.

export interface Refusal {
  readonly pack: string;
  /** Ends the sentence "node type X … can't be run: ". */
  readonly reason: string;
  /** What to use instead, where there is something. */
  readonly hint?: string;
}

interface RefusedTypes extends Refusal {
  readonly types: readonly string[];
}

const REFUSALS: readonly RefusedTypes[] = [
  {
    pack: 'ComfyUI itself',
    reason: 'style models (T2I-Adapter style, FLUX Redux) are not read',
    hint: 'Guide by a picture with a T2I-Adapter or ControlNet, or with unCLIPConditioning and an unCLIP checkpoint.',
    types: ['StyleModelApply'],
  },
  {
    pack: 'ComfyUI itself',
    reason: 'GLIGEN models are not read',
    hint: 'Place things with ConditioningSetArea or ConditioningSetMask.',
    types: ['GLIGENTextBoxApply'],
  },
  {
    pack: 'SeargeSDXL',
    reason:
      'it belongs to the "magic box" of version 4, one node that hides a whole program of its own',
    hint: 'Use the nodes up to version 3 (workflows Reborn v3.3 and v3.4), or build the stages from KSamplerAdvanced.',
    types: [
      'SeargeAdvancedParameters',
      'SeargeConditioningParameters',
      'SeargeConditionMixing',
      'SeargeControlnetAdapterV2',
      'SeargeControlnetModels',
      'SeargeCustomAfterUpscaling',
      'SeargeCustomAfterVaeDecode',
      'SeargeCustomPromptMode',
      'SeargeDebugPrinter',
      'SeargeFreeU',
      'SeargeGenerationParameters',
      'SeargeHighResolution',
      'SeargeImage2ImageAndInpainting',
      'SeargeImageAdapterV2',
      'SeargeImageSaving',
      'SeargeLoras',
      'SeargeMagicBox',
      'SeargeModelSelector',
      'SeargeOperatingMode',
      'SeargePipelineStart',
      'SeargePipelineTerminator',
      'SeargePreviewImage',
      'SeargePromptAdapterV2',
      'SeargePromptStyles',
      'SeargeSeparator',
      'SeargeTextInputV2',
      'SeargeUpscaleModels',
    ],
  },
  {
    pack: 'SeargeSDXL',
    reason:
      "it replaces the UNet's own program by one that blurs what the positive prompt predicts",
    hint: 'Use SeargeSDXLSampler2.',
    types: ['SeargeSDXLSamplerV3'],
  },
  {
    pack: 'Impact Pack',
    reason: 'it samples with the tiled KSampler of another pack (ComfyUI_TiledKSampler)',
    hint: 'Use KSamplerProvider or PixelKSampleUpscalerProvider; SEGSUpscaler over ImpactMakeTileSEGS samples a picture in tiles.',
    types: [
      'TiledKSamplerProvider',
      'PixelTiledKSampleUpscalerProvider',
      'PixelTiledKSampleUpscalerProviderPipe',
    ],
  },
  {
    pack: 'Impact Pack',
    reason: 'it works on AnimateDiff videos, frame by frame with a motion model that is not read',
    hint: 'For single pictures use DetailerForEachPipe, SEGSDetailer or ImpactSimpleDetectorSEGS.',
    types: [
      'DetailerForEachPipeForAnimateDiff',
      'SEGSDetailerForAnimateDiff',
      'ImpactSimpleDetectorSEGS_for_AD',
    ],
  },
  {
    pack: 'Impact Pack',
    reason: 'it needs IP-Adapter, whose image encoder and adapters belong to other packs',
    hint: 'Use ImpactControlNetApplyAdvancedSEGS to guide parts by a picture.',
    types: ['ImpactIPAdapterApplySEGS'],
  },
  {
    pack: 'Impact Pack',
    reason: 'it fits parts to the fixed sizes of CoreML models, which run on Apple devices only',
    hint: 'Leave the hook out: networks here take every size.',
    types: ['CoreMLDetailerHookProvider'],
  },
  {
    pack: 'Impact Pack',
    reason: "it reads face meshes drawn by MediaPipe's preprocessor of another pack",
    hint: 'Find faces with a YOLO file: ONNXDetectorProvider and BboxDetectorSEGS.',
    types: ['MediaPipeFaceMeshToSEGS'],
  },
  {
    pack: 'Impact Pack (legacy)',
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
    pack: 'Impact Pack (legacy)',
    reason: 'it waits for a mask painted in the editor',
    hint: 'Use PreviewBridge, or LoadImageMask with a painted file.',
    types: ['MaskPainter'],
  },
  {
    pack: 'Impact Pack',
    reason: 'it needs a classifier of the Hugging Face transformers library',
    hint: 'Choose parts by ImpactSEGSLabelFilter, ImpactSEGSRangeFilter or ImpactSEGSOrderedFilter.',
    types: ['ImpactHFTransformersClassifierProvider', 'ImpactSEGSClassify'],
  },
];

export const REFUSED: ReadonlyMap<string, Refusal> = new Map(
  REFUSALS.flatMap(({ types, ...refusal }) =>
    types.map((type): [string, Refusal] => [type, refusal]),
  ),
);
