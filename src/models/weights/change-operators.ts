// One change of a weight as ONNX operators, in float32 and in ComfyUI's order of operations
// (comfy/model_patcher).
import type { Graph, Value } from '../../onnx/builder.ts';
import { mergePatch } from '../lora/merge.ts';
import {
  type ChangeNumber,
  type NumberSource,
  ONE,
  patchNumber,
  scaleNumber,
  shareNumber,
  shiftNumber,
} from './change-numbers.ts';
import type { BlendStep, PatchStep, ShiftStep, Step } from './change-steps.ts';
import type { PatchTarget } from './changes.ts';
import { oneAfter } from './late.ts';
import type { Rounding, TensorView, Weights } from './tensors.ts';

/** What the changes of one weight are computed from. */
export interface StepContext {
  readonly g: Graph;
  /** The layer's input: weights that are computed in each evaluation are computed after it. */
  readonly after: TensorView['after'];
  readonly numbers: NumberSource;
  /** The path of the network in the names of the numbers (change-numbers.ts). */
  readonly path: string;
  /** The weight without changes. */
  readonly stored: Value;
  /** The type that weights of the network are rounded to. */
  readonly rounding?: Rounding | 'bf16';
  /** The tensors of each LoRA, by the index of its change. */
  readonly loraWeights: readonly (Weights | undefined)[];
  /** The changed weights of each blended network, by the index of its change. */
  readonly otherWeights: readonly (Weights | undefined)[];
}

/** Returns `weight`, which has this shape, with one more change. */
export function applyStep(
  context: StepContext,
  weight: Value,
  shape: readonly number[],
  step: Step,
): Value {
  const { g, path, rounding } = context;
  if (step.kind === 'patch') return patched(context, weight, shape, step);
  if (step.kind === 'blend') return blended(context, weight, step);
  if (step.kind === 'shift') return shifted(context, weight, step);
  if (step.kind === 'round') return rounding ? g.round(weight, rounding) : weight;
  return g.op('Mul', [weight, factor(context, scaleNumber(step, path))]);
}

function patched(
  context: StepContext,
  weight: Value,
  shape: readonly number[],
  step: PatchStep,
): Value {
  const { g, path, loraWeights } = context;
  const file = loraWeights[step.index]!;
  return mergePatch(g, weight, shape, step.patch, {
    tensor: (name) => file.value(g, name),
    shape: (name) => file.shape(name),
    one: one(context),
    scale: numberValue(context, patchNumber(step, path)),
  });
}

function blended(context: StepContext, weight: Value, step: BlendStep): Value {
  const { g, path } = context;
  const own = g.op('Mul', [weight, factor(context, shareNumber(step, 'own', path))]);
  if (!step.target) return own;
  const other = otherWeight(context, step.index, step.target);
  const share = factor(context, shareNumber(step, 'other', path));
  return g.op('Add', [own, g.op('Mul', [other, share])]);
}

function shifted(context: StepContext, weight: Value, step: ShiftStep): Value {
  const { g, path, stored } = context;
  const difference = g.op('Sub', [otherWeight(context, step.index, step.target), stored]);
  const strength = factor(context, shiftNumber(step, path));
  return g.op('Add', [weight, g.op('Mul', [difference, strength])]);
}

/** Returns a weight of the network that the change of this index blends in. */
function otherWeight(
  { g, after, otherWeights }: StepContext,
  index: number,
  { tensor, rows, transposed }: PatchTarget,
): Value {
  const stored = otherWeights[index]!.value(g, tensor, { rows, after });
  return transposed ? transpose(g, stored) : stored;
}

const numberValue = ({ g, numbers }: StepContext, [name, value]: ChangeNumber): Value =>
  numbers.value(g, name, value);

/** Returns a number that a weight is multiplied by, computed after the layer's input. */
function factor(context: StepContext, number: ChangeNumber): Value {
  const { g, numbers, after } = context;
  const value = numberValue(context, number);
  return numbers.areInputs && after !== undefined
    ? g.op('Mul', [value, oneAfter(g, after)])
    : value;
}

/** Returns `one` of a PatchSource: undefined where changes are computed once. */
function one(context: StepContext): Value | undefined {
  const { g, numbers, after } = context;
  if (!numbers.areInputs) return undefined;
  return after === undefined ? numberValue(context, [ONE, 1]) : oneAfter(g, after);
}

/** Returns the transpose of a matrix. */
export const transpose = (g: Graph, value: Value): Value =>
  g.op('Transpose', [value], { perm: [1, 0] });
