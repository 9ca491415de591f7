// Plans how the changes of a network's weights are computed. There are four ways, by exactness and
// cost:
//
// - A low-rank change of a UNet's layer stays a branch beside the weight: W x + s up(down x). It is
//   equal except for rounding, costs rank/width more per evaluation, and the weight is not copied.
//   The strength s is an input of the graph, so that another strength needs no other session.
// - LoRAs of vectors (biases, norms), and of weights that they make larger, are computed in each
//   evaluation, with the strength as an input.
// - Other changes of a UNet (LoHa, LoKr, GLoRA, OFT, DoRA, diff, blends) are of full rank: W' is
//   computed once, when the session opens, or before that into a file (merged.ts), because a
//   session holds everything that it computes from.
// - Text encoders are stored in float16 and W' is rounded to it, so W' itself has to be computed.
//   That is done in each evaluation (one per prompt) from numbers that are inputs, so that neither
//   a second copy nor another session is needed.
import { createHash } from 'node:crypto';
import { createGraph, type Graph } from '../../onnx/builder.ts';
import { tensor } from '../../tensor/tensor.ts';
import {
  type ChangeNumber,
  constantNumbers,
  inputNumbers,
  numbersOf,
  ONE,
} from './change-numbers.ts';
import {
  type ChangedTensor,
  changedTensors,
  partOf,
  type Step,
  scaledTargets,
} from './change-steps.ts';
import { changedWeights, mergedOnce } from './changed-weights.ts';
import type {
  ChangedNetwork,
  MergedTensors,
  MergeTime,
  PatchPlan,
  ReadyWeights,
} from './changes.ts';
import { valuesKey, type Weights } from './tensors.ts';

/** Returns the plan of a network's changes; undefined without any. */
export function planChanges(network: ChangedNetwork, time: MergeTime): PatchPlan | undefined {
  if (network.changes.length === 0) return undefined;
  const tensors = changedTensors(network, time);
  const eachTime = time === 'each time';
  const isAhead = ({ isSmall }: ChangedTensor): boolean => !eachTime && !isSmall;
  const numbers = (steps: readonly Step[]): ChangeNumber[] =>
    steps.flatMap((step) => numbersOf(step));
  const late = new Map(tensors.flatMap((one) => (isAhead(one) ? [] : numbers(one.merged))));
  const branches = new Map(tensors.flatMap((one) => numbers(one.branches)));
  const inputs = new Map([...late, ...branches]);
  if (late.size > 0) inputs.set(ONE, 1);
  const ahead = new Map(tensors.flatMap((one) => (isAhead(one) ? numbers(one.merged) : [])));
  const constants = [...ahead].map(([name, value]) => `${name}=${value}`);
  return {
    key: [keyOf(network), ...constants].join(' '),
    inputs:
      inputs.size > 0 ? { scales: tensor([inputs.size], Float32Array.from(inputs.values())) } : {},
    merged: mergedTensors(
      network,
      tensors.filter((one) => isAhead(one) && !one.rows && !one.transposed),
      ({ tensor }) => tensor,
    ),
    build: (make, ready) => {
      const scales = inputNumbers([...inputs.keys()]);
      const changed = changedWeights(network, tensors, {
        mergedNumbers: eachTime ? scales : constantNumbers,
        branchNumbers: scales,
        isRounded: true,
        path: '',
      });
      const from = (name: string): ReadyWeights => (ready?.has(name) ? ready : changed);
      const graph = make({
        ...changed,
        value: (g, name, view) => from(name).value(g, name, view),
        prepacked: (g, names, recipe) => from(names[0]).prepacked?.(g, names, recipe),
      });
      if (inputs.size > 0) scales.declare(graph);
      return graph;
    },
  };
}

/** Builds a graph over the weights of a network with their changes in it. */
export const graphWithChanges = (
  network: ChangedNetwork,
  time: MergeTime,
  graph: (weights: Weights) => Graph,
): Graph => planChanges(network, time)?.build(graph) ?? graph(network.weights);

/** Returns the changed weights of a network, named and shaped as changes see them. */
export function changedTargets(network: ChangedNetwork): MergedTensors {
  const names = new Map([...network.targets].map(([name, target]) => [partOf(target), name]));
  return mergedTensors(
    network,
    changedTensors(network, 'whole'),
    (changed) => names.get(partOf(changed))!,
  );
}

function mergedTensors(
  network: ChangedNetwork,
  tensors: readonly ChangedTensor[],
  nameOf: (changed: ChangedTensor) => string,
): MergedTensors {
  const byName = new Map(
    tensors.filter(({ merged }) => merged.length > 0).map((changed) => [nameOf(changed), changed]),
  );
  return {
    shapes: new Map([...byName].map(([name, { shape }]) => [name, shape])),
    graph: (names) => {
      const graph = createGraph();
      const weights = changedWeights(network, tensors, mergedOnce(constantNumbers));
      for (const [i, name] of names.entries()) {
        const { tensor, rows, transposed, shape } = byName.get(name)!;
        const value = weights.value(graph, tensor, { rows });
        graph.output(
          `${i}`,
          transposed ? graph.op('Transpose', [value], { perm: [1, 0] }) : value,
          shape,
        );
      }
      return graph;
    },
  };
}

/** Identifies the changes of a network without their numbers. */
const keyOf = ({ changes, targets }: ChangedNetwork): string =>
  changes
    .map((change) => {
      if ('lora' in change)
        return `lora ${change.lora.identity}${change.isBypass ? ' beside the weights' : ''}`;
      if ('factor' in change) {
        const groups = scaledTargets(change, targets).map(({ name, group }) => [name, group]);
        return `scale ${createHash('sha256').update(JSON.stringify(groups)).digest('hex')}`;
      }
      if ('isRounded' in change) return 'round';
      const { weights } = change.other;
      const inner = [weights.file, valuesKey(weights), keyOf(change.other)].filter(Boolean);
      return `${'share' in change ? 'blend' : 'shift'} (${inner.join(' ')})`;
    })
    .join(' ');
