// Weights that stay in their file: layers convert them in each evaluation, one after another.
import type { Graph, Value } from '../../onnx/builder.ts';
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
