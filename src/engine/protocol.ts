// The messages between a program and its engine process. Graphs are sent as JSON text, which
// preserves big integers and `8.0`.
import type { DarkroomError } from '../errors.ts';
import type { PreviewMethod } from '../nodes/context.ts';
import type { NodeChoice } from '../nodes/load-nodes.ts';
import type { DeviceChoice } from '../runtime/device-names.ts';
import type { Precision } from '../runtime/precision.ts';
import type { EngineEvent, Outputs } from './events.ts';

export interface EngineSettings extends NodeChoice {
  readonly models: readonly string[];
  readonly input: string;
  readonly output: string;
  readonly temp: string;
  /** The bucket that these folders hold copies of. */
  readonly storage?: string;
  readonly device: DeviceChoice;
  readonly threads?: number;
  readonly textEncoders?: 'fp16' | 'fp32';
  readonly precision?: Precision;
  /** Stores prepacked weights and sessions in the cache folder. */
  readonly cacheWeights?: boolean;
  /** The folder where results of nodes are stored for later runs; none are by default. */
  readonly cache?: string;
  /** The size that this folder may reach, in bytes (10 GiB). */
  readonly cacheSize?: number;
  /** The time that a node of a pack may take without a sign of life (300000). */
  readonly nodeTimeoutMs?: number;
  /** How previews are computed (latent2rgb). */
  readonly previews?: PreviewMethod;
}

export interface EngineJob {
  /** The validated graph, in the form /prompt takes. */
  readonly prompt: string;
  /**
   * `extra_data` of the prompt: JSON text of an object, whose `extra_pnginfo` is saved in images.
   * It is read by the engine, because it may be large.
   */
  readonly extra: string;
  readonly outputs: readonly string[];
  /** Nodes send images to the client of the job where they are to; otherwise they save them. */
  readonly sendsImages?: boolean;
}

export type ToEngine =
  | { readonly kind: 'open'; readonly settings: EngineSettings }
  | { readonly kind: 'job'; readonly job: EngineJob }
  /** Whether previews are computed and sent; not until the first of these messages. */
  | { readonly kind: 'previews'; readonly enabled: boolean }
  | { readonly kind: 'cancel' };

export type FromEngine =
  | { readonly kind: 'event'; readonly event: EngineEvent }
  /** A preview as raw RGB; the parent encodes it, so that the engine need not wait for that. */
  | {
      readonly kind: 'preview';
      readonly nodeId: string;
      readonly displayId?: string;
      readonly width: number;
      readonly height: number;
      readonly bytes: Uint8Array;
    }
  /** Something is about to be written into this folder. */
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 'finished'; readonly outputs: Outputs }
  | { readonly kind: 'failed'; readonly error: ReturnType<DarkroomError['toJSON']> };
