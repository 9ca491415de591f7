// The messages between a program and its engine process. Graphs cross as JSON text, which keeps big integers and `8.0`.
import type { DarkroomError } from '../errors.ts';
import type { PreviewMethod } from '../nodes/context.ts';
import type { DeviceChoice } from '../runtime/device-names.ts';
import type { Precision } from '../runtime/precision.ts';
import type { EngineEvent, Outputs } from './events.ts';

export interface EngineSettings {
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
  /** Weights laid out for this machine are kept in the cache folder. */
  readonly cacheWeights?: boolean;
  /** Where results of nodes are kept for later runs; nowhere unless given. */
  readonly cache?: string;
  /** How large that folder may become, in bytes. */
  readonly cacheSize?: number;
  /** What previews are made with (latent2rgb). */
  readonly previews?: PreviewMethod;
  /** URL of a module that exports NODES, in place of the built-in nodes. */
  readonly nodesModule?: string;
}

export interface EngineJob {
  /** The checked graph, as /prompt takes it. */
  readonly prompt: string;
  /** `extra_pnginfo` */
  readonly extra: string;
  readonly outputs: readonly string[];
}

export type ToEngine =
  | { readonly kind: 'open'; readonly settings: EngineSettings }
  | { readonly kind: 'job'; readonly job: EngineJob }
  /** Whether pictures of what is being sampled are wanted; not before it is told. */
  | { readonly kind: 'look'; readonly on: boolean }
  | { readonly kind: 'cancel' };

export type FromEngine =
  | { readonly kind: 'event'; readonly event: EngineEvent }
  /** The picture so far, raw RGB: it is encoded where nobody waits for it. */
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
