// Types that came with releases of ComfyUI after 0.33.0, as its official templates use them.
// Source: the node types of comfyui-workflow-templates-json 0.1.123.
import { type RefusedTypes, typesIn } from '../../pack.ts';
import { NEWEST_VERSION } from '../../versions/comfyui-versions.ts';

export const CORE_LATER: readonly RefusedTypes[] = [
  {
    reason: `it came with a release of ComfyUI after ${NEWEST_VERSION}, and is not supported yet`,
    types: typesIn(`
      BlockSparseAttention BuildPoseFile EmptyYuE2LatentAudio EndLoop
      Flux3LayoutPrompt GetItemFromList MiniMaxH3FunControlNetApply
      MOSSImageControl MOSSImageLayoutPrompt Pixal3DMultiViewConditioning
      ReferenceMultiLatent SAM3DBody_FaceExpression SAM3DBody_Loader SAM3DBody_Predict
      SAM3DBody_Render SAM3DBody_Smooth SheetSage2AudioToABC StartLoop TextEncodeFibo2
      TextEncodeMingImageEdit TextEncodeMOSSImageEdit YuE2GenerateABC
      YuE2GenerateMusic
    `),
  },
  {
    reason: 'it calls an online service',
    types: typesIn(`
      BriaGuidedRemoveBackground BriaImageGenerate BriaProductHolding BriaVirtualTryOn
      ByteDanceSeedreamLayerSeparationNodeV2 ClarityCrystalUpscaleNode
      ClarityCrystalVideoUpscaleNode Flux3ImageNode Flux3MaxImageToVideoNode
      Flux3MaxTextToVideoNode FluxKontextMaxImageNode FluxKontextProImageNode FluxVideoEditNode
      GeminiNodeV3 GeminiVideoOmniV2 HeyGenImageToVideoNode HeyGenReferenceToVideoNode
      HeyGenVoiceCloneNode HeyGenVoiceTextToSpeechNode HiggsfieldMotionTransferNode
      HunyuanImageEditApi HunyuanImageTextToImageApi IdeogramEditApi IdeogramPreciseEditApi
      IdeogramTextToImageApi IdeogramVectorGenerateApi IdeogramVectorImageToSVGApi
      Kling4EditVideoNode Kling4ImageToVideoNode Kling4ReferenceToVideoNode Kling4TextToVideoNode
      KlingTryOnNode Krea3ImageNode MeshyImageToModelSmartTopologyNode
      MeshyTextToModelSmartTopologyNode MetaMuseImageEditApi MetaMuseImageTextToImageApi
      MireloTextToSFX MireloVideoToSFX OpenRouterImageNode PixverseV6FusionVideoNode
      PixverseV6ImageToVideoNode PixverseV6TextToVideoNode PrunaImageToVideoNode
      PrunaTextToVideoNode QuiverImageToSVGNodeV2 QuiverTextToSVGNodeV2 RecraftV4CreateStyleNode
      TripoImageToModelNodeV2 TripoPSeriesImageToModelNode TripoPSeriesMultiviewToModelNode
      TripoPSeriesTextToModelNode TripoTextToModelNodeV2 VeedCleanAudioNode
      VeedCleanVideoAudioNode VeedFabricNode VeedLipsyncNode VeedRemoveVideoBackgroundNode
      Vidu4ImageToVideoNode Vidu4ReferenceVideoNode Wan3ImageToVideoApi Wan3ReferenceToVideoApi
    `),
  },
];
