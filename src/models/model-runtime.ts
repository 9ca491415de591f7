// The runtime that models are loaded into: what a Runtime does, and the settings that only models
// have.
import { createRuntime, type Runtime, type RuntimeOptions } from '../runtime/runtime.ts';
import type { PrepackedStore } from './weights/prepacked-store.ts';
import type { Rounding } from './weights/tensors.ts';

export interface ModelSettings {
  /**
   * The type that the weights of text encoders are rounded to: fp16 by default, as in ComfyUI; fp32
   * does not round (ComfyUI's --fp32-text-enc).
   */
  readonly textEncoders?: 'fp16' | 'fp32';
  /** The store of prepacked weights; without one, networks use the plain operators. */
  readonly prepacked?: PrepackedStore;
  /** The store of int8 weights; without one, no network computes in int8. */
  readonly int8Weights?: PrepackedStore;
  /** Called with messages about how models are computed. */
  readonly onNote?: (message: string) => void;
}

/** A runtime for loaders of models. A plain Runtime is one with the default settings. */
export interface ModelRuntime extends Runtime, ModelSettings {
  /** The files whose denoisers compute in int8 because of their size (denoiser-precision.ts). */
  readonly int8Files?: Set<string>;
}

/** Returns a runtime without open networks. Prepacked weights are used on the CPU only. */
export function createModelRuntime({
  textEncoders = 'fp16',
  prepacked,
  int8Weights,
  ...options
}: RuntimeOptions & ModelSettings = {}): ModelRuntime {
  const runtime = createRuntime(options);
  return {
    ...runtime,
    textEncoders,
    int8Files: new Set(),
    onNote: options.onNote,
    // the recipes are for CPUs
    ...(runtime.device === 'cpu' && { prepacked, int8Weights }),
  };
}

/** Returns what the weights of text encoders are rounded to. */
export const textEncoderRounding = ({ textEncoders }: ModelSettings): Rounding | undefined =>
  textEncoders === 'fp32' ? undefined : 'f16';
