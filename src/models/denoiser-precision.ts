// What a denoiser computes in: the runtime's precision, or for `auto` float32 if its weights fit into
// the memory, else 8-bit integers.
import { basename } from 'node:path';
import { formatSize } from '../format-size.ts';
import type { Graph } from '../onnx/builder.ts';
import type { NetworkPrecision } from '../runtime/precision.ts';
import { sizeOf } from '../tensor/tensor.ts';
import type { ModelRuntime } from './model-runtime.ts';
import type { Weights } from './weights/tensors.ts';

/** The bytes of all tensors as float32. */
const floatBytes = (weights: Weights): number =>
  [...weights.names()].reduce((sum, name) => sum + 4 * sizeOf(weights.shape(name)), 0);

/** The share of the memory that the weights of a denoiser may take; the rest is for evaluations. */
const WEIGHTS_SHARE = 0.7;

/**
 * Returns what a denoiser over `weights` computes in. It depends on the memory that the machine or
 * container has, not on what is free now: the same machine always gives the same image.
 * `plainGraph` builds the graph in float32.
 */
export function denoiserPrecision(
  { precision, memoryLimit, int8Weights, int8Files, onNote }: ModelRuntime,
  weights: Weights,
  plainGraph: () => Pick<Graph, 'weightBytes'>,
): NetworkPrecision {
  if (precision !== 'auto') return precision;
  const largest = WEIGHTS_SHARE * memoryLimit;
  if (int8Weights === undefined || floatBytes(weights) <= largest) return 'fp32';
  // what the file has in integers stays so
  const bytes = plainGraph().weightBytes();
  if (bytes <= largest) return 'fp32';
  if (!int8Files?.has(weights.file))
    onNote?.(
      `${basename(weights.file)} computes in int8: in float32 its weights take ` +
        `${formatSize(bytes)}, and this machine has ${formatSize(memoryLimit)} of memory ` +
        '(--precision fp32 reads them from the file in each step)',
    );
  int8Files?.add(weights.file);
  return 'int8';
}
