// The network of a denoiser's graph over weights that may be changed: over prepacked weights where
// the runtime stores them, with the changes applied.
import type { Graph } from '../../onnx/builder.ts';
import type { Network, NetworkSpec } from '../../runtime/network.ts';
import type { NetworkPrecision } from '../../runtime/precision.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import type { ChangedNetwork } from './changes.ts';
import { changedGraph } from './merged.ts';
import { graphWithChanges, planChanges } from './plan-changes.ts';
import { streamedWeights } from './streamed.ts';
import { valuesKey, type Weights } from './tensors.ts';

export interface WeightsNetworkSpec
  extends Pick<NetworkSpec, 'part' | 'outputs' | 'float16' | 'workingBytes'> {
  /** A name for the graph that differs from those of the file's other graphs. */
  readonly name: string;
  readonly precision: NetworkPrecision;
  /** Weights of other files that are part of the graph; they are not changed. */
  readonly others?: readonly Weights[];
  buildGraph(weights: Weights, others: readonly Weights[]): Graph;
}

/** Creates the network of one graph. */
export function weightsNetwork(
  runtime: ModelRuntime,
  base: ChangedNetwork,
  { name, precision, others = [], buildGraph, ...spec }: WeightsNetworkSpec,
): Network {
  const { weights } = base;
  const int8 = precision === 'int8';
  const store = int8 ? runtime.int8Weights : runtime.prepacked;
  const plan = planChanges(base, 'ahead');
  const plainGraph = (over: Weights, overOthers: readonly Weights[]): Graph =>
    graphWithChanges({ ...base, weights: over }, 'ahead', (changed) =>
      buildGraph(changed, overOthers),
    );
  const prepackedOther = async (other: Weights, index: number): Promise<Weights> => {
    const request = (over: Weights): Graph => buildGraph(weights, others.with(index, over));
    return (await store?.ready(other, request)) ?? other;
  };
  return runtime.network({
    ...spec,
    file: weights.file,
    variant: [valuesKey(weights), int8 && 'int8', name, plan?.key].filter(Boolean).join(' '),
    // a saved session does not know the other files
    cacheSession: !plan && !weights.isMapped && others.length === 0,
    prefersStreamed: !plan && !store,
    buildStreamed: int8
      ? undefined
      : () => plainGraph(streamedWeights(weights), others.map(streamedWeights)),
    build: async () => {
      const overOthers = await Promise.all(others.map(prepackedOther));
      const prepacked = await store?.ready(weights, (over) => plainGraph(over, overOthers));
      const over = prepacked ?? weights;
      const planned = planChanges({ ...base, weights: over }, 'ahead');
      const graph = (changed: Weights): Graph => buildGraph(changed, overOthers);
      return planned ? changedGraph(planned, graph, { ...runtime, prepacks: int8 }) : graph(over);
    },
  });
}
