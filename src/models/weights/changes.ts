// A network whose weights are changed by LoRAs and blended with other networks, in ONNX operators over the tensors in their files, in
// float32 and in the order of the nodes, as ComfyUI does (comfy/model_patcher, comfy/weight_adapter). Three ways, by exactness and cost:
// - A low-rank change of a UNet's layer stays beside the weight: W x + s up(down x). Equal but for rounding, costs rank/width more per
//   evaluation, no copy of the weight; the strength s is an input of the graph, another one needs no other session.
// - Other changes of a UNet (LoHa, LoKr, DoRA, diff, blends) are of full rank: W' is computed once, when the session is opened, or before
//   that into a file (runtime/changed.ts), as a session keeps all that it computes from.
// - Text encoders live in float16 and W' is rounded to it, which only W' itself gives. It is computed in each evaluation (one per
//   prompt) from numbers that are inputs, so that neither a second copy nor another session is needed.

import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import { ELEMENT } from '../../onnx/serialize.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Patch } from '../lora/file.ts';
import { type AppliedLora, branchOf, isBranch, scaleOf } from '../lora/fit.ts';
import { mergePatch } from '../lora/merge.ts';
import { type TensorView, type Weights, weightsOf } from './tensors.ts';

/** Where a change lands: a tensor, some rows of it, or its transpose. */
export interface PatchTarget {
  readonly tensor: string;
  readonly rows?: TensorView['rows'];
  readonly transposed?: boolean;
  /** Of the weight as changes see it. */
  readonly shape: readonly number[];
}

/** Changeable weights by the names that changes use. */
export type PatchTargets = ReadonlyMap<string, PatchTarget>;

/** The weights of a network as they are. */
export const plainTargets = (weights: Weights): PatchTargets =>
  new Map([...weights.names()].map((tensor) => [tensor, { tensor, shape: weights.shape(tensor) }]));

/** How much of a weight and of the other network's add up. Weights whose shares have one name have equal shares. */
export interface Share {
  readonly name: string;
  readonly own: number;
  readonly other: number;
}

/** Another network, blended in. Weights that it lacks stay; of those that have another shape there only the own share counts. */
export interface Blend {
  readonly other: ChangedNetwork;
  share(weight: string): Share;
}

export type WeightChange = AppliedLora | Blend;

export interface ChangedNetwork {
  readonly weights: Weights;
  readonly targets: PatchTargets;
  /** In the order in which they were made. */
  readonly changes: readonly WeightChange[];
}

/** The weights of a network, and the plan of their changes. */
export interface NetworkBase extends ChangedNetwork {
  /** Absent where there are no changes. */
  readonly plan?: PatchPlan;
}

export interface PatchPlan {
  /** Names the graph among those of one network: other files, or other numbers that are not inputs. */
  readonly key: string;
  /** The graph's further inputs: `scales` [n], unless there are none. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Whole tensors that are computed before evaluations. */
  readonly merged: MergedTensors;
  /** Builds a graph over the changed weights; those in `ready` are there already. */
  build(make: (weights: Weights) => Graph, ready?: Weights): Graph;
}

/** Tensors that a graph computes. */
export interface MergedTensors {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** A graph that gives some of them, as `0`, `1` … */
  graph(names: readonly string[]): Graph;
}

/** 'ahead' keeps low-rank changes beside the weights and computes the others when the session opens; 'each time' computes changed
 *  weights in every evaluation; 'whole' computes all when the session opens. */
export type MergeTime = 'ahead' | 'each time' | 'whole';

