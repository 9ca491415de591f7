// The changes of a network sorted by the tensors that they apply to.
import { isBranch } from '../lora/branch.ts';
import type { AppliedLora, Patch } from '../lora/patches.ts';
import type {
  Blend,
  ChangedNetwork,
  MergeTime,
  PatchTarget,
  PatchTargets,
  Scaling,
  Share,
  Shift,
} from './changes.ts';

/** One change of one weight; `index` is the position of the change in the network's list. */
export type Step = PatchStep | BlendStep | ScaleStep | ShiftStep | RoundStep;

export interface PatchStep {
  readonly kind: 'patch';
  readonly index: number;
  readonly lora: AppliedLora;
  readonly patch: Patch;
}

export interface BlendStep {
  readonly kind: 'blend';
  readonly index: number;
  readonly other: ChangedNetwork;
  readonly share: Share;
  /** The weight of the other network; absent where it has another shape. */
  readonly target?: PatchTarget;
}

export interface ScaleStep {
  readonly kind: 'scale';
  readonly index: number;
  readonly factor: number;
  /** The number of the factor among the distinct factors of this change. */
  readonly group: number;
}

export interface ShiftStep {
  readonly kind: 'shift';
  readonly index: number;
  readonly shift: Shift;
  /** The weight of the other network. */
  readonly target: PatchTarget;
}

interface RoundStep {
  readonly kind: 'round';
  readonly index: number;
}

/** A target with its changes. */
export interface ChangedTensor extends PatchTarget {
  /** Changes that are computed into the weight, in order. */
  readonly merged: readonly Step[];
  /** Low-rank changes that are computed beside it. */
  readonly branches: readonly PatchStep[];
  /**
   * Whether the merged changes are computed in each evaluation although others are computed ahead:
   * LoRAs of a vector, or of a weight that they make larger.
   */
  readonly isSmall?: boolean;
}

/** Returns the changed targets of a network. */
export function changedTensors(
  { targets, changes }: ChangedNetwork,
  time: MergeTime,
): ChangedTensor[] {
  const byTarget = new Map<PatchTarget, Step[]>();
  for (const [index, change] of changes.entries())
    for (const [target, step] of stepsOf(change, index, targets, byTarget)) {
      if (target.isFixed || (time !== 'each time' && hasNoEffect(step))) continue;
      byTarget.set(target, [...(byTarget.get(target) ?? []), step]);
    }
  return [...byTarget].map(([target, steps]) => ({ ...target, ...divide(target, steps, time) }));
}

type TargetSteps = [target: PatchTarget, step: Step][];

/** `changed`: the targets of earlier changes. */
function stepsOf(
  change: ChangedNetwork['changes'][number],
  index: number,
  targets: PatchTargets,
  changed: ReadonlyMap<PatchTarget, unknown>,
): TargetSteps {
  if ('lora' in change) return patchSteps(change, index, targets);
  if ('share' in change) return blendSteps(change, index, targets);
  if ('other' in change) return shiftSteps(change, index, targets);
  if ('factor' in change) return scaleSteps(change, index, targets);
  return [...changed.keys()].map((target) => [target, { kind: 'round', index }]);
}

function patchSteps(lora: AppliedLora, index: number, targets: PatchTargets): TargetSteps {
  return [...lora.patches].flatMap(([name, patch]): TargetSteps => {
    const target = targets.get(patch.part?.weight ?? name);
    return target ? [[target, { kind: 'patch', index, lora, patch }]] : [];
  });
}

function blendSteps(blend: Blend, index: number, targets: PatchTargets): TargetSteps {
  return [...targets].flatMap(([name, target]): TargetSteps => {
    const otherTarget = blend.other.targets.get(name);
    if (!otherTarget) return [];
    const hasSameShape = `${otherTarget.shape}` === `${target.shape}`;
    return [
      [
        target,
        {
          kind: 'blend',
          index,
          other: blend.other,
          share: blend.share(name),
          target: hasSameShape ? otherTarget : undefined,
        },
      ],
    ];
  });
}

