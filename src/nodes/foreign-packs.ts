// Which pack a node type belongs to, for types that are not built in: so that one knows what a workflow needs. Names are facts of the packs.

const types = (text: string): string[] => text.trim().split(/\s+/);

/** Types by name. */
const NAMED: readonly (readonly [pack: string, types: readonly string[]])[] = [
  [
    'ComfyUI itself',
    types(`
  APG AddNoise AlignYourStepsScheduler AudioAdjustVolume AudioConcat AudioEncoderEncode AudioEncoderLoader AudioMerge BasicGuider
  BasicScheduler BetaSamplingScheduler CFGGuider CFGNorm CFGZeroStar CLIPAttentionMultiply CLIPLoader CLIPMergeAdd CLIPMergeSimple
  CLIPMergeSubtract CLIPSave CLIPSetLastLayer CLIPTextEncode CLIPTextEncodeControlnet CLIPTextEncodeFlux CLIPTextEncodeHiDream
  CLIPTextEncodeHunyuanDiT CLIPTextEncodeLumina2 CLIPTextEncodePixArtAlpha CLIPTextEncodeSD3 CLIPTextEncodeSDXL
  CLIPTextEncodeSDXLRefiner CLIPVisionEncode CLIPVisionLoader Canny CaseConverter CheckpointLoader CheckpointLoaderSimple CheckpointSave
  ChromaRadianceOptions ConditioningAverage ConditioningCombine ConditioningConcat ConditioningSetArea ConditioningSetAreaPercentage
  ConditioningSetAreaPercentageVideo ConditioningSetAreaStrength ConditioningSetMask ConditioningSetTimestepRange
  ConditioningStableAudio ConditioningZeroOut ContextWindowsManual ControlNetApply ControlNetApplyAdvanced ControlNetApplySD3
  ControlNetInpaintingAliMamaApply ControlNetLoader CosmosImageToVideoLatent CosmosPredict2ImageToVideoLatent CreateVideo CropMask
  DiffControlNetLoader DifferentialDiffusion DiffusersLoader DisableNoise DualCFGGuider DualCLIPLoader EasyCache EmptyAceStepLatentAudio
  EmptyAudio EmptyChromaRadianceLatentImage EmptyCosmosLatentVideo EmptyHunyuanImageLatent EmptyHunyuanLatentVideo EmptyImage
  EmptyLTXVLatentVideo EmptyLatentAudio EmptyLatentHunyuan3Dv2 EmptyLatentImage EmptyMochiLatentVideo EmptySD3LatentImage
  ExponentialScheduler ExtendIntermediateSigmas FeatherMask FlipSigmas FluxDisableGuidance FluxGuidance FluxKontextImageScale
  FluxKontextMultiReferenceLatentMethod FreSca FreeU FreeU_V2 GITSScheduler GLIGENLoader GLIGENTextBoxApply GetImageSize
  GetVideoComponents GrowMask Hunyuan3Dv2Conditioning Hunyuan3Dv2ConditioningMultiView HunyuanImageToVideo HunyuanRefinerLatent
  HyperTile HypernetworkLoader ImageAddNoise ImageBatch ImageBlend ImageBlur ImageColorToMask ImageCompositeMasked ImageCrop ImageFlip
  ImageFromBatch ImageInvert ImageOnlyCheckpointLoader ImageOnlyCheckpointSave ImagePadForOutpaint ImageQuantize ImageRGBToYUV
  ImageRotate ImageScale ImageScaleBy ImageScaleToMaxDimension ImageScaleToTotalPixels ImageSharpen ImageStitch ImageToMask
  ImageUpscaleWithModel ImageYUVToRGB InpaintModelConditioning InstructPixToPixConditioning InvertMask JoinImageWithAlpha KSampler
  KSamplerAdvanced KSamplerSelect KarrasScheduler LTXVAddGuide LTXVConditioning LTXVCropGuides LTXVImgToVideo LTXVPreprocess
  LTXVScheduler LaplaceScheduler LatentAdd LatentApplyOperation LatentApplyOperationCFG LatentBatch LatentBatchSeedBehavior LatentBlend
  LatentComposite LatentCompositeMasked LatentConcat LatentCrop LatentCut LatentFlip LatentFromBatch LatentInterpolate LatentMultiply
  LatentOperationSharpen LatentOperationTonemapReinhard LatentRotate LatentSubtract LatentUpscale LatentUpscaleBy LazyCache Load3D
  Load3DAnimation LoadAudio LoadImage LoadImageMask LoadImageOutput LoadImageSetFromFolderNode LoadImageTextSetFromFolderNode LoadLatent
  LoadVideo LoraLoader LoraLoaderModelOnly LoraModelLoader LoraSave LossGraphNode LotusConditioning Mahiro MaskComposite MaskPreview
  MaskToImage ModelComputeDtype ModelMergeAdd ModelMergeAuraflow ModelMergeBlocks ModelMergeCosmos14B ModelMergeCosmos7B
  ModelMergeCosmosPredict2_14B ModelMergeCosmosPredict2_2B ModelMergeFlux1 ModelMergeLTXV ModelMergeMochiPreview ModelMergeQwenImage
  ModelMergeSD1 ModelMergeSD2 ModelMergeSD35_Large ModelMergeSD3_2B ModelMergeSDXL ModelMergeSimple ModelMergeSubtract ModelMergeWAN2_1
  ModelPatchLoader ModelSamplingAuraFlow ModelSamplingContinuousEDM ModelSamplingContinuousV ModelSamplingDiscrete ModelSamplingFlux
  ModelSamplingLTXV ModelSamplingSD3 ModelSamplingStableCascade ModelSave Morphology OptimalStepsScheduler PatchModelAddDownscale
  PerpNeg PerpNegGuider PerturbedAttentionGuidance PhotoMakerEncode PhotoMakerLoader PolyexponentialScheduler PorterDuffImageComposite
  Preview3D Preview3DAnimation PreviewAny PreviewAudio PreviewImage PrimitiveBoolean PrimitiveFloat PrimitiveInt PrimitiveString
  PrimitiveStringMultiline QuadrupleCLIPLoader QwenImageDiffsynthControlnet RandomNoise RebatchImages RebatchLatents RecordAudio
  ReferenceLatent RegexExtract RegexMatch RegexReplace RenormCFG RepeatImageBatch RepeatLatentBatch RescaleCFG ResizeAndPadImage
  SDTurboScheduler SD_4XUpscale_Conditioning SV3D_Conditioning SVD_img2vid_Conditioning SamplerCustom SamplerCustomAdvanced
  SamplerDPMAdaptative SamplerDPMPP_2M_SDE SamplerDPMPP_2S_Ancestral SamplerDPMPP_3M_SDE SamplerDPMPP_SDE SamplerER_SDE
  SamplerEulerAncestral SamplerEulerAncestralCFGPP SamplerEulerCFGpp SamplerLCMUpscale SamplerLMS SamplerSASolver SamplingPercentToSigma
  SaveAnimatedPNG SaveAnimatedWEBP SaveAudio SaveAudioMP3 SaveAudioOpus SaveGLB SaveImage SaveLatent SaveLoRANode SaveSVGNode SaveVideo
  SaveWEBM SelfAttentionGuidance SetFirstSigma SetLatentNoiseMask SetUnionControlNetType SkipLayerGuidanceDiT SkipLayerGuidanceDiTSimple
  SkipLayerGuidanceSD3 SolidMask SplitAudioChannels SplitImageWithAlpha SplitSigmas SplitSigmasDenoise StableCascade_EmptyLatentImage
  StableCascade_StageB_Conditioning StableCascade_StageC_VAEEncode StableCascade_SuperResolutionControlnet StableZero123_Conditioning
  StableZero123_Conditioning_Batched StringCompare StringConcatenate StringContains StringLength StringReplace StringSubstring
  StringTrim StyleModelApply StyleModelLoader T5TokenizerOptions TCFG TextEncodeAceStepAudio TextEncodeHunyuanVideo_ImageToVideo
  TextEncodeQwenImageEdit TextEncodeQwenImageEditPlus ThresholdMask TomePatchModel TorchCompileModel TrainLoraNode TrimAudioDuration
  TrimVideoLatent TripleCLIPLoader UNETLoader UNetCrossAttentionMultiply UNetSelfAttentionMultiply UNetTemporalAttentionMultiply
  USOStyleReference UpscaleModelLoader VAEDecode VAEDecodeAudio VAEDecodeHunyuan3D VAEDecodeTiled VAEEncode VAEEncodeAudio
  VAEEncodeForInpaint VAEEncodeTiled VAELoader VAESave VPScheduler VideoLinearCFGGuidance VideoTriangleCFGGuidance VoxelToMesh
  VoxelToMeshBasic Wan22FunControlToVideo Wan22ImageToVideoLatent WanAnimateToVideo WanCameraEmbedding WanCameraImageToVideo
  WanContextWindowsManual WanFirstLastFrameToVideo WanFunControlToVideo WanFunInpaintToVideo WanHuMoImageToVideo WanImageToVideo
  WanPhantomSubjectToVideo WanSoundImageToVideo WanSoundImageToVideoExtend WanTrackToVideo WanVaceToVideo WebcamCapture
  unCLIPCheckpointLoader unCLIPConditioning CombineHooks2 CombineHooks4 CombineHooks8 ConditioningSetDefaultCombine
  ConditioningSetProperties ConditioningSetPropertiesAndCombine ConditioningTimestepsRange CreateHookKeyframe
  CreateHookKeyframesFromFloats CreateHookKeyframesInterpolated CreateHookLora CreateHookLoraModelOnly CreateHookModelAsLora
  CreateHookModelAsLoraModelOnly PairConditioningCombine PairConditioningSetDefaultCombine PairConditioningSetProperties
  PairConditioningSetPropertiesAndCombine SetClipHooks SetHookKeyframes
`),
  ],
  [
    'Impact Pack',
    types(`
  AddMask AnyPipeToBasic BasicPipeToDetailerPipe BasicPipeToDetailerPipeSDXL BboxDetectorCombined BboxDetectorCombined_v2
  BboxDetectorForEach BboxDetectorSEGS BitwiseAndMask BitwiseAndMaskForEach CLIPSegDetectorProvider CfgScheduleHookProvider
  CombineRegionalPrompts CoreMLDetailerHookProvider DenoiseScheduleHookProvider DenoiseSchedulerDetailerHookProvider DetailerForEach
  DetailerForEachDebug DetailerForEachDebugPipe DetailerForEachPipe DetailerForEachPipeForAnimateDiff DetailerHookCombine
  DetailerPipeToBasicPipe EditBasicPipe EditDetailerPipe EditDetailerPipeSDXL EmptySegs FaceDetailer FaceDetailerPipe FromBasicPipe
  FromBasicPipe_v2 FromDetailerPipe FromDetailerPipeSDXL FromDetailerPipe_v2 GITSSchedulerFuncProvider ImageListToImageBatch
  ImageMaskSwitch ImageReceiver ImageSender IterativeImageUpscale IterativeLatentUpscale KSamplerAdvancedProvider KSamplerProvider
  LatentPixelScale LatentReceiver LatentSender LatentSwitch MMDetDetectorProvider MMDetLoader MaskDetailerPipe MaskListToMaskBatch
  MaskToSEGS MaskToSEGS_for_AnimateDiff MasksToMaskList MediaPipeFaceMeshToSEGS NoiseInjectionDetailerHookProvider
  NoiseInjectionHookProvider ONNXDetectorProvider ONNXDetectorSEGS PixelKSampleHookCombine PixelKSampleUpscalerProvider
  PixelKSampleUpscalerProviderPipe PixelTiledKSampleUpscalerProvider PixelTiledKSampleUpscalerProviderPipe PreviewBridge
  PreviewBridgeLatent PreviewDetailerHookProvider ReencodeLatent ReencodeLatentPipe RegionalPrompt RegionalSampler
  RegionalSamplerAdvanced RemoveImageFromSEGS RemoveNoiseMask SAMDetectorCombined SAMDetectorSegmented SAMLoader SEGSDetailer
  SEGSDetailerForAnimateDiff SEGSLabelFilterDetailerHookProvider SEGSOrderedFilterDetailerHookProvider SEGSPaste SEGSPreview
  SEGSPreviewCNet SEGSRangeFilterDetailerHookProvider SEGSSwitch SEGSToImageList SEGSUpscaler SEGSUpscalerPipe SegmDetectorCombined
  SegmDetectorCombined_v2 SegmDetectorForEach SegmDetectorSEGS SegsMaskCombine SegsToCombinedMask SetDefaultImageForSEGS
  StepsScheduleHookProvider StringListToString SubtractMask SubtractMaskForEach TiledKSamplerProvider ToBasicPipe ToBinaryMask
  ToDetailerPipe ToDetailerPipeSDXL TwoAdvancedSamplersForMask TwoSamplersForMask TwoSamplersForMaskUpscalerProvider
  TwoSamplersForMaskUpscalerProviderPipe UnsamplerDetailerHookProvider UnsamplerHookProvider VariationNoiseDetailerHookProvider
  WildcardPromptFromString
`),
  ],
  ['Impact Subpack', ['UltralyticsDetectorProvider']],
  [
    'ComfyUI_IPAdapter_plus',
    types(
      'IPAdapter IPAdapterAdvanced IPAdapterApply IPAdapterUnifiedLoader PrepImageForClipVision',
    ),
  ],
  [
    'ComfyUI_experiments',
    types(
      'ModelSamplerTonemapNoiseTest RescaleClassifierFreeGuidanceTest ReferenceOnlySimple TonemapNoiseWithRescaleCFG',
    ),
  ],
  ['ComfyUI-TiledDiffusion', ['TiledDiffusion']],
  [
    'efficiency-nodes-comfyui',
    [
      'Efficient Loader',
      'Eff. Loader SDXL',
      'XY Plot',
      'KSampler SDXL (Eff.)',
      'KSampler Adv. (Efficient)',
    ],
  ],
  ['ComfyUI-CLIPSeg', types('CLIPSeg CombineSegMasks')],
  ['sdxl_prompt_styler', types('SDXLPromptStyler SDXLPromptStylerAdvanced')],
  ['ComfyUI-SDXL-EmptyLatentImage', ['SDXL Empty Latent Image']],
  [
    'ComfyUI_ADV_CLIP_emb',
    types(
      'BNK_CLIPTextEncodeAdvanced BNK_CLIPTextEncodeSDXLAdvanced BNK_AddCLIPSDXLParams BNK_AddCLIPSDXLRParams',
    ),
  ],
  ['ComfyUI_TiledKSampler', types('BNK_TiledKSampler BNK_TiledKSamplerAdvanced')],
  [
    'ComfyUI_Noise',
    types(
      'BNK_NoisyLatentImage BNK_DuplicateBatchIndex BNK_SlerpLatent BNK_GetSigma BNK_InjectNoise BNK_Unsampler',
    ),
  ],
  [
    'ComfyUI_UltimateSDUpscale',
    types('UltimateSDUpscale UltimateSDUpscaleNoUpscale UltimateSDUpscaleCustomSample'),
  ],
  [
    'ComfyUI-Workflow-Component',
    types(
      'ComponentInput ComponentInputOptional ComponentOutput ExecutionBlocker ExecutionOneOf ExecutionSwitch ExecutionControlString',
    ),
  ],
];

