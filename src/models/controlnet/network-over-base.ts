// The network of a ControlNet's graph, whose weights may be completed by those of the model that it
// guides.
import type { Graph } from '../../onnx/builder.ts';
import type { BuiltGraph, Network } from '../../runtime/network.ts';
import type { NetworkPrecision } from '../../runtime/precision.ts';
import type { ModelRuntime } from '../model-runtime.ts';
import type { NetworkBase } from '../weights/changes.ts';
import { changedGraph } from '../weights/merged.ts';
import { streamedWeights } from '../weights/streamed.ts';
import { valuesKey, type Weights } from '../weights/tensors.ts';

/** What completes the weights of a ControlNet; both or none. */
export interface Completion {
  /** The network that the weights are completed by. */
  readonly base?: NetworkBase;
  /** Returns the whole weights. */
  readonly combine?: (own: Weights, base: Weights) => Weights;
}

export interface ControlNetworkSpec {
  readonly outputs: readonly string[];
  /** Whether all values stay in the range of float16. */
  readonly float16?: boolean;
  /** float32 by default. */
  readonly precision?: NetworkPrecision;
  readonly graph: (whole: Weights) => Graph;
}

/** Creates the network of one graph. Its inputs include those of `base.plan`. */
export function networkOverBase(
  runtime: ModelRuntime,
  weights: Weights,
  { base, combine }: Completion,
  { outputs, float16 = true, precision, graph }: ControlNetworkSpec,
): Network {
  const plan = base?.plan;
  const int8 = precision === 'int8';
  const graphOver = (own: Weights, baseWeights = base?.weights): Graph =>
    graph(combine && baseWeights ? combine(own, baseWeights) : own);
  const built = (own: Weights): BuiltGraph | Promise<BuiltGraph> =>
    plan ? changedGraph(plan, (changed) => graphOver(own, changed), runtime) : graphOver(own);
  const prepacked = async (): Promise<Weights | undefined> =>
    int8 ? runtime.int8Weights?.ready(weights, (own) => graphOver(own)) : undefined;
  return runtime.network({
    file: weights.file,
    part: 'controlnet',
    float16,
    variant:
      [
        int8 && 'int8',
        ...(base ? ['over', valuesKey(base.weights), base.weights.file] : []),
        plan?.key,
      ]
        .filter(Boolean)
        .join(' ') || undefined,
    outputs,
    build: async () => built((await prepacked()) ?? weights),
    buildStreamed: int8 ? undefined : () => built(streamedWeights(weights)),
    prefersStreamed: !plan,
  });
}
