// LoRAs in a graph. What they change is computed in ONNX operators over the tensors in their files, in float32 as ComfyUI does
// (comfy/weight_adapter). Three ways, chosen by exactness and cost:
// - A low-rank change of a UNet's layer stays beside the weight: W x + s up(down x). Equal but for rounding, costs rank/width more per
//   evaluation, no copy of the weight; the strength s is an input of the graph, another one needs no other session.
// - Other changes of a UNet (LoHa, LoKr, DoRA, diff) are of full rank: W' is computed once, when the session is opened.
// - Text encoders live in float16 and W' is rounded to it, which only W' itself gives. It is computed in each evaluation (one per
//   prompt) from a strength that is an input, so that neither a second copy nor another session is needed.
import type { LoraFile, Patch } from '../formats/lora.ts';
import type { Graph, Value } from '../onnx/builder.ts';
import { ELEMENT } from '../onnx/serialize.ts';
import { sizeOf, type Tensor, tensor } from '../tensor/tensor.ts';
import { broadcasts, mergePatch } from './lora-merge.ts';
import { type Branch, type View, type Weights, weightsOf } from './weights.ts';

/** A LoRA with its strength, and what it changes by the network's names of tensors. */
export interface AppliedLora {
  readonly lora: LoraFile;
  readonly strength: number;
  readonly patches: ReadonlyMap<string, Patch>;
}

/** Where a patch lands: a tensor, some rows of it, or its transpose. */
export interface PatchTarget {
  readonly tensor: string;
  readonly rows?: View['rows'];
  readonly transposed?: boolean;
  /** Of the weight as LoRAs see it. */
  readonly shape: readonly number[];
}

/** Patchable weights by the names that patches use. */
export type PatchTargets = ReadonlyMap<string, PatchTarget>;

/** The weights of a network as they are. */
export const plainTargets = (weights: Weights): PatchTargets =>
  new Map([...weights.names()].map((tensor) => [tensor, { tensor, shape: weights.shape(tensor) }]));

export interface PatchPlan {
  /** Names the graph among those of one network: other files, or other strengths that are not inputs. */
  readonly key: string;
  /** The graph's further inputs: `scales` [n], unless there are none. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Builds a graph over the changed weights. */
  build(make: (weights: Weights) => Graph): Graph;
}

interface Step {
  readonly patch: Patch;
  /** Which of the LoRAs. */
  readonly index: number;
}

interface Place extends PatchTarget {
  readonly steps: readonly Step[];
}

/**
 * How `loras` change a network. `merge`: 'ahead' keeps low-rank changes beside the weights and computes the others when the session
 * opens; 'each time' computes changed weights in every evaluation.
 */
export function planLoras(
  weights: Weights,
  targets: PatchTargets,
  loras: readonly AppliedLora[],
  merge: 'ahead' | 'each time',
): PatchPlan | undefined {
  if (loras.length === 0) return undefined;
  const places = placesOf(targets, loras);
  const all = [...places.values()].flat();
  const beside = (place: Place): boolean =>
    merge === 'ahead' && place.steps.every(({ patch, index }) => isBranch(patch, place, loras[index]));
  const inputs = scaleInputs(all.filter((place) => merge === 'each time' || beside(place)));
  const fixed = new Set(
    merge === 'ahead' ? all.filter((place) => !beside(place)).flatMap(({ steps }) => steps.map(({ index }) => index)) : [],
  );
  const scales = Float32Array.from(inputs, ({ index, factor }) => (index < 0 ? 1 : loras[index].strength * factor));
  return {
    key: loras.map(({ lora, strength }, i) => `lora ${lora.identity}${fixed.has(i) ? ` at ${strength}` : ''}`).join(' '),
    inputs: scales.length > 0 ? { scales: tensor([scales.length], scales) } : {},
    build: (make) => {
      const scaler = scalesIn(inputs);
      const graph = make(
        patchedWeights({ weights, places, loras, beside, scaler: merge === 'ahead' ? undefined : scaler.value, branchScale: scaler.value }),
      );
      if (inputs.length > 0) scaler.declare(graph);
      return graph;
    },
  };
}

