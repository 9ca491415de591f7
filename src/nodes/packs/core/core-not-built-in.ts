// Types of ComfyUI itself that are not built in.
import type { Aliases, RefusedTypes } from '../../pack.ts';
import { GLIGEN_MODELS, STYLE_MODELS } from './models/unsupported-model-nodes.ts';

export const CORE_REFUSED: readonly RefusedTypes[] = [
  { ...STYLE_MODELS, types: ['StyleModelApply'] },
  { ...GLIGEN_MODELS, types: ['GLIGENTextBoxApply'] },
];

/** As ComfyUI's editor renames them when it opens a file. */
export const CORE_ALIASES: Aliases = {
  types: {
    T2IAdapterLoader: {
      type: 'ControlNetLoader',
      inputs: { t2i_adapter_name: 'control_net_name' },
    },
    SDV_img2vid_Conditioning: { type: 'SVD_img2vid_Conditioning' },
  },
};

/** Types for video, audio, 3D, training and model families that Darkroom does not run. */
export const CORE_OTHER_TYPES: readonly string[] = `
  AudioAdjustVolume AudioConcat AudioEncoderEncode AudioEncoderLoader AudioMerge
  ChromaRadianceOptions CLIPTextEncodeControlnet CLIPTextEncodeFlux CLIPTextEncodeHiDream
  CLIPTextEncodeHunyuanDiT CLIPTextEncodeLumina2 CLIPTextEncodePixArtAlpha CLIPTextEncodeSD3
  CombineHooks2 CombineHooks4 CombineHooks8 ConditioningSetAreaPercentageVideo
  ConditioningSetDefaultCombine ConditioningStableAudio ContextWindowsManual ControlNetApplySD3
  ControlNetInpaintingAliMamaApply CosmosImageToVideoLatent CosmosPredict2ImageToVideoLatent
  CreateHookKeyframe CreateHookKeyframesFromFloats CreateHookKeyframesInterpolated CreateHookLora
  CreateHookLoraModelOnly CreateHookModelAsLora CreateHookModelAsLoraModelOnly CreateVideo
  EasyCache EmptyAceStepLatentAudio EmptyAudio EmptyChromaRadianceLatentImage
  EmptyCosmosLatentVideo EmptyHunyuanImageLatent EmptyHunyuanLatentVideo EmptyLatentAudio
  EmptyLatentHunyuan3Dv2 EmptyLTXVLatentVideo EmptyMochiLatentVideo EmptySD3LatentImage
  FluxDisableGuidance FluxGuidance FluxKontextImageScale FluxKontextMultiReferenceLatentMethod
  GetVideoComponents Hunyuan3Dv2Conditioning Hunyuan3Dv2ConditioningMultiView HunyuanImageToVideo
  HunyuanRefinerLatent HyperTile ImageOnlyCheckpointSave ImageQuantize Load3D Load3DAnimation
  LoadAudio LoadImageSetFromFolderNode LoadImageTextSetFromFolderNode LoadVideo LoraModelLoader
  LoraSave LossGraphNode LotusConditioning LTXVAddGuide LTXVConditioning LTXVCropGuides
  LTXVImgToVideo LTXVPreprocess LTXVScheduler ModelComputeDtype ModelMergeAuraflow
  ModelMergeCosmos14B ModelMergeCosmos7B ModelMergeCosmosPredict2_14B ModelMergeCosmosPredict2_2B
  ModelMergeFlux1 ModelMergeLTXV ModelMergeMochiPreview ModelMergeQwenImage ModelMergeSD35_Large
  ModelMergeSD3_2B ModelMergeWAN2_1 ModelPatchLoader ModelSamplingAuraFlow ModelSamplingFlux
  ModelSamplingLTXV ModelSamplingSD3 ModelSamplingStableCascade OptimalStepsScheduler
  PairConditioningSetDefaultCombine PatchModelAddDownscale PhotoMakerEncode PhotoMakerLoader
  Preview3D Preview3DAnimation PreviewAudio QuadrupleCLIPLoader QwenImageDiffsynthControlnet
  RecordAudio ReferenceLatent SaveAudio SaveAudioMP3 SaveAudioOpus SaveGLB SaveLoRANode
  SaveSVGNode SaveVideo SaveWEBM SD_4XUpscale_Conditioning SelfAttentionGuidance SetClipHooks
  SetHookKeyframes SkipLayerGuidanceDiT SkipLayerGuidanceDiTSimple SkipLayerGuidanceSD3
  SplitAudioChannels StableCascade_EmptyLatentImage StableCascade_StageB_Conditioning
  StableCascade_StageC_VAEEncode StableCascade_SuperResolutionControlnet
  StableZero123_Conditioning StableZero123_Conditioning_Batched SV3D_Conditioning
  SVD_img2vid_Conditioning T5TokenizerOptions TextEncodeAceStepAudio
  TextEncodeHunyuanVideo_ImageToVideo TextEncodeQwenImageEdit TextEncodeQwenImageEditPlus
  TomePatchModel TorchCompileModel TrainLoraNode TrimAudioDuration TrimVideoLatent
  TripleCLIPLoader USOStyleReference VAEDecodeAudio VAEDecodeHunyuan3D VAEEncodeAudio VoxelToMesh
  VoxelToMeshBasic Wan22FunControlToVideo Wan22ImageToVideoLatent WanAnimateToVideo
  WanCameraEmbedding WanCameraImageToVideo WanContextWindowsManual WanFirstLastFrameToVideo
  WanFunControlToVideo WanFunInpaintToVideo WanHuMoImageToVideo WanImageToVideo
  WanPhantomSubjectToVideo WanSoundImageToVideo WanSoundImageToVideoExtend WanTrackToVideo
  WanVaceToVideo WebcamCapture
`
  .trim()
  .split(/\s+/);
