// The numbers of changes in a graph (strengths, shares, factors): constants, or elements of an
// input.
import type { Graph, Value } from '../../onnx/builder.ts';
import { patchScale } from '../lora/branch.ts';
import {
  type BlendStep,
  changesByTarget,
  type PatchStep,
  type ScaleStep,
  type ShiftStep,
  type Step,
} from './change-steps.ts';

/** Where the numbers of changes come from. */
export interface NumberSource {
  /** Whether they are inputs; weights that depend on them are then computed in every evaluation. */
  readonly areInputs: boolean;
  /** Returns a number [1] in a graph, by its name; constants have this value. */
  value(graph: Graph, name: string, value: number): Value;
}

export const constantNumbers: NumberSource = {
  areInputs: false,
  value: (graph, _name, value) => graph.floats([value]),
};

/** The input that holds the numbers. */
const SCALES = 'scales';

/** The name of the number 1 among inputs. */
export const ONE = 'one';

export interface InputNumbers extends NumberSource {
  /** Declares the input in a graph, once. */
  declare(graph: Graph): void;
}

/** Returns numbers that are elements of the input `scales` [n] of one graph. */
export function inputNumbers(names: readonly string[]): InputNumbers {
  const values = new Map<string, Value>();
  let isDeclared = false;
  const declare = (graph: Graph): void => {
    if (!isDeclared) graph.input(SCALES, [names.length]);
    isDeclared = true;
  };
  const element = (graph: Graph, name: string): Value => {
    const index = names.indexOf(name);
    if (index < 0) throw new Error(`internal: no number ${name}`);
    return graph.op('Slice', [SCALES, graph.ints([index]), graph.ints([index + 1])]);
  };
  return {
    areInputs: true,
    declare,
    value: (graph, name) => {
      declare(graph);
      const value = values.get(name) ?? element(graph, name);
      values.set(name, value);
      return value;
    },
  };
}

/** A number of a change: its name and its value. */
export type ChangeNumber = readonly [name: string, value: number];

/** The path names the networks that are blended into each other, `2/0/`; '' for the outer one. */
type Path = string;

export const patchNumber = ({ index, lora, patch }: PatchStep, path: Path): ChangeNumber => [
  `${path}${index} ${patchScale(patch)}`,
  lora.strength * patchScale(patch),
];

export const scaleNumber = ({ index, group, factor }: ScaleStep, path: Path): ChangeNumber => [
  `${path}${index} factor ${group}`,
  factor,
];

export const shiftNumber = ({ index, shift }: ShiftStep, path: Path): ChangeNumber => [
  `${path}${index} shift`,
  shift.strength,
];

export const shareNumber = (
  { index, share }: BlendStep,
  which: 'own' | 'other',
  path: Path,
): ChangeNumber => [`${path}${index} ${share.name} ${which}`, share[which]];

/** Returns the path of the network that is blended in by the change of this index. */
export const pathInto = (index: number, path: Path): Path => `${path}${index}/`;

/** Returns the numbers of a step, with those of the network that it blends in. */
export function numbersOf(step: Step, path: Path = ''): ChangeNumber[] {
  if (step.kind === 'patch') return [patchNumber(step, path)];
  if (step.kind === 'scale') return [scaleNumber(step, path)];
  if (step.kind === 'round') return [];
  const isShift = step.kind === 'shift';
  const other = isShift ? step.shift.other : step.other;
  const inner = step.target && changesByTarget(other).get(step.target);
  return [
    ...(isShift
      ? [shiftNumber(step, path)]
      : [shareNumber(step, 'own', path), shareNumber(step, 'other', path)]),
    ...(inner?.merged ?? []).flatMap((one) => numbersOf(one, pathInto(step.index, path))),
  ];
}
