// The values of the Impact Pack's socket types.

import type { Clip } from '../../../models/clip/clip.ts';
import type { Autoencoder } from '../../../models/vae/autoencoder.ts';
import type { RegionalPrompt } from '../../../sampling/runs/regional.ts';
import type { SchedulerFunc, StepSampler } from '../../../sampling/runs/step-range.ts';
import type { Conditioning, Model } from '../../../sampling/sampling-types.ts';
import type { SegsPreprocessor } from '../../../segs/detail/controlnet-wrapper.ts';
import type { DenoiseSampler, DetailerHook, PixelHook } from '../../../segs/hooks.ts';
import type { MaskPredictor } from '../../../segs/make/sam-masks.ts';
import type { ControlNetWrapper, Region, Seg, Segs } from '../../../segs/segs.ts';
import type { Upscaler } from '../../../segs/upscale/upscaler.ts';
import type { Tensor } from '../../../tensor/tensor.ts';

export interface BasicPipe {
  readonly model: Model;
  readonly clip: Clip;
  readonly vae: Autoencoder;
  readonly positive: Conditioning;
  readonly negative: Conditioning;
}

export interface DetectorOptions {
  /** Minimum confidence, 0..1. */
  readonly threshold: number;
  readonly dilation: number;
  readonly cropFactor: number;
  readonly dropSize?: number;
  readonly hook?: DetailerHook;
}

/** BBOX_DETECTOR and SEGM_DETECTOR. */
export interface Detector {
  /** Its segments replace those of the bbox detector instead of masking them (YOLO-World). */
  readonly replacesBbox?: boolean;
  /** The bbox detector that belongs to it. */
  readonly bboxDetector?: Detector;
  /**
   * Returns a detector with this text prompt, unless it has one of its own. For detectors by text
   * only.
   */
  withPrompt?(text: string): Detector;
  /** Detects in the first image of [N,H,W,C]. */
  detect(image: Tensor, options: DetectorOptions): Promise<Segs>;
  /** All detections as one mask [1,H,W]; undefined if there are none. */
  detectCombined(image: Tensor, threshold: number, dilation: number): Promise<Tensor | undefined>;
}

/** SAM_MODEL */
export type SamModel = MaskPredictor;

export interface DetailerPipe extends BasicPipe {
  readonly wildcard: string;
  readonly bboxDetector: Detector;
  readonly segmDetector?: Detector;
  readonly samModel?: SamModel;
  readonly hook?: DetailerHook;
  /** Each value may be missing, because the pipe's nodes set them one by one. */
  readonly refiner?: Partial<Pick<BasicPipe, 'model' | 'clip' | 'positive' | 'negative'>>;
}

export interface ImpactSockets {
  BASIC_PIPE: BasicPipe;
  DETAILER_PIPE: DetailerPipe;
  KSAMPLER: DenoiseSampler;
  KSAMPLER_ADVANCED: StepSampler;
  SCHEDULER_FUNC: SchedulerFunc;
  REGIONAL_PROMPTS: readonly RegionalPrompt[];
  SEGS: Segs;
  SEG_ELT: Seg;
  /** Height and width of the image. */
  SEGS_HEADER: readonly [number, number];
  SEG_ELT_bbox: Region;
  SEG_ELT_crop_region: Region;
  SEG_ELT_control_net_wrapper: ControlNetWrapper | undefined;
  SEGS_PREPROCESSOR: SegsPreprocessor;
  BBOX_DETECTOR: Detector;
  SEGM_DETECTOR: Detector;
  SAM_MODEL: SamModel;
  DETAILER_HOOK: DetailerHook;
  PK_HOOK: PixelHook;
  UPSCALER: Upscaler;
  UPSCALER_HOOK: DetailerHook;
}
