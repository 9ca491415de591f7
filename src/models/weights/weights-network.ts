// The network of a denoiser's graph over weights that may be changed: over prepacked weights where
// the runtime stores them, with the changes applied.
import type { Graph } from '../../onnx/builder.ts';
import type { Network, NetworkSpec } from '../../runtime/network.ts';
import type { NetworkPrecision } from '../../runtime/precision.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import type { ChangedNetwork, PatchPlan } from './changes.ts';
import { changedGraph } from './merged.ts';
import { planChanges } from './plan-changes.ts';
import { streamedWeights } from './streamed.ts';
import type { Weights } from './tensors.ts';

export interface WeightsNetworkSpec
  extends Pick<NetworkSpec, 'part' | 'outputs' | 'float16' | 'workingBytes'> {
  /** A name for the graph that differs from those of the file's other graphs. */
  readonly name: string;
  readonly precision: NetworkPrecision;
  buildGraph(weights: Weights): Graph;
}

/** Creates the network of one graph. */
export function weightsNetwork(
  runtime: ModelRuntime,
  base: ChangedNetwork,
  { name, precision, buildGraph, ...spec }: WeightsNetworkSpec,
): Network {
  const { weights } = base;
  const int8 = precision === 'int8';
  const store = int8 ? runtime.int8Weights : runtime.prepacked;
  const plan = planChanges(base, 'ahead');
  const planOver = (over: Weights): PatchPlan | undefined =>
    planChanges({ ...base, weights: over }, 'ahead');
  const plainGraph = (over: Weights): Graph =>
    planOver(over)?.build(buildGraph) ?? buildGraph(over);
  return runtime.network({
    ...spec,
    file: weights.file,
    variant: [weights.rounding, int8 && 'int8', name, plan?.key].filter(Boolean).join(' '),
    cacheSession: !plan && !weights.isMapped,
    buildStreamed: int8 ? undefined : () => plainGraph(streamedWeights(weights)),
    build: async () => {
      const prepacked = await store?.ready(weights, plainGraph);
      const over = prepacked ?? weights;
      const planned = planOver(over);
      return planned ? changedGraph(planned, buildGraph, runtime) : buildGraph(over);
    },
  });
}