function shiftSteps(shift: Shift, index: number, targets: PatchTargets): TargetSteps {
  return [...targets].flatMap(([name, target]): TargetSteps => {
    const other = shift.other.targets.get(name);
    return other ? [[target, { kind: 'shift', index, shift, target: other }]] : [];
  });
}

function scaleSteps(scaling: Scaling, index: number, targets: PatchTargets): TargetSteps {
  return scaledTargets(scaling, targets).map(({ target, factor, group }) => [
    target,
    { kind: 'scale', index, factor, group },
  ]);
}

/** Returns the weights that a scaling changes; equal factors have the same group. */
export function scaledTargets(
  scaling: Scaling,
  targets: PatchTargets,
): { name: string; target: PatchTarget; factor: number; group: number }[] {
  const groups = new Map<number, number>();
  return [...targets].flatMap(([name, target]) => {
    const factor = scaling.factor(name);
    if (factor === undefined) return [];
    const group = groups.get(factor) ?? groups.size;
    groups.set(factor, group);
    return [{ name, target, factor, group }];
  });
}

/** Whether a step leaves its weight as it is. */
function hasNoEffect(step: Step): boolean {
  if (step.kind === 'blend') return step.share.own === 1 && step.share.other === 0;
  if (step.kind === 'shift') return step.shift.strength === 0;
  return step.kind === 'scale' && step.factor === 1;
}

/**
 * Divides the changes of a weight into those that are merged and those that are branches: low-rank
 * changes after the last change of full rank, unless one of them cannot be a branch.
 */
function divide(
  { rows, transposed, shape, storedShape }: PatchTarget,
  steps: readonly Step[],
  time: MergeTime,
): Pick<ChangedTensor, 'merged' | 'branches' | 'isSmall'> {
  const isSmall =
    time === 'ahead' &&
    (shape.length === 1 || storedShape !== undefined) &&
    steps.every(({ kind }) => kind === 'patch');
  const fits = ({ patch, lora }: PatchStep): boolean =>
    !rows && !transposed && !storedShape && isBranch(patch, shape, lora.lora);
  const isBeside = (step: PatchStep): boolean => !!step.lora.isBypass && fits(step);
  const allBeside = steps.filter((step) => step.kind === 'patch').filter(isBeside);
  const beside = time === 'whole' ? [] : allBeside;
  const own = steps.filter((step) => !allBeside.includes(step as PatchStep));
  const firstPatch = own.findLastIndex(({ kind }) => kind !== 'patch') + 1;
  const patches = own.slice(firstPatch).filter((step) => step.kind === 'patch');
  return time === 'ahead' && patches.every(fits)
    ? { merged: own.slice(0, firstPatch), branches: [...patches, ...beside] }
    : { merged: own, branches: beside, isSmall };
}

const wholeTensors = new WeakMap<ChangedNetwork, ReadonlyMap<object, ChangedTensor>>();

/** Returns the changes of a network that is blended in, by its targets; all of them are merged. */
export function changesByTarget(network: ChangedNetwork): ReadonlyMap<object, ChangedTensor> {
  const cached = wholeTensors.get(network);
  if (cached) return cached;
  const byPart = new Map(
    changedTensors(network, 'whole').map((changed) => [partOf(changed), changed]),
  );
  const byTarget = new Map<object, ChangedTensor>();
  for (const target of network.targets.values()) {
    const changed = byPart.get(partOf(target));
    if (changed) byTarget.set(target, changed);
  }
  wholeTensors.set(network, byTarget);
  return byTarget;
}

/** Identifies the part of the file that a target is. */
export const partOf = ({ tensor, rows }: Pick<PatchTarget, 'tensor' | 'rows'>): string =>
  `${tensor} ${rows}`;
