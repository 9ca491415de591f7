// The menus (categories) that ComfyUI has moved nodes to after 0.3.64. From /object_info of all
// releases up to 0.33.0.
import type { Release } from './comfyui-versions.ts';

export interface MenuChange {
  readonly since: Release;
  readonly menu: string;
  /** Class types. */
  readonly nodes: readonly string[];
}

/** Types separated by commas. */
const types = (text: string): readonly string[] => text.trim().split(/,\s+/);

export const MENU_CHANGES: readonly MenuChange[] = [
  {
    since: '0.21.0',
    menu: 'experimental',
    nodes: types(`
      LoraSave, LatentBlend, SelfAttentionGuidance, FreSca, Mahiro, PerpNegGuider,
      SamplerEulerCFGpp, DifferentialDiffusion, PerpNeg, TorchCompileModel
    `),
  },
  {
    since: '0.21.0',
    menu: 'experimental/attention_experiments',
    nodes: types(`
      UNetSelfAttentionMultiply, UNetCrossAttentionMultiply, UNetTemporalAttentionMultiply,
      CLIPAttentionMultiply
    `),
  },
  { since: '0.21.0', menu: 'image/batch', nodes: types('ImageBatch') },
  { since: '0.21.0', menu: 'image', nodes: types('SaveImageWebsocket') },
  {
    since: '0.21.0',
    menu: 'image/color',
    nodes: types(`
      ImageInvert, ImageRGBToYUV, ImageYUVToRGB
    `),
  },
  { since: '0.21.0', menu: 'image/transform', nodes: types('ImagePadForOutpaint') },
  {
    since: '0.21.0',
    menu: 'text',
    nodes: types(`
      StringConcatenate, StringSubstring, StringLength, CaseConverter, StringTrim,
      StringReplace, StringContains, StringCompare, RegexMatch, RegexExtract, RegexReplace
    `),
  },
  {
    since: '0.22.0',
    menu: 'image',
    nodes: types(`
      LoadImageMask, SaveAnimatedWEBP, SaveAnimatedPNG
    `),
  },
  {
    since: '0.22.0',
    menu: 'image/compositing',
    nodes: types(`
      ImageCompositeMasked, PorterDuffImageComposite, SplitImageWithAlpha, JoinImageWithAlpha
    `),
  },
  {
    since: '0.22.0',
    menu: 'image/filters',
    nodes: types(`
      ImageBlend, ImageBlur, ImageSharpen, ImageQuantize, Morphology, ImageAddNoise, Canny
    `),
  },
  {
    since: '0.22.0',
    menu: 'image/mask',
    nodes: types(`
      MaskPreview, MaskToImage, ImageToMask, ImageColorToMask, SolidMask, InvertMask, CropMask,
      MaskComposite, FeatherMask, GrowMask, ThresholdMask
    `),
  },
  {
    since: '0.23.0',
    menu: 'model/conditioning',
    nodes: types(`
      CLIPVisionEncode, unCLIPConditioning, CLIPTextEncode, CLIPSetLastLayer
    `),
  },
  {
    since: '0.23.0',
    menu: 'model/conditioning/controlnet',
    nodes: types(`
      SetUnionControlNetType, ControlNetApply, ControlNetApplyAdvanced, ControlNetApplySD3
    `),
  },
  { since: '0.23.0', menu: 'model/conditioning/gligen', nodes: types('GLIGENTextBoxApply') },
  {
    since: '0.23.0',
    menu: 'model/conditioning/instructpix2pix',
    nodes: types(`
      InstructPixToPixConditioning
    `),
  },
  {
    since: '0.23.0',
    menu: 'model/latent',
    nodes: types(`
      EmptyLatentImage, LatentUpscale, LatentUpscaleBy, LatentComposite, LatentCompositeMasked,
      VAEDecode, VAEEncode
    `),
  },
  {
    since: '0.23.0',
    menu: 'model/latent/advanced',
    nodes: types(`
      LatentAdd, LatentSubtract, LatentMultiply, LatentInterpolate, LatentConcat, LatentCut,
      LatentBatchSeedBehavior
    `),
  },
  {
    since: '0.23.0',
    menu: 'model/latent/advanced/operations',
    nodes: types(`
      LatentApplyOperation, LatentApplyOperationCFG, LatentOperationTonemapReinhard,
      LatentOperationSharpen
    `),
  },
  {
    since: '0.23.0',
    menu: 'model/latent/batch',
    nodes: types(`
      LatentFromBatch, RepeatLatentBatch, LatentBatch, RebatchLatents
    `),
  },
  {
    since: '0.23.0',
    menu: 'model/latent/transform',
    nodes: types(`
      LatentFlip, LatentRotate, LatentCrop
    `),
  },
  {
    since: '0.23.0',
    menu: 'model/loaders',
    nodes: types(`
      CheckpointLoaderSimple, VAELoader, HypernetworkLoader, CLIPVisionLoader,
      unCLIPCheckpointLoader, StyleModelLoader, LoraLoader, LoraLoaderModelOnly, GLIGENLoader,
      UpscaleModelLoader, ControlNetLoader, DiffControlNetLoader, ImageOnlyCheckpointLoader
    `),
  },
  {
    since: '0.23.0',
    menu: 'model/patch/unet',
    nodes: types(`
      FreeU, FreeU_V2, PerturbedAttentionGuidance, PatchModelAddDownscale, HyperTile,
      TomePatchModel, Epsilon Scaling
    `),
  },
  { since: '0.23.0', menu: 'model/sampling', nodes: types('KSampler, KSamplerAdvanced') },
  {
    since: '0.23.0',
    menu: 'model/sampling/guiders',
    nodes: types(`
      VideoLinearCFGGuidance, VideoTriangleCFGGuidance, BasicGuider, CFGGuider, DualCFGGuider
    `),
  },
  { since: '0.23.0', menu: 'model/sampling/noise', nodes: types('RandomNoise, DisableNoise') },
  {
    since: '0.23.0',
    menu: 'model/sampling/samplers',
    nodes: types(`
      KSamplerSelect, SamplerEulerAncestral, SamplerEulerAncestralCFGPP, SamplerLMS,
      SamplerDPMPP_3M_SDE, SamplerDPMPP_2M_SDE, SamplerDPMPP_SDE, SamplerDPMPP_2S_Ancestral,
      SamplerDPMAdaptative, SamplerER_SDE, SamplerSASolver, SamplerLCMUpscale
    `),
  },
  {
    since: '0.23.0',
    menu: 'model/sampling/schedulers',
    nodes: types(`
      BasicScheduler, KarrasScheduler, ExponentialScheduler, PolyexponentialScheduler,
      LaplaceScheduler, VPScheduler, BetaSamplingScheduler, SDTurboScheduler,
      AlignYourStepsScheduler, GITSScheduler
    `),
  },
  {
    since: '0.23.0',
    menu: 'model/sampling/sigmas',
    nodes: types(`
      SplitSigmas, SplitSigmasDenoise, FlipSigmas, SetFirstSigma, ExtendIntermediateSigmas,
      SamplingPercentToSigma
    `),
  },
  { since: '0.23.0', menu: 'utilities', nodes: types('PreviewAny') },
  {
    since: '0.23.0',
    menu: 'utilities/primitive',
    nodes: types(`
      PrimitiveString, PrimitiveStringMultiline, PrimitiveInt, PrimitiveFloat, PrimitiveBoolean
    `),
  },
  { since: '0.26.0', menu: 'advanced/debug', nodes: types('LazyCache') },
  { since: '0.26.0', menu: 'model/conditioning', nodes: types('InpaintModelConditioning') },
  {
    since: '0.26.0',
    menu: 'model/conditioning/stable diffusion',
    nodes: types(`
      CLIPTextEncodeSDXL, CLIPTextEncodeSDXLRefiner
    `),
  },
  {
    since: '0.26.0',
    menu: 'model/conditioning/transform',
    nodes: types(`
      ConditioningCombine, ConditioningAverage, ConditioningConcat, ConditioningSetArea,
      ConditioningSetAreaPercentage, ConditioningSetAreaStrength, ConditioningSetMask,
      ConditioningSetTimestepRange, ConditioningZeroOut
    `),
  },
  {
    since: '0.26.0',
    menu: 'model/latent',
    nodes: types(`
      SetLatentNoiseMask, VAEEncodeForInpaint
    `),
  },
  {
    since: '0.26.0',
    menu: 'model/loaders',
    nodes: types(`
      CheckpointLoader, UNETLoader, CLIPLoader, DualCLIPLoader, DiffusersLoader
    `),
  },
  {
    since: '0.26.0',
    menu: 'model/merging',
    nodes: types(`
      ModelMergeSimple, ModelMergeBlocks, ModelMergeSubtract, ModelMergeAdd, CLIPMergeSimple,
      CLIPMergeSubtract, CLIPMergeAdd, CheckpointSave, ModelSave, CLIPSave, VAESave
    `),
  },
  {
    since: '0.26.0',
    menu: 'model/merging/model specific',
    nodes: types(`
      ModelMergeSD1, ModelMergeSD2, ModelMergeSDXL
    `),
  },
  {
    since: '0.26.0',
    menu: 'model/patch',
    nodes: types(`
      RenormCFG, ModelSamplingDiscrete, ModelSamplingContinuousEDM, ModelSamplingContinuousV,
      RescaleCFG
    `),
  },
  {
    since: '0.26.0',
    menu: 'model/sampling/custom',
    nodes: types(`
      APG, SamplerCustom, SamplerCustomAdvanced
    `),
  },
  { since: '0.27.0', menu: 'model/conditioning/photomaker', nodes: types('PhotoMakerEncode') },
  {
    since: '0.26.0',
    menu: 'model/conditioning/stable diffusion upscaler',
    nodes: types('SD_4XUpscale_Conditioning'),
  },
  {
    since: '0.27.0',
    menu: 'model/latent',
    nodes: types(`
      VAEDecodeTiled, VAEEncodeTiled, SaveLatent, LoadLatent
    `),
  },
  { since: '0.27.0', menu: 'model/loaders', nodes: types('PhotoMakerLoader') },
  { since: '0.27.0', menu: 'model/sampling/noise', nodes: types('AddNoise') },
];
