// The weights of a network with its changes, as ONNX operators over the tensors in their files: in
// float32 and in the order of the changes, as ComfyUI computes them (comfy/model_patcher,
// comfy/weight_adapter).
import type { Graph, Value } from '../../onnx/builder.ts';
import { ELEMENT } from '../../onnx/serialize.ts';
import { branchOf } from '../lora/branch.ts';
import { mergePatch } from '../lora/merge.ts';
import {
  type ChangeNumber,
  type NumberSource,
  ONE,
  patchNumber,
  pathInto,
  scaleNumber,
  shareNumber,
} from './change-numbers.ts';
import {
  type BlendStep,
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
  /** Numbers of the low-rank branches beside weights. */
  readonly branchNumbers: NumberSource;
  /** Whether changed weights are rounded to the type that the network's weights are rounded to. */
  readonly isRounded: boolean;
  /** Where the network is among those that are blended into each other. */
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
    prepacked: (g, names, recipe) =>
      names.some((name) => mergedParts(name).length > 0)
        ? undefined
        : weights.prepacked?.(g, names, recipe),
    branches: (name) =>
      (byTensor.get(name) ?? []).flatMap(({ branches }) => branches.map(merger.branch)),
  };
}

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
      ? changedWeights(change.other, [...changesByTarget(change.other).values()], {
          mergedNumbers,
          branchNumbers: mergedNumbers,
          isRounded: false,
          path: pathInto(index, path),
        })
      : undefined,
  );
  const values = new Map<string, Value>();

  const number = (g: Graph, [name, value]: ChangeNumber): Value =>
    mergedNumbers.value(g, name, value);
  const factor = (g: Graph, changeNumber: ChangeNumber, after: TensorView['after']): Value => {
    const value = number(g, changeNumber);
    return mergedNumbers.areInputs && after !== undefined
      ? g.op('Mul', [value, oneAfter(g, after)])
      : value;
  };
  const one = (g: Graph, after: TensorView['after']): Value | undefined => {
    if (!mergedNumbers.areInputs) return undefined;
    return after === undefined ? number(g, [ONE, 1]) : oneAfter(g, after);
  };

  const patched = (
    g: Graph,
    value: Value,
    shape: readonly number[],
    step: PatchStep,
    after: TensorView['after'],
  ): Value => {
    const file = loraWeights[step.index]!;
    return mergePatch(g, value, shape, step.patch, {
      tensor: (part) => file.value(g, part),
      shape: (part) => file.shape(part),
      one: one(g, after),
      scale: number(g, patchNumber(step, path)),
    });
  };
  const blended = (g: Graph, value: Value, step: BlendStep, after: TensorView['after']): Value => {
    const own = g.op('Mul', [value, factor(g, shareNumber(step, 'own', path), after)]);
    if (!step.target) return own;
    const { tensor, rows, transposed } = step.target;
    const stored = otherWeights[step.index]!.value(g, tensor, { rows, after });
    const other = transposed ? transpose(g, stored) : stored;
    const share = factor(g, shareNumber(step, 'other', path), after);
    return g.op('Add', [own, g.op('Mul', [other, share])]);
  };
  const applied = (
    g: Graph,
    value: Value,
    shape: readonly number[],
    step: Step,
    after: TensorView['after'],
  ): Value => {
    if (step.kind === 'patch') return patched(g, value, shape, step, after);
    if (step.kind === 'blend') return blended(g, value, step, after);
    return g.op('Mul', [value, factor(g, scaleNumber(step, path), after)]);
  };
  const merge = (g: Graph, changed: ChangedTensor, after: TensorView['after']): Value => {
    const { tensor, rows, transposed, shape } = changed;
    const stored = weights.value(g, tensor, { rows });
    let value = transposed ? transpose(g, stored) : stored;
    for (const step of changed.merged) value = applied(g, value, shape, step, after);
    if (isRounded && weights.rounding) value = g.round(value, weights.rounding);
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

const transpose = (g: Graph, value: Value): Value => g.op('Transpose', [value], { perm: [1, 0] });

/**
 * Returns the number 1, computed from `x` (of at least one row): weights that depend on it are
 * computed one after another during an evaluation, not all at its start.
 */
const oneAfter = (g: Graph, x: Value): Value =>
  g.op('Min', [
    g.op('Cast', [g.op('Shape', [x], { start: 0, end: 1 })], { to: ELEMENT.f32 }),
    g.floats([1]),
  ]);
