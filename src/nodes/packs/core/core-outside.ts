// Types of ComfyUI itself (0.3.64 and 0.33.0) that are not for models and files that Darkroom knows,
// and why each group of them is not built in. core-declarations.test.ts compares them with
// ComfyUI's lists.
import { type RefusedTypes, typesIn } from '../../pack.ts';
import { ONLINE_TYPES } from './core-online-types.ts';

export const CORE_OUTSIDE: readonly RefusedTypes[] = [
  {
    reason: 'audio models and files are not supported',
    types: typesIn(`
      AudioAdjustVolume AudioConcat AudioEncoderEncode AudioEncoderLoader AudioEqualizer3Band
      AudioMerge ConditioningStableAudio EmptyAceStep1.5LatentAudio EmptyAceStepLatentAudio
      EmptyAudio EmptyLatentAudio EmptyMiniMaxMusic3LatentAudio JoinAudioChannels LoadAudio
      MiniMaxMusic3TextEncode PreviewAudio RecordAudio ReferenceTimbreAudio SaveAudio
      SaveAudioAdvanced SaveAudioMP3 SaveAudioOpus SplitAudioChannels TextEncodeAceStepAudio
      TextEncodeAceStepAudio1.5 TrimAudioDuration VAEDecodeAudio VAEDecodeAudioTiled VAEEncodeAudio
    `),
  },
  {
    reason: 'video models and files are not supported',
    types: [
      'Video Slice',
      ...typesIn(`
        ARVideoI2V BerniniConditioning CLIPTextEncodeKandinsky5 ConditioningSetAreaPercentageVideo
        ContextWindowsManual CosmosImageToVideoLatent CosmosPredict2ImageToVideoLatent CreateVideo
        EmptyARVideoLatent EmptyCosmosLatentVideo EmptyLTXVLatentVideo EmptyMiniMaxH3LatentAV
        EmptyMochiLatentVideo FrameInterpolate FrameInterpolationModelLoader GenerateTracks
        GetICLoRAParameters GetVideoComponents ImageOnlyCheckpointSave Kandinsky5ImageToVideo
        LoadVideo LTXAVTextEncoderLoader LTXVAddGuide LTXVAudioVAEDecode LTXVAudioVAEEncode
        LTXVAudioVAELoader LTXVConcatAVLatent LTXVConditioning LTXVContextWindows LTXVCropGuides
        LTXVDualCFGGuider LTXVDurationPredictor LTXVEmptyLatentAudio LTXVImgToVideo
        LTXVImgToVideoInplace LTXVLatentUpsampler LTXVModalityGuidance LTXVPreprocess
        LTXVReferenceAudio LTXVScheduler LTXVSeparateAVLatent LTXVSpatioTemporalGuidance
        MiniMaxH3AddGuide MiniMaxH3ImageToVideo MiniMaxH3ReferenceToVideo MiniMaxH3SigmaShift
        ModelSamplingLTXV NormalizeVideoLatentStart OpticalFlowLoader ReplaceVideoLatentFrames
        SamplerARVideo SaveVideo SaveWEBM SCAIL2ColoredMask SeedVR2Conditioning
        SeedVR2PostProcessing SeedVR2Preprocess SeedVR2TemporalChunk SeedVR2TemporalMerge
        SVD_img2vid_Conditioning TrimVideoLatent VOIDInpaintConditioning VOIDQuadmaskPreprocess
        VOIDSampler VOIDWarpedNoise VOIDWarpedNoiseSource Wan22FunControlToVideo
        Wan22ImageToVideoLatent WanAnimate2Cache WanAnimate2ToVideo WanAnimateToVideo
        WanCameraImageToVideo WanContextWindowsManual WanDancerEncodeAudio WanDancerPadKeyframes
        WanDancerPadKeyframesList WanDancerVideo WanFirstLastFrameToVideo WanFunControlToVideo
        WanFunInpaintToVideo WanHuMoImageToVideo WanImageToVideo WanInfiniteTalkToVideo
        WanMoveConcatTrack WanMoveTracksFromCoords WanMoveTrackToVideo WanMoveVisualizeTracks
        WanPhantomSubjectToVideo WanSCAILToVideo WanSoundImageToVideo WanSoundImageToVideoExtend
        WanTrackToVideo WanVaceToVideo
      `),
    ],
  },
  {
    reason: '3D models, meshes and depth models are not supported',
    types: typesIn(`
      ApplyTextureToMesh BakeAmbientOcclusion BakeNormalMapFromMesh BakeTextureFromVoxel
      CreateCameraInfo DA3GeometryToMesh DA3Inference DA3Render DecimateMesh EmptyLatentHunyuan3Dv2
      EmptyTrellis2LatentStructure File3DToSplat FillHoles GetMeshInfo GetSplatCount
      Hunyuan3Dv2Conditioning Hunyuan3Dv2ConditioningMultiView Load3D Load3DAdvanced Load3DAnimation
      LoadDA3Model LoadMoGeModel MergeMeshes MergeSplat MeshSmoothNormals MeshTextureToImage
      MeshToFile3D MoGeGeometryToFOV MoGeInference MoGePanoramaInference MoGePointMapToMesh
      MoGeRender PaintMesh Pixal3DConditioning Preview3D Preview3DAdvanced Preview3DAnimation
      PreviewGaussianSplat PreviewPointCloud RemeshMesh RenderMesh RenderSplat RenderUVAtlas
      RotateMesh Save3DAdvanced SaveGaussianSplat SaveGLB SavePointCloud SplatToFile3D SplatToMesh
      SV3D_Conditioning TransformSplat Trellis2Conditioning Trellis2ShapeStage Trellis2TextureStage
      Trellis2UpsampleStage TripoSplatConditioning TripoSplatPreprocessImage
      TripoSplatSamplingPreview UnwrapMesh VAEDecodeHunyuan3D VaeDecodeShapeTrellis
      VaeDecodeStructureTrellis2 VaeDecodeTextureTrellis VAEDecodeTripoSplat VoxelToMesh
      VoxelToMeshBasic WanCameraEmbedding WeldVertices
    `),
  },
  {
    reason: 'the models that it is for are not supported',
    types: typesIn(`
      AnimaLLLiteApply BuildJsonPromptIdeogram ChromaRadianceOptions
      CLIPTextEncodeHunyuanDiT CLIPTextEncodePixArtAlpha EmptyChromaRadianceLatentImage
      EmptyHiDreamO1LatentImage EmptyHunyuanImageLatent
      EmptyHunyuanLatentVideo EmptyHunyuanVideo15Latent
      HiDreamO1PatchSeamSmoothing HiDreamO1ReferenceImages HunyuanImageToVideo HunyuanRefinerLatent
      HunyuanVideo15ImageToVideo HunyuanVideo15LatentUpscaleWithModel HunyuanVideo15SuperResolution
      Ideogram4Scheduler LatentUpscaleModelLoader ModelMergeAuraflow ModelMergeCosmos14B
      ModelMergeCosmos7B ModelMergeCosmosPredict2_14B ModelMergeCosmosPredict2_2B ModelMergeKrea2
      ModelMergeLTXV ModelMergeMochiPreview ModelMergeQwenImage ModelMergeWAN2_1
      ModelSamplingStableCascade PiDConditioning StableCascade_EmptyLatentImage
      StableCascade_StageB_Conditioning StableCascade_StageC_VAEEncode
      StableCascade_SuperResolutionControlnet TextEncodeBooguEdit
      TextEncodeHunyuanVideo_ImageToVideo TextEncodeJoyImageEdit TextEncodeMageFlowEdit
      wanBlockSwap WanUni3CControlnetApply
    `),
  },
  {
    reason: 'keys and values of reference images are not kept from one step to the next',
    types: ['FluxKVCache'],
  },
  {
    reason: 'Z-Image with a vision encoder (Omni) is not supported',
    types: ['TextEncodeZImageOmni'],
  },
  {
    reason: 'the positions of tokens cannot be scaled',
    types: ['ScaleROPE'],
  },
  {
    reason: 'Stable Zero123 models, which turn the view of an object, are not supported',
    types: ['StableZero123_Conditioning', 'StableZero123_Conditioning_Batched'],
  },
  {
    reason: 'Lotus models, which estimate depths and normals, are not supported',
    types: ['LotusConditioning'],
  },
  {
    reason: 'SUPIR needs a network of its own beside SDXL, which is not supported',
    types: ['SUPIRApply'],
  },
  {
    reason: 'SVG drawings are made by online services only',
    types: ['SaveSVGNode'],
  },
  {
    reason: 'training and its data sets are not supported',
    types: typesIn(`
      LoadImageDataSetFromFolder LoadImageSetFromFolderNode LoadImageTextDataSetFromFolder
      LoadImageTextSetFromFolderNode LoadTrainingDataset LoadVideoDataSetFromFolder
      LoadVideoTextDataSetFromFolder LoraModelLoader LossGraphNode MakeTrainingDataset
      ResolutionBucket SaveImageDataSetToFolder SaveImageTextDataSetToFolder SaveLoRA SaveLoRANode
      SaveTrainingDataset ShuffleImageTextDataset ShuffleVideoDataset ShuffleVideoTextDataset
      TrainLoraNode VideoFrameSample VideoRandomTemporalCrop VideoTemporalCrop
    `),
  },
  {
    reason: 'detection and segmentation models of newer kinds are not supported',
    types: typesIn(`
      LoadBackgroundRemovalModel LoadMediaPipeFaceLandmarker MediaPipeFaceLandmarker
      MediaPipeFaceMask MediaPipeFaceMeshVisualize RemoveBackground RTDETR_detect SAM3_Detect
      SAM3_TrackPreview SAM3_TrackToMask SAM3_VideoTrack SDPoseDrawKeypoints SDPoseFaceBBoxes
      SDPoseKeypointExtractor
    `),
  },
  {
    reason: 'it returns a list where a text is expected, in ComfyUI too',
    types: typesIn(`
      AddTextPrefix AddTextSuffix MergeTextLists ReplaceText StripWhitespace TextToLowercase
      TextToUppercase TruncateText
    `),
  },
  {
    reason: "it is edited by widgets that only newer versions of ComfyUI's editor have",
    types: typesIn(`
      AddLayer CurveEditor ImageCompositor ImageHistogram LayersFromBoundingBoxes Painter
    `),
  },
  {
    reason: 'the type of numbers is chosen for a whole run, with --precision',
    types: ['ModelComputeDtype'],
  },
  {
    reason: 'shaders need a graphics library',
    types: ['GLSLShader'],
  },
  { reason: 'it calls an online service', types: ONLINE_TYPES },
];
