// What a denoiser and its ControlNets compute in: the runtime's precision, or for `auto` float32 if
// their weights fit into the memory, else 8-bit integers.
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

/** What a denoiser computes in. */
export interface Arithmetic {
  readonly precision: NetworkPrecision;
  /** Builds its graph in float32. */
  readonly plainGraph: PlainGraph;
}

type PlainGraph = () => Pick<Graph, 'weightBytes'>;

/**
 * Returns what a denoiser over `weights` computes in. It depends on the memory that the machine or
 * container has, not on what is free now: the same machine always gives the same image.
 */
export const denoiserPrecision = (
  runtime: ModelRuntime,
  weights: Weights,
  plainGraph: PlainGraph,
): NetworkPrecision => networkPrecision(runtime, weights, plainGraph);

/**
 * The same for a ControlNet: that of the denoiser that it guides, but 8-bit integers where both do
 * not fit in float32. Without a denoiser, its own weights alone decide.
 */
export function controlPrecision(
  runtime: ModelRuntime,
  weights: Weights,
  plainGraph: PlainGraph,
  model?: Arithmetic,
): NetworkPrecision {
  if (runtime.precision !== 'auto' || model?.precision !== 'int8')
    return networkPrecision(runtime, weights, plainGraph, model?.plainGraph);
  note(runtime, weights, 'as the model does');
  return 'int8';
}

/** `beside`: builds the graph of a network whose weights are open at the same time. */
function networkPrecision(
  runtime: ModelRuntime,
  weights: Weights,
  plainGraph: PlainGraph,
  beside?: PlainGraph,
): NetworkPrecision {
  const { precision, memoryLimit, int8Weights } = runtime;
  if (precision !== 'auto') return precision;
  const largest = WEIGHTS_SHARE * memoryLimit;
  if (int8Weights === undefined) return 'fp32';
  if (beside === undefined && floatBytes(weights) <= largest) return 'fp32';
  // what the file has in integers stays so
  const bytes = plainGraph().weightBytes();
  const others = beside?.().weightBytes() ?? 0;
  if (bytes + others <= largest) return 'fp32';
  const together = others > 0 ? ` beside ${formatSize(others)} of the model` : '';
  note(
    runtime,
    weights,
    `in float32 its weights take ${formatSize(bytes)}${together}, and this machine has ` +
      `${formatSize(memoryLimit)} of memory ` +
      '(--precision fp32 reads them from the file in each step)',
  );
  return 'int8';
}

/** Says once of each file that its network computes in int8, and why. */
function note({ int8Files, onNote }: ModelRuntime, { file }: Weights, why: string): void {
  if (!int8Files?.has(file)) onNote?.(`${basename(file)} computes in int8: ${why}`);
  int8Files?.add(file);
}
