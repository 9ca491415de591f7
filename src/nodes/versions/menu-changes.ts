// The menus (categories) that ComfyUI has moved nodes to after 0.3.64. From /object_info of all
// releases up to 0.33.0.
import type { Release } from './comfyui-versions.ts';

/** By release, oldest first, then by menu: class types, separated by commas. */
export const MENU_CHANGES: readonly (readonly [
  since: Release,
  nodes: Readonly<Record<string, string>>,
])[] = [
  [
    '0.21.0',
    {
      'experimental/conditioning': 'CLIPTextEncodeControlnet, T5TokenizerOptions',
      experimental: `
        LoraSave, LatentBlend, SelfAttentionGuidance, FreSca, Mahiro, PerpNegGuider,
        SamplerEulerCFGpp, DifferentialDiffusion, PerpNeg, TorchCompileModel
      `,
      'experimental/attention_experiments': `
        UNetSelfAttentionMultiply, UNetCrossAttentionMultiply,
        UNetTemporalAttentionMultiply, CLIPAttentionMultiply
      `,
      image: 'SaveImageWebsocket',
      'image/batch': 'ImageBatch',
      'image/color': 'ImageInvert, ImageRGBToYUV, ImageYUVToRGB',
      'image/transform': 'ImagePadForOutpaint',
      text: `
        StringConcatenate, StringSubstring, StringLength, CaseConverter, StringTrim,
        StringReplace, StringContains, StringCompare, RegexMatch, RegexExtract,
        RegexReplace
      `,
    },
  ],
  [
    '0.22.0',
    {
      image: 'LoadImageMask, SaveAnimatedWEBP, SaveAnimatedPNG',
      'image/compositing':
        'ImageCompositeMasked, PorterDuffImageComposite, SplitImageWithAlpha, JoinImageWithAlpha',
      'image/filters':
        'ImageBlend, ImageBlur, ImageSharpen, ImageQuantize, Morphology, ImageAddNoise, Canny',
      'image/mask': `
        MaskPreview, MaskToImage, ImageToMask, ImageColorToMask, SolidMask, InvertMask,
        CropMask, MaskComposite, FeatherMask, GrowMask, ThresholdMask
      `,
    },
  ],
  [
    '0.23.0',
    {
      'model/conditioning/style_model': 'StyleModelApply',
      'model/conditioning':
        'CLIPVisionEncode, unCLIPConditioning, CLIPTextEncode, CLIPSetLastLayer',
      'model/conditioning/controlnet': `
        SetUnionControlNetType, ControlNetApply, ControlNetApplyAdvanced, ControlNetApplySD3,
        ControlNetInpaintingAliMamaApply
      `,
      'model/conditioning/qwen image': 'TextEncodeQwenImageEdit, TextEncodeQwenImageEditPlus',
      'model/conditioning/gligen': 'GLIGENTextBoxApply',
      'model/conditioning/instructpix2pix': 'InstructPixToPixConditioning',
      'model/latent': `
        EmptyLatentImage, EmptyFlux2LatentImage, LatentUpscale, LatentUpscaleBy, LatentComposite,
        LatentCompositeMasked, VAEDecode, VAEEncode
      `,
      'model/latent/advanced': `
        LatentAdd, LatentSubtract, LatentMultiply, LatentInterpolate, LatentConcat,
        LatentCut, LatentBatchSeedBehavior
      `,
      'model/latent/advanced/operations': `
        LatentApplyOperation, LatentApplyOperationCFG, LatentOperationTonemapReinhard,
        LatentOperationSharpen
      `,
      'model/latent/batch': 'LatentFromBatch, RepeatLatentBatch, LatentBatch, RebatchLatents',
      'model/latent/qwen': 'EmptyQwenImageLayeredLatentImage',
      'model/latent/sd3': 'EmptySD3LatentImage',
      'model/latent/transform': 'LatentFlip, LatentRotate, LatentCrop',
      'model/loaders': `
        CheckpointLoaderSimple, VAELoader, HypernetworkLoader, CLIPVisionLoader,
        unCLIPCheckpointLoader, StyleModelLoader, LoraLoader, LoraLoaderModelOnly,
        GLIGENLoader, UpscaleModelLoader, ControlNetLoader, DiffControlNetLoader,
        ImageOnlyCheckpointLoader
      `,
      'model/patch/unet': `
        FreeU, FreeU_V2, PerturbedAttentionGuidance, PatchModelAddDownscale, HyperTile,
        TomePatchModel, Epsilon Scaling
      `,
      'model/patch/flux': 'USOStyleReference',
      'model/sampling': 'KSampler, KSamplerAdvanced',
      'model/sampling/guiders':
        'VideoLinearCFGGuidance, VideoTriangleCFGGuidance, BasicGuider, CFGGuider, DualCFGGuider',
      'model/sampling/noise': 'RandomNoise, DisableNoise',
      'model/sampling/samplers': `
        KSamplerSelect, SamplerEulerAncestral, SamplerEulerAncestralCFGPP, SamplerLMS,
        SamplerDPMPP_3M_SDE, SamplerDPMPP_2M_SDE, SamplerDPMPP_SDE,
        SamplerDPMPP_2S_Ancestral, SamplerDPMAdaptative, SamplerER_SDE, SamplerSASolver,
        SamplerLCMUpscale
      `,
      'model/sampling/schedulers': `
        BasicScheduler, KarrasScheduler, ExponentialScheduler, PolyexponentialScheduler,
        LaplaceScheduler, VPScheduler, BetaSamplingScheduler, SDTurboScheduler,
        AlignYourStepsScheduler, GITSScheduler, OptimalStepsScheduler, Flux2Scheduler
      `,
      'model/sampling/sigmas': `
        SplitSigmas, SplitSigmasDenoise, FlipSigmas, SetFirstSigma,
        ExtendIntermediateSigmas, SamplingPercentToSigma
      `,
      utilities: 'PreviewAny',
      'utilities/primitive':
        'PrimitiveString, PrimitiveStringMultiline, PrimitiveInt, PrimitiveFloat, PrimitiveBoolean',
    },
  ],
  [
    '0.26.0',
    {
      'advanced/debug': 'LazyCache, EasyCache',
      'model/conditioning': 'InpaintModelConditioning, StyleModelApply, ReferenceLatent',
      'model/conditioning/lumina': 'CLIPTextEncodeLumina2',
      'model/conditioning/flux': `
        CLIPTextEncodeFlux, FluxGuidance, FluxDisableGuidance, FluxKontextImageScale,
        FluxKontextMultiReferenceLatentMethod
      `,
      'model/conditioning/hidream': 'CLIPTextEncodeHiDream',
      'model/conditioning/stable diffusion':
        'CLIPTextEncodeSDXL, CLIPTextEncodeSDXLRefiner, CLIPTextEncodeSD3',
      'model/conditioning/stable diffusion upscaler': 'SD_4XUpscale_Conditioning',
      'model/conditioning/transform': `
        ConditioningCombine, ConditioningAverage, ConditioningConcat, ConditioningSetArea,
        ConditioningSetAreaPercentage, ConditioningSetAreaStrength, ConditioningSetMask,
        ConditioningSetTimestepRange, ConditioningZeroOut
      `,
      'model/latent': 'SetLatentNoiseMask, VAEEncodeForInpaint',
      'model/latent/flux': 'EmptyFlux2LatentImage',
      'model/latent/stable diffusion': 'EmptySD3LatentImage',
      'model/loaders': `
        CheckpointLoader, UNETLoader, CLIPLoader, DualCLIPLoader, TripleCLIPLoader,
        QuadrupleCLIPLoader, DiffusersLoader, ModelPatchLoader
      `,
      'model/merging': `
        ModelMergeSimple, ModelMergeBlocks, ModelMergeSubtract, ModelMergeAdd,
        CLIPMergeSimple, CLIPMergeSubtract, CLIPMergeAdd, CheckpointSave, ModelSave,
        CLIPSave, VAESave
      `,
      'model/merging/model specific': `
        ModelMergeSD1, ModelMergeSD2, ModelMergeSDXL, ModelMergeSD3_2B,
        ModelMergeSD35_Large, ModelMergeFlux1
      `,
      'model/patch': `
        RenormCFG, ModelSamplingDiscrete, ModelSamplingContinuousEDM,
        ModelSamplingContinuousV, RescaleCFG, ModelSamplingAuraFlow, ModelNoiseScale
      `,
      'model/patch/flux': 'ModelSamplingFlux',
      'model/patch/qwen': 'QwenImageDiffsynthControlnet',
      'model/patch/stable diffusion': 'ModelSamplingSD3',
      'model/sampling/custom': 'APG, SamplerCustom, SamplerCustomAdvanced',
    },
  ],
  [
    '0.27.0',
    {
      'model/conditioning': 'CLIPTextEncodeControlnet, T5TokenizerOptions',
      'model/conditioning/photomaker': 'PhotoMakerEncode',
      'model/latent': 'VAEDecodeTiled, VAEEncodeTiled, SaveLatent, LoadLatent',
      'model/loaders': 'PhotoMakerLoader',
      'model/sampling/noise': 'AddNoise',
    },
  ],
];
