// The network of a ControlNet's graph, whose weights may be completed by those of the model that it
// guides.
import type { Graph } from '../../onnx/builder.ts';
import type { Network } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { NetworkBase } from '../weights/changes.ts';
import { changedGraph } from '../weights/merged.ts';
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
  readonly graph: (whole: Weights) => Graph;
}

/** Creates the network of one graph. Its inputs include those of `base.plan`. */
export function networkOverBase(
  runtime: Runtime,
  weights: Weights,
  { base, combine }: Completion,
  { outputs, float16 = true, graph }: ControlNetworkSpec,
): Network {
  const plan = base?.plan;
  const over = (baseWeights: Weights): Graph =>
    graph(combine ? combine(weights, baseWeights) : weights);
  return runtime.network({
    file: weights.file,
    part: 'controlnet',
    float16,
    variant:
      base &&
      ['over', valuesKey(base.weights), base.weights.file, plan?.key].filter(Boolean).join(' '),
    outputs,
    build: () => (plan ? changedGraph(plan, over, runtime) : over(base?.weights ?? weights)),
  });
}
