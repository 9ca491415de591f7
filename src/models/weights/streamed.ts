// Weights that stay in their file: layers convert them in each evaluation, one after another. That
// adds some percent to an evaluation; to hold them laid out takes as long as ten to twenty
// evaluations, and several times the memory.
import type { Graph, Value } from '../../onnx/builder.ts';
import type { NetworkSpec } from '../../runtime/network.ts';
import type { Weights } from './tensors.ts';

/** Returns weights that are streamed where a layer says after which value it needs them. */
export const streamedWeights = (weights: Weights): Weights => ({
  ...weights,
  value: (graph, name, view) =>
    weights.value(view?.after === undefined ? graph : streaming(graph, view.after), name, view),
});

/** A graph whose external tensors are streamed. */
const streaming = (graph: Graph, after: Value): Graph => ({
  ...graph,
  external: (tensor, rounded) => graph.streamed(tensor, after, rounded),
});

/** How a network is opened that a job evaluates few times: where it is large, its weights stream. */
export const streamedWhereLarge = (
  weights: Weights,
  graph: (over: Weights) => ReturnType<NetworkSpec['build']>,
): Required<Pick<NetworkSpec, 'build' | 'buildStreamed' | 'prefersStreamed'>> => ({
  build: () => graph(weights),
  buildStreamed: () => graph(streamedWeights(weights)),
  prefersStreamed: true,
});
