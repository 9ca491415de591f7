// The weights of a network with its changes, as ONNX operators over the tensors in their files. The
// changes of a weight are applied in the order of the network's list, as in ComfyUI
// (comfy/model_patcher).
import type { Graph, Value } from '../../onnx/builder.ts';
import { branchOf } from '../lora/branch.ts';
import { type NumberSource, patchNumber, pathInto } from './change-numbers.ts';
import { applyStep, type StepContext, transpose } from './change-operators.ts';
import {
  type ChangedTensor,
  changesByTarget,
  type PatchStep,
  partOf,
  type Step,
} from './change-steps.ts';
import type { ChangedNetwork } from './changes.ts';
import { type TensorView, type Weights, weightsOf } from './tensors.ts';

/** How the changes of a network enter a graph. */
export interface ChangeStrategy {
  /** Numbers of the changes that are computed into weights. */
  readonly mergedNumbers: NumberSource;
  /** Numbers of the low-rank branches beside weights, and of changes of small weights. */
  readonly branchNumbers: NumberSource;
  /** Whether changed weights are rounded to the type that the network's weights are rounded to. */
  readonly isRounded: boolean;
  /** The path of the network in the names of the numbers (change-numbers.ts). */
  readonly path: string;
}

/** The strategy for tensors that are computed once. */
export const mergedOnce = (numbers: NumberSource): ChangeStrategy => ({
  mergedNumbers: numbers,
  branchNumbers: numbers,
  isRounded: true,
  path: '',
});

/** Returns the weights of a network with its changes, for one graph. */
export function changedWeights(
  network: ChangedNetwork,
  tensors: readonly ChangedTensor[],
  strategy: ChangeStrategy,
): Weights {
  const { weights } = network;
  const byTensor = new Map<string, ChangedTensor[]>();
  for (const changed of tensors)
    byTensor.set(changed.tensor, [...(byTensor.get(changed.tensor) ?? []), changed]);
  const merger = createMerger(network, strategy);
  const mergedParts = (name: string): ChangedTensor[] =>
    byTensor.get(name)?.filter(({ merged }) => merged.length > 0) ?? [];

  const value = (g: Graph, name: string, view: TensorView = {}): Value => {
    const parts = mergedParts(name);
    if (parts.length === 0) return weights.value(g, name, view);
    const exact = parts.find(({ rows }) => `${rows}` === `${view.rows}`);
    if (parts[0].rows && !exact) {
      if (view.rows) return weights.value(g, name, view);
      throw new Error(`internal: ${name} is changed by rows and used whole`);
    }
    const merged = merger.tensor(g, exact ?? parts[0], view.after);
    const [from, to] = view.rows ?? [];
    const viewed =
      from === undefined || exact
        ? merged
        : g.op('Slice', [merged, g.ints([from]), g.ints([to!]), g.ints([0])]);
    return view.dims ? g.op('Reshape', [viewed, g.ints(view.dims)]) : viewed;
  };
  return {
    ...weights,
    value,
    rowsAt: (g, name, places) =>
      mergedParts(name).length > 0 ? undefined : weights.rowsAt?.(g, name, places),
    prepacked: (g, names, recipe) =>
      names.some((name) => mergedParts(name).length > 0)
        ? undefined
        : weights.prepacked?.(g, names, recipe),
    integers: (g, name, rows) =>
      mergedParts(name).length > 0 ? undefined : weights.integers?.(g, name, rows),
    branches: (name) =>
      (byTensor.get(name) ?? []).flatMap(({ branches }) => branches.map(merger.branch)),
  };
}

/** The shape of a weight after a step. */
const shapeAfter = (step: Step, shape: readonly number[]): readonly number[] =>
  step.kind === 'patch' && step.patch.kind === 'lora' ? (step.patch.reshape ?? shape) : shape;

interface Merger {
  /** Returns a tensor with its merged changes; the same value for the same tensor. */
  tensor(g: Graph, changed: ChangedTensor, after: TensorView['after']): Value;
  branch(step: PatchStep): ReturnType<typeof branchOf>;
}

/** Computes the changes of one network in one graph. */
function createMerger({ weights, changes }: ChangedNetwork, strategy: ChangeStrategy): Merger {
  const { mergedNumbers, branchNumbers, isRounded, path } = strategy;
  const loraWeights = changes.map((change) =>
    'lora' in change ? weightsOf(change.lora.file, change.lora.tensors, '') : undefined,
  );
  const otherWeights = changes.map((change, index) =>
    'other' in change
      ? blendedWeights(change.other, mergedNumbers, pathInto(index, path))
      : undefined,
  );
  const values = new Map<string, Value>();

  const merge = (g: Graph, changed: ChangedTensor, after: TensorView['after']): Value => {
    const { tensor, rows, transposed, storedShape } = changed;
    const inFile = weights.value(g, tensor, { rows, after });
    const stored = transposed ? transpose(g, inFile) : inFile;
    const numbers = changed.isSmall ? branchNumbers : mergedNumbers;
    const rounding = weights.isExact?.(tensor) ? undefined : roundingOf(weights, tensor);
    const context = { g, after, numbers, path, stored, rounding, loraWeights, otherWeights };
    let value = stored;
    let shape = storedShape ?? changed.shape;
    for (const step of changed.merged) {
      value = applyStep(context, value, shape, step);
      shape = shapeAfter(step, shape);
    }
    if (isRounded && rounding) value = g.round(value, rounding);
    return transposed ? transpose(g, value) : value;
  };

  return {
    tensor: (g, changed, after) => {
      const key = partOf(changed);
      const value = values.get(key) ?? merge(g, changed, after);
      values.set(key, value);
      return value;
    },
    branch: (step) =>
      branchOf(step.patch, loraWeights[step.index]!, (g) =>
        branchNumbers.value(g, ...patchNumber(step, path)),
      ),
  };
}

/** The type that a changed weight is rounded to. */
function roundingOf(weights: Weights, tensor: string): StepContext['rounding'] {
  if (weights.rounding || !weights.roundsChanges) return weights.rounding;
  const stored = weights.typeOf(tensor);
  return stored === 'f16' || stored === 'bf16' ? stored : undefined;
}

/** Returns the weights of a network that is blended into another, with all changes merged. */
const blendedWeights = (network: ChangedNetwork, numbers: NumberSource, path: string): Weights =>
  changedWeights(network, [...changesByTarget(network).values()], {
    mergedNumbers: numbers,
    branchNumbers: numbers,
    isRounded: false,
    path,
  });