function placesOf(targets: PatchTargets, loras: readonly AppliedLora[]): Map<string, Place[]> {
  const steps = new Map<PatchTarget, Step[]>();
  for (const [index, { patches }] of loras.entries())
    for (const [name, patch] of patches) {
      const target = targets.get(name);
      if (target) steps.set(target, [...(steps.get(target) ?? []), { patch, index }]);
    }
  const places = new Map<string, Place[]>();
  for (const [target, list] of steps) places.set(target.tensor, [...(places.get(target.tensor) ?? []), { ...target, steps: list }]);
  return places;
}

interface ScaleInput {
  /** Which LoRA's strength; -1: the number 1. */
  readonly index: number;
  readonly factor: number;
}

const scaleOf = (patch: Patch): number => ('scale' in patch && !patch.dora ? patch.scale : 1);

function scaleInputs(places: readonly Place[]): ScaleInput[] {
  const found = new Map<string, ScaleInput>();
  for (const { steps } of places)
    for (const { patch, index } of steps) found.set(`${index} ${scaleOf(patch)}`, { index, factor: scaleOf(patch) });
  return found.size === 0 ? [] : [{ index: -1, factor: 1 }, ...found.values()];
}

/** The number 1, known when `x` (of at least one row) is: weights that need it are computed one after another, not all at the start. */
const oneAfter = (g: Graph, x: Value): Value =>
  g.op('Min', [g.op('Cast', [g.op('Shape', [x], { start: 0, end: 1 })], { to: ELEMENT.f32 }), g.floats([1])]);

type ScaleValue = (graph: Graph, index: number, factor: number) => Value;

/** The elements of the input `scales` [n]. */
function scalesIn(inputs: readonly ScaleInput[]): { value: ScaleValue; declare(graph: Graph): void } {
  const values = new Map<number, Value>();
  let declared = false;
  const declare = (graph: Graph): void => {
    if (!declared) graph.input('scales', [inputs.length]);
    declared = true;
  };
  return {
    declare,
    value: (graph, index, factor) => {
      declare(graph);
      const at = inputs.findIndex((input) => input.index === index && input.factor === factor);
      if (at < 0) throw new Error(`internal: no scale ${factor} of LoRA ${index}`);
      const value = values.get(at) ?? graph.op('Slice', ['scales', graph.ints([at]), graph.ints([at + 1])]);
      values.set(at, value);
      return value;
    },
  };
}

/** Whether the change of a layer's weight is a layer of lower rank beside it. */
function isBranch(patch: Patch, { shape, rows, transposed }: PatchTarget, { lora }: AppliedLora): boolean {
  if (patch.kind !== 'lora' || patch.dora || rows || transposed || (shape.length !== 2 && shape.length !== 4)) return false;
  const size = (name: string) => lora.tensors.get(name)!.shape;
  const inner = patch.mid ? size(patch.down).slice(1) : undefined;
  return (
    size(patch.up)[0] === shape[0] && (inner ? sizeOf(inner) === shape[1] : sizeOf(size(patch.down).slice(1)) === sizeOf(shape.slice(1)))
  );
}

interface Patching {
  readonly weights: Weights;
  readonly places: ReadonlyMap<string, readonly Place[]>;
  readonly loras: readonly AppliedLora[];
  readonly beside: (place: Place) => boolean;
  /** Absent: scales are constants, and the changed weights are folded when the session opens. */
  readonly scaler?: ScaleValue;
  readonly branchScale: ScaleValue;
}