/** How a network's changes are made; undefined without any. */
export function planChanges(network: ChangedNetwork, time: MergeTime): PatchPlan | undefined {
  if (network.changes.length === 0) return undefined;
  const places = placesOf(network, time);
  const merged = new Map<string, number>();
  const beside = new Map<string, number>();
  for (const place of places) {
    for (const step of place.merged)
      for (const [name, value] of numbersOf(step, network, '')) merged.set(name, value);
    for (const step of place.beside)
      for (const [name, value] of numbersOf(step, network, '')) beside.set(name, value);
  }
  const late = time === 'each time';
  const inputs = new Map([...(late ? merged : []), ...beside]);
  if (late && inputs.size > 0) inputs.set(ONE, 1);
  const fixed = late ? [] : [...merged].map(([name, value]) => `${name}=${value}`);
  return {
    key: [keyOf(network), ...fixed].join(' '),
    inputs:
      inputs.size > 0 ? { scales: tensor([inputs.size], Float32Array.from(inputs.values())) } : {},
    merged: mergedTensors(
      network,
      late ? [] : places.filter(({ rows, transposed }) => !rows && !transposed),
      ({ tensor }) => tensor,
    ),
    build: (make, ready) => {
      const given = givenNumbers([...inputs.keys()]);
      const changed = changedWeights(
        network,
        places,
        '',
        late ? given.number : constant,
        given.number,
        true,
      );
      const from = (name: string): Weights => (ready?.has(name) ? ready : changed);
      const graph = make({ ...changed, value: (g, name, view) => from(name).value(g, name, view) });
      if (inputs.size > 0) given.declare(graph);
      return graph;
    },
  };
}

/** The weights that changes touch, as changes see and name them. */
export function changedTargets(network: ChangedNetwork): MergedTensors {
  const names = new Map(
    [...network.targets].map(([name, { tensor, rows }]) => [`${tensor} ${rows}`, name]),
  );
  return mergedTensors(
    network,
    placesOf(network, 'whole'),
    ({ tensor, rows }) => names.get(`${tensor} ${rows}`)!,
  );
}