/** Types by how they look: packs that mark all of theirs. The first that matches counts. */
const MARKED: readonly (readonly [pattern: RegExp, pack: string])[] = [
  [/^WD14Tagger\|pysssss$/, 'ComfyUI-WD14-Tagger'],
  [/\|pysssss$/, 'ComfyUI-Custom-Scripts'],
  [/ \/\/Inspire$/, 'Inspire Pack'],
  [/\(rgthree\)$/, 'rgthree-comfy'],
  [/\(Efficient\)$/, 'efficiency-nodes-comfyui'],
  [/\(mtb\)$/, 'comfy_mtb'],
  [/\(WLSH\)$/, 'wlsh_nodes'],
  [/^CR /, 'ComfyUI_Comfyroll_CustomNodes'],
  [/^easy /, 'ComfyUI-Easy-Use'],
  [/^BNK_Cutoff/, 'ComfyUI_Cutoff'],
  [/^Impact|^SEGS/, 'Impact Pack'],
  [/^Searge/, 'SeargeSDXL'],
  [/^IPAdapter/, 'ComfyUI_IPAdapter_plus'],
  [/^VHS_/, 'ComfyUI-VideoHelperSuite'],
  [/^ADE_|^AnimateDiff/, 'ComfyUI-AnimateDiff-Evolved'],
  [/^ACN_/, 'ComfyUI-Advanced-ControlNet'],
  [/Preprocessor$/, 'comfyui_controlnet_aux'],
  [/^Nunchaku/, 'ComfyUI-nunchaku'],
  [/GGUF$/, 'ComfyUI-GGUF'],
  [/^tri3d-/, 'tri3d-comfyui-nodes'],
  [/^## /, 'ComfyUI-Workflow-Component (the definition of this component is not in the file)'],
  [/^workflow[>/]/, 'a group node whose definition is not in the file'],
  [
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    'a subgraph whose definition is not in the file',
  ],
  [/\+$/, 'ComfyUI_essentials'],
];

const BY_NAME: ReadonlyMap<string, string> = new Map(
  NAMED.flatMap(([pack, names]) => names.map((name): [string, string] => [name, pack])),
);

/** The pack that brings a node type, as far as it can be told; undefined otherwise. */
export const packOf = (type: string): string | undefined =>
  BY_NAME.get(type) ?? MARKED.find(([pattern]) => pattern.test(type))?.[1];