function patchedWeights({ weights, places, loras, beside, scaler, branchScale }: Patching): Weights {
  const files = loras.map(({ lora }) => weightsOf(lora.file, lora.tensors, ''));
  const merged = new Map<string, Value>();

  const merge = (g: Graph, place: Place, after: View['after']): Value => {
    const { tensor: name, rows, transposed, shape, steps } = place;
    const key = `${name} ${rows}`;
    const known = merged.get(key);
    if (known) return known;
    const stored = weights.value(g, name, { rows });
    let value = transposed ? g.op('Transpose', [stored], { perm: [1, 0] }) : stored;
    for (const { patch, index } of steps) {
      const { strength } = loras[index];
      value = mergePatch(g, value, shape, patch, {
        tensor: (part) => files[index].value(g, part),
        shape: (part) => files[index].shape(part),
        one: scaler && (after === undefined ? scaler(g, -1, 1) : oneAfter(g, after)),
        scale: scaler ? scaler(g, index, scaleOf(patch)) : g.floats([strength * scaleOf(patch)]),
      });
    }
    if (weights.rounding) value = g.round(value, weights.rounding);
    if (transposed) value = g.op('Transpose', [value], { perm: [1, 0] });
    merged.set(key, value);
    return value;
  };

  const patched = (g: Graph, name: string, view: View): Value => {
    const parts = places.get(name)?.filter((place) => !beside(place)) ?? [];
    if (parts.length === 0) return weights.value(g, name, view);
    const exact = parts.find((place) => `${place.rows}` === `${view.rows}`);
    if (parts[0].rows && !exact) {
      if (view.rows) return weights.value(g, name, view);
      throw new Error(`internal: ${name} is patched by rows and used whole`);
    }
    let value = merge(g, exact ?? parts[0], view.after);
    if (view.rows && !exact) value = g.op('Slice', [value, g.ints([view.rows[0]]), g.ints([view.rows[1]]), g.ints([0])]);
    return view.dims ? g.op('Reshape', [value, g.ints(view.dims)]) : value;
  };

  return {
    ...weights,
    value: (g, name, view = {}) => patched(g, name, view),
    branches: (name) =>
      places
        .get(name)
        ?.filter(beside)
        .flatMap(({ steps }) => steps.map((step) => branch(step, files[step.index], branchScale))) ?? [],
  };
}

function branch({ patch, index }: Step, file: Weights, scale: ScaleValue): Branch {
  if (patch.kind !== 'lora') throw new Error(`internal: a branch of the kind ${patch.kind}`);
  const { up, down, mid } = patch;
  const low = file.shape(down)[0];
  return {
    rank: sizeOf(file.shape(up).slice(1)),
    inner: low,
    scale: (g) => scale(g, index, patch.scale),
    down: (g, dims) => file.value(g, down, { dims }),
    mid: mid === undefined ? undefined : (g) => file.value(g, mid),
    up: (g, dims, rows) => file.value(g, up, { dims, rows }),
  };
}

/** Whether a patch can be applied to a weight of this shape; ComfyUI leaves those that can't out. */
export function patchFits(patch: Patch, shape: readonly number[], { tensors }: LoraFile): boolean {
  const of = (name: string): readonly number[] => tensors.get(name)!.shape;
  const pair = ([a, b]: readonly [string, string]): number =>
    of(a).length === 2 && of(b).length === 2 && of(a)[1] === of(b)[0] ? of(a)[0] * of(b)[1] : -1;
  const cored = ([a, b]: readonly [string, string], core: string): number => {
    const [i, j, ...rest] = of(core);
    const fits = of(a).length === 2 && of(b).length === 2 && rest.length === 2 && of(a)[0] === i && of(b)[0] === j;
    return fits ? of(a)[1] * of(b)[1] * sizeOf(rest) : -1;
  };
  const size = sizeOf(shape);
  if ('dora' in patch && patch.dora && !(shape.length >= 2 && broadcasts(of(patch.dora), shape))) return false;
  switch (patch.kind) {
    case 'diff':
    case 'set':
      return `${of(patch.tensor)}` === `${shape}`;
    case 'lora': {
      const [up, down] = [of(patch.up), of(patch.down)];
      if (up.length < 2 || down.length < 2) return false;
      const rank = sizeOf(up.slice(1));
      if (!patch.mid) return rank === down[0] && up[0] * sizeOf(down.slice(1)) === size;
      const mid = of(patch.mid);
      return (
        mid.length === 4 &&
        sizeOf(down.slice(2)) === 1 &&
        mid[1] === down[0] &&
        mid[0] === rank &&
        up[0] * down[1] * mid[2] * mid[3] === size
      );
    }
    case 'loha': {
      const { first, second, cores } = patch;
      const sizes = cores ? [cored(first, cores[0]), cored(second, cores[1])] : [pair(first), pair(second)];
      return sizes.every((n) => n === size);
    }
    case 'lokr': {
      const whole = (name: string, dims: readonly number[]): number => (dims.includes(of(name).length) ? sizeOf(of(name)) : -1);
      const left = typeof patch.left === 'string' ? whole(patch.left, [2]) : pair(patch.left);
      const right = typeof patch.right === 'string' ? whole(patch.right, [2, 4]) : pair(patch.right);
      // torch.kron refuses the strides that the original's product around a core has: it reports an error and keeps the weight
      return !patch.core && left > 0 && right > 0 && left * right === size;
    }
  }
}
