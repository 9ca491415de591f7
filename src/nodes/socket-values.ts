// The values of each socket type. Packs add their own types to the `extends` list.
import type { Clip } from '../models/clip/clip.ts';
import type { ControlNet } from '../models/controlnet/controlnet.ts';
import type { Gligen } from '../models/gligen/load.ts';
import type { HookGroup } from '../models/hooks/hooks.ts';
import type { Keyframes } from '../models/hooks/keyframes.ts';
import type { ModelPatch } from '../models/model-patch.ts';
import type { PhotoMaker } from '../models/photomaker/load.ts';
import type { StyleModel } from '../models/style/load.ts';
import type { UpscaleModel } from '../models/upscaler/load.ts';
import type { Autoencoder } from '../models/vae/autoencoder.ts';
import type { VisionModel, VisionOutput } from '../models/vision/load.ts';
import type { Guider } from '../sampling/guiders/guider.ts';
import type { LatentOperation } from '../sampling/patches/latent-operations.ts';
import type { NoiseGenerator } from '../sampling/runs/custom.ts';
import type { ConfiguredSampler } from '../sampling/samplers/sampler.ts';
import type { Conditioning, Latent, Model } from '../sampling/sampling-types.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ImpactSockets } from './packs/impact/impact-sockets.ts';
import type { SeargeSockets } from './packs/searge/searge-sockets.ts';
import type { WidgetSockets } from './widget-types.ts';

export interface SocketValues extends ImpactSockets, SeargeSockets, WidgetSockets {
  MODEL: Model;
  CLIP: Clip;
  VAE: Autoencoder;
  UPSCALE_MODEL: UpscaleModel;
  CONTROL_NET: ControlNet;
  CLIP_VISION: VisionModel;
  CLIP_VISION_OUTPUT: VisionOutput;
  PHOTOMAKER: PhotoMaker;
  GLIGEN: Gligen;
  STYLE_MODEL: StyleModel;
  MODEL_PATCH: ModelPatch;
  CONDITIONING: Conditioning;
  /** Fractions of the whole denoising, 0 to 1. */
  TIMESTEPS_RANGE: readonly [start: number, end: number];
  HOOKS: HookGroup;
  HOOK_KEYFRAMES: Keyframes;
  FLOATS: number | readonly number[];
  LATENT: Latent;
  LATENT_OPERATION: LatentOperation;
  SAMPLER: ConfiguredSampler;
  /** Descending; sampling ends at the last. */
  SIGMAS: Float32Array;
  NOISE: NoiseGenerator;
  GUIDER: Guider;
  /** [N,H,W,C], 0 to 1 */
  IMAGE: Tensor;
  /** [N,H,W], 0 to 1 */
  MASK: Tensor;
  /** Where a camera is, for 3D nodes, of which there are none here. */
  LOAD3D_CAMERA: Readonly<Record<string, unknown>>;
  /** Sounds, which nothing here makes or reads. */
  AUDIO: never;
  INT: number | bigint;
  FLOAT: number;
  STRING: string;
  BOOLEAN: boolean;
  COMBO: string;
  /** A list of any values, as in JSON. */
  ARRAY: readonly unknown[];
  DICT: Readonly<Record<string, unknown>>;
  '*': unknown;
}

const BLOCKER: unique symbol = Symbol('blocker');

/** A value that keeps the nodes behind it from running (ComfyUI's ExecutionBlocker). */
export interface Blocker {
  readonly [BLOCKER]: true;
  readonly message?: string;
}

/** Creates a blocker. The first nodes that it blocks report its message, if there is one. */
export const blocker = (message?: string): Blocker => ({ [BLOCKER]: true, message });

/** Whether a value is a blocker. */
export const isBlocker = (value: unknown): value is Blocker =>
  typeof value === 'object' && value !== null && BLOCKER in value;
