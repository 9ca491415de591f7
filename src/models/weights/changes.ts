// A network whose weights are changed: by LoRAs, by other networks that are blended in, by factors.
// These types describe the changes; plan-changes.ts decides how they are computed.
import type { Graph } from '../../onnx/builder.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { AppliedLora } from '../lora/patches.ts';
import type { TensorView, Weights } from './tensors.ts';

/** The part of a file that changes apply to: a tensor, some rows of it, or its transpose. */
export interface PatchTarget {
  readonly tensor: string;
  readonly rows?: TensorView['rows'];
  readonly transposed?: boolean;
  /** The shape of the weight as changes see it. */
  readonly shape: readonly number[];
  /** No change applies: a buffer of the original, which changes parameters alone. */
  readonly isFixed?: boolean;
  /** Its shape in the file, where changes make it larger. */
  readonly storedShape?: readonly number[];
}

/** Changeable weights by the names that changes use. */
export type PatchTargets = ReadonlyMap<string, PatchTarget>;

type Shapes = ReadonlyMap<string, readonly number[]>;

/** Returns each tensor as a target of its own name. `shapes`: those of larger weights. */
export const plainTargets = (
  weights: Weights,
  fixed: readonly string[] = [],
  shapes: Shapes = new Map(),
): PatchTargets =>
  new Map(
    [...weights.names()].map((tensor) => {
      const storedShape = weights.shape(tensor);
      const shape = shapes.get(tensor) ?? storedShape;
      const isLarger = `${shape}` !== `${storedShape}`;
      return [
        tensor,
        {
          tensor,
          shape,
          ...(fixed.includes(tensor) && { isFixed: true }),
          ...(isLarger && { storedShape }),
        },
      ];
    }),
  );

/** Returns the shapes of the weights that changes make larger. */
export function changedShapes(changes: readonly WeightChange[]): Shapes {
  const shapes = new Map<string, readonly number[]>();
  for (const change of changes)
    for (const [name, patch] of 'lora' in change ? change.patches : [])
      if (patch.kind === 'lora' && patch.reshape) shapes.set(name, patch.reshape);
  return shapes;
}

/** Returns weights with other shapes for some of them. */
export const withShapes = (weights: Weights, shapes: Shapes): Weights =>
  shapes.size === 0
    ? weights
    : { ...weights, shape: (name) => shapes.get(name) ?? weights.shape(name) };

/**
 * The factors of a weight and of the other network's weight in their sum. Weights whose shares have
 * the same name have equal shares.
 */
export interface Share {
  readonly name: string;
  readonly own: number;
  readonly other: number;
}

/**
 * Another network, blended in. Weights that it lacks stay as they are; of those that have another
 * shape there, only the own share counts.
 */
export interface Blend {
  readonly other: ChangedNetwork;
  share(weight: string): Share;
}

/** Weights multiplied by numbers; undefined leaves a weight as it is. */
export interface Scaling {
  factor(weight: string): number | undefined;
}

/**
 * Weights moved towards another network's: each by `strength` times the other's weight minus the
 * weight as it is stored. Weights that the other lacks stay as they are.
 */
export interface Shift {
  readonly other: ChangedNetwork;
  readonly strength: number;
}

/** Weights rounded to the type that the network's weights are rounded to, after earlier changes. */
export interface Rounded {
  readonly isRounded: true;
}

export type WeightChange = AppliedLora | Blend | Scaling | Shift | Rounded;

/**
 * Returns the changes of a network with more of them. A LoRA that is computed beside the weights
 * takes the place of an earlier one, as in ComfyUI (ModelPatcher.set_injections).
 */
export function withMoreChanges(
  changes: readonly WeightChange[],
  added: readonly WeightChange[],
): readonly WeightChange[] {
  const isBypass = (change: WeightChange): boolean => 'lora' in change && !!change.isBypass;
  return [...(added.some(isBypass) ? changes.filter((one) => !isBypass(one)) : changes), ...added];
}

export interface ChangedNetwork {
  readonly weights: Weights;
  readonly targets: PatchTargets;
  /** In the order in which they are applied. */
  readonly changes: readonly WeightChange[];
}

/** The weights of a network, and the plan of their changes. */
export interface NetworkBase extends ChangedNetwork {
  /** Absent where there are no changes. */
  readonly plan?: PatchPlan;
}

export interface PatchPlan {
  /**
   * Identifies the graph among those of one network: the files of the changes, and the numbers that
   * are not inputs.
   */
  readonly key: string;
  /** The graph's additional inputs: `scales` [n], unless there are none. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Whole tensors that are computed before evaluations. */
  readonly merged: MergedTensors;
  /** Builds a graph over the changed weights; tensors that `ready` has are used as they are. */
  build(make: (weights: Weights) => Graph, ready?: ReadyWeights): Graph;
}

/** Weights that are computed already. */
export type ReadyWeights = Pick<Weights, 'has' | 'value' | 'prepacked'>;

/** Tensors that a graph computes. */
export interface MergedTensors {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Returns a graph whose outputs `0`, `1` … are the tensors of these names. */
  graph(names: readonly string[]): Graph;
}

/**
 * When changed weights are computed:
 *
 * - 'ahead': when the session opens; low-rank changes stay branches beside the weights;
 * - 'each time': in every evaluation;
 * - 'whole': all when the session opens.
 */
export type MergeTime = 'ahead' | 'each time' | 'whole';