function mergedTensors(
  network: ChangedNetwork,
  places: readonly Place[],
  nameOf: (place: Place) => string,
): MergedTensors {
  const touched = new Map(
    places.filter(({ merged }) => merged.length > 0).map((place) => [nameOf(place), place]),
  );
  return {
    shapes: new Map([...touched].map(([name, { shape }]) => [name, shape])),
    graph: (names) => {
      const graph = createGraph();
      const weights = changedWeights(network, places, '', constant, constant, true);
      for (const [i, name] of names.entries()) {
        const { tensor, rows, transposed, shape } = touched.get(name)!;
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

/** The files of the changes. */
const keyOf = ({ changes }: ChangedNetwork): string =>
  changes
    .map((change) => {
      if ('lora' in change) return `lora ${change.lora.identity}`;
      const { weights } = change.other;
      return `blend (${[weights.file, weights.rounding, keyOf(change.other)].filter(Boolean).join(' ')})`;
    })
    .join(' ');

/** One change of one weight. */
type Step =
  | { readonly index: number; readonly patch: Patch }
  /** `target`: the weight of the other network; absent where it has another shape. */
  | {
      readonly index: number;
      readonly name: string;
      readonly share: Share;
      readonly target?: PatchTarget;
    };

interface Place extends PatchTarget {
  /** Changes that are computed into the weight; then those that stay beside it. */
  readonly merged: readonly Step[];
  readonly beside: readonly Extract<Step, { patch: Patch }>[];
}

function placesOf({ targets, changes }: ChangedNetwork, time: MergeTime): Place[] {
  const steps = new Map<PatchTarget, Step[]>();
  const add = (target: PatchTarget, step: Step): void => {
    const list = steps.get(target);
    if (list) list.push(step);
    else steps.set(target, [step]);
  };
  for (const [index, change] of changes.entries()) {
    if ('lora' in change) {
      for (const [name, patch] of change.patches) {
        const target = targets.get(name);
        if (target) add(target, { index, patch });
      }
      continue;
    }
    for (const [name, target] of targets) {
      const other = change.other.targets.get(name);
      if (!other) continue;
      const share = change.share(name);
      const idle = share.own === 1 && share.other === 0;
      if (time === 'each time' || !idle)
        add(target, {
          index,
          name,
          share,
          target: `${other.shape}` === `${target.shape}` ? other : undefined,
        });
    }
  }
  return [...steps].map(([target, list]) => ({
    ...target,
    ...divided(target, list, changes, time),
  }));
}

/** Low-rank changes after the last blend may stay beside the weight, unless changes of full rank are among them. */
function divided(
  { rows, transposed, shape }: PatchTarget,
  steps: readonly Step[],
  changes: readonly WeightChange[],
  time: MergeTime,
): Pick<Place, 'merged' | 'beside'> {
  const after = steps.findLastIndex((step) => !('patch' in step)) + 1;
  const beside = steps.slice(after).flatMap((step) => ('patch' in step ? [step] : []));
  const fits = ({ index, patch }: (typeof beside)[number]): boolean => {
    const change = changes[index];
    return !rows && !transposed && 'lora' in change && isBranch(patch, shape, change.lora);
  };
  return time === 'ahead' && beside.every(fits)
    ? { merged: steps.slice(0, after), beside }
    : { merged: steps, beside: [] };
}

/** Stands for the number 1. */
const ONE = 'one';

/** The numbers of a step by name, also those of the network that it blends in. */
function numbersOf(step: Step, { changes }: ChangedNetwork, path: string): [string, number][] {
  const change = changes[step.index];
  if ('patch' in step && 'lora' in change)
    return [[patchNumber(step, path), change.strength * scaleOf(step.patch)]];
  if ('patch' in step || 'lora' in change) throw new Error('internal: a step of another change');
  const { share } = step;
  const inner = `${path}${step.index}/`;
  const own: [string, number][] = [
    [shareNumber(step.index, share, 'own', path), share.own],
    [shareNumber(step.index, share, 'other', path), share.other],
  ];
  const nested = placesIn(change.other).get(step.target ?? step);
  return [...own, ...(nested?.merged ?? []).flatMap((one) => numbersOf(one, change.other, inner))];
}

const patchNumber = ({ index, patch }: Extract<Step, { patch: Patch }>, path: string): string =>
  `${path}${index} ${scaleOf(patch)}`;
const shareNumber = (
  index: number,
  { name }: Share,
  which: 'own' | 'other',
  path: string,
): string => `${path}${index} ${name} ${which}`;

/** Where a network that is blended in is changed itself, by its targets. */
const known = new WeakMap<ChangedNetwork, ReadonlyMap<object, Place>>();

function placesIn(network: ChangedNetwork): ReadonlyMap<object, Place> {
  const old = known.get(network);
  if (old) return old;
  const byTarget = new Map<object, Place>();
  const byPlace = new Map(
    placesOf(network, 'whole').map((place) => [`${place.tensor} ${place.rows}`, place]),
  );
  for (const target of network.targets.values()) {
    const place = byPlace.get(`${target.tensor} ${target.rows}`);
    if (place) byTarget.set(target, place);
  }
  known.set(network, byTarget);
  return byTarget;
}

/** A number in a graph. */
type NumberValue = (graph: Graph, name: string, value: number) => Value;

const constant: NumberValue = (graph, _, value) => graph.floats([value]);

/** The elements of the input `scales` [n]. */
function givenNumbers(names: readonly string[]): {
  number: NumberValue;
  declare(graph: Graph): void;
} {
  const values = new Map<string, Value>();
  let declared = false;
  const declare = (graph: Graph): void => {
    if (!declared) graph.input('scales', [names.length]);
    declared = true;
  };
  return {
    declare,
    number: (graph, name) => {
      declare(graph);
      const at = names.indexOf(name);
      if (at < 0) throw new Error(`internal: no number ${name}`);
      const value =
        values.get(name) ?? graph.op('Slice', ['scales', graph.ints([at]), graph.ints([at + 1])]);
      values.set(name, value);
      return value;
    },
  };
}

/** The number 1, known when `x` (of at least one row) is: weights that need it are computed one after another, not all at the start. */
const oneAfter = (g: Graph, x: Value): Value =>
  g.op('Min', [
    g.op('Cast', [g.op('Shape', [x], { start: 0, end: 1 })], { to: ELEMENT.f32 }),
    g.floats([1]),
  ]);

/** The tensors of a network with its changes. `number`: of what is computed into weights. `rounded`: to the type that the network is kept in. */
function changedWeights(
  { weights, changes }: ChangedNetwork,
  places: readonly Place[],
  path: string,
  number: NumberValue,
  besideNumber: NumberValue,
  rounded: boolean,
): Weights {
  const byTensor = new Map<string, Place[]>();
  for (const place of places)
    byTensor.set(place.tensor, [...(byTensor.get(place.tensor) ?? []), place]);
  const files = changes.map((change) =>
    'lora' in change ? weightsOf(change.lora.file, change.lora.tensors, '') : undefined,
  );
  const others = changes.map((change, index) => {
    if ('lora' in change) return undefined;
    const nested = [...placesIn(change.other).values()];
    return changedWeights(change.other, nested, `${path}${index}/`, number, number, false);
  });
  const late = number !== constant;
  const merged = new Map<string, Value>();

  const step = (
    g: Graph,
    value: Value,
    shape: readonly number[],
    one: Step,
    after: TensorView['after'],
  ): Value => {
    const change = changes[one.index];
    if ('patch' in one && 'lora' in change) {
      const file = files[one.index]!;
      return mergePatch(g, value, shape, one.patch, {
        tensor: (part) => file.value(g, part),
        shape: (part) => file.shape(part),
        one: late ? (after === undefined ? number(g, ONE, 1) : oneAfter(g, after)) : undefined,
        scale: number(g, patchNumber(one, path), change.strength * scaleOf(one.patch)),
      });
    }
    if ('patch' in one || 'lora' in change) throw new Error('internal: a step of another change');
    const share = (which: 'own' | 'other'): Value => {
      const factor = number(g, shareNumber(one.index, one.share, which, path), one.share[which]);
      return late && after !== undefined ? g.op('Mul', [factor, oneAfter(g, after)]) : factor;
    };
    const own = g.op('Mul', [value, share('own')]);
    if (!one.target) return own;
    const { tensor: name, rows, transposed } = one.target;
    const stored = others[one.index]!.value(g, name, { rows, after });
    const other = transposed ? g.op('Transpose', [stored], { perm: [1, 0] }) : stored;
    return g.op('Add', [own, g.op('Mul', [other, share('other')])]);
  };

  const merge = (g: Graph, place: Place, after: TensorView['after']): Value => {
    const { tensor: name, rows, transposed, shape } = place;
    const key = `${name} ${rows}`;
    const old = merged.get(key);
    if (old) return old;
    const stored = weights.value(g, name, { rows });
    let value = transposed ? g.op('Transpose', [stored], { perm: [1, 0] }) : stored;
    for (const one of place.merged) value = step(g, value, shape, one, after);
    if (rounded && weights.rounding) value = g.round(value, weights.rounding);
    if (transposed) value = g.op('Transpose', [value], { perm: [1, 0] });
    merged.set(key, value);
    return value;
  };

  const changed = (g: Graph, name: string, view: TensorView): Value => {
    const parts = byTensor.get(name)?.filter((place) => place.merged.length > 0) ?? [];
    if (parts.length === 0) return weights.value(g, name, view);
    const exact = parts.find((place) => `${place.rows}` === `${view.rows}`);
    if (parts[0].rows && !exact) {
      if (view.rows) return weights.value(g, name, view);
      throw new Error(`internal: ${name} is changed by rows and used whole`);
    }
    let value = merge(g, exact ?? parts[0], view.after);
    if (view.rows && !exact)
      value = g.op('Slice', [value, g.ints([view.rows[0]]), g.ints([view.rows[1]]), g.ints([0])]);
    return view.dims ? g.op('Reshape', [value, g.ints(view.dims)]) : value;
  };

  return {
    ...weights,
    value: (g, name, view = {}) => changed(g, name, view),
    prepacked: (g, names, recipe) =>
      names.some((name) => byTensor.get(name)?.some((place) => place.merged.length > 0))
        ? undefined
        : weights.prepacked?.(g, names, recipe),
    branches: (name) =>
      (byTensor.get(name) ?? []).flatMap(({ beside }) =>
        beside.map((one) => {
          const change = changes[one.index] as AppliedLora;
          return branchOf(one.patch, files[one.index]!, (g) =>
            besideNumber(g, patchNumber(one, path), change.strength * scaleOf(one.patch)),
          );
        }),
      ),
  };
}
