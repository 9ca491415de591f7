// A patched weight as ONNX operators: W + strength x change, in float32 and in ComfyUI's order of
// operations (comfy/weight_adapter).

import type { Graph, Value } from '../../onnx/builder.ts';
import { gloraChange, gloraFactors, gloraForm } from './glora.ts';
import type { Patch, Product } from './patches.ts';
import { butterflyRows, rotatedRows } from './rotation.ts';

/** The values that a patch is computed from. */
export interface PatchSource {
  readonly tensor: (name: string) => Value;
  readonly shape: (name: string) => readonly number[];
  /** The strength times the `scale` of a patch without DoRA; else the strength alone. [1] */
  readonly scale: Value;
  /**
   * The number 1 as a value that is computed in each evaluation. It keeps the session from
   * computing the change, and holding it, when it opens.
   */
  readonly one?: Value;
}

/** The machine epsilon of float32, which the original adds to norms. */
const EPSILON = 2 ** -23;

/** Returns `weight` (of this shape) with the patch applied to it, or to a part of it. */
export function mergePatch(
  g: Graph,
  weight: Value,
  shape: readonly number[],
  patch: Patch,
  from: PatchSource,
): Value {
  const rows = patch.part?.rows;
  if (!rows) return mergedPart(g, weight, shape, patch, from);
  const [count, ...rest] = shape;
  const between = (start: number, end: number): Value[] =>
    start < end ? [rowsBetween(g, weight, start, end)] : [];
  const [own] = between(...rows);
  const changed = merged(g, own, [rows[1] - rows[0], ...rest], patch, from);
  return g.op('Concat', [...between(0, rows[0]), changed, ...between(rows[1], count)], { axis: 0 });
}

const rowsBetween = (g: Graph, x: Value, start: number, end: number): Value =>
  g.op('Slice', [x, g.ints([start]), g.ints([end]), g.ints([0])]);

/** Adds zeros to a weight up to the sizes that a patch needs, and applies the patch. */
function mergedPart(
  g: Graph,
  weight: Value,
  shape: readonly number[],
  patch: Patch,
  from: PatchSource,
): Value {
  const { reshape = undefined } = patch.kind === 'lora' ? patch : {};
  if (!reshape || `${reshape}` === `${shape}`) return merged(g, weight, shape, patch, from);
  const added = reshape.map((size, axis) => size - shape[axis]);
  const larger = g.op('Pad', [weight, g.ints([...added.map(() => 0), ...added])]);
  return merged(g, larger, reshape, patch, from);
}

function merged(
  g: Graph,
  weight: Value,
  shape: readonly number[],
  patch: Patch,
  from: PatchSource,
): Value {
  const perEvaluation = (x: Value): Value => (from.one ? g.op('Mul', [x, from.one]) : x);
  const inOrder = (change: Value): Value =>
    patch.part?.isSwapped ? halvesSwapped(g, change, shape[0]) : change;
  if ('tensor' in patch) {
    const stored = from.tensor(patch.tensor);
    return patch.kind === 'set'
      ? stored
      : g.op('Add', [weight, g.op('Mul', [inOrder(perEvaluation(stored)), from.scale])]);
  }
  const [change, alpha] =
    'scale' in patch
      ? [changeOf(g, patch, from, perEvaluation), patch.scale]
      : changeOfWeight(g, weight, shape, patch, from, perEvaluation);
  const shaped = inOrder(g.op('Reshape', [change, g.ints(shape)]));
  if (patch.dora) return decomposed(g, weight, shape, shaped, { ...from, dora: patch.dora, alpha });
  const scaled = patch.kind === 'glora' ? g.op('Mul', [shaped, g.floats([alpha])]) : shaped;
  return g.op('Add', [weight, g.op('Mul', [scaled, from.scale])]);
}

/** Swaps the halves of the rows. */
const halvesSwapped = (g: Graph, x: Value, count: number): Value =>
  g.op('Concat', [rowsBetween(g, x, count / 2, count), rowsBetween(g, x, 0, count / 2)], {
    axis: 0,
  });

type Factored = Extract<Patch, { scale: number }>;

/** Returns the change at strength 1 and without alpha; it has as many elements as the weight. */
function changeOf(
  g: Graph,
  patch: Factored,
  { tensor, shape }: PatchSource,
  perEvaluation: (x: Value) => Value,
): Value {
  const times = ([a, b]: readonly [string, string]): Value =>
    g.op('MatMul', [perEvaluation(tensor(a)), tensor(b)]);
  /**
   * A convolution's kernel as the product of its core [i, j, k, l] and the two matrices around it.
   */
  const cored = ([a, b]: readonly [string, string], core: string): Value =>
    g.op('Einsum', [perEvaluation(tensor(core)), tensor(b), tensor(a)], {
      equation: 'ijkl,jr,ip->prkl',
    });
  const flat = (x: Value, rows: number): Value => g.op('Reshape', [x, g.ints([rows, -1])]);
  switch (patch.kind) {
    case 'lora': {
      const [rows, rank] = [shape(patch.up)[0], shape(patch.down)[0]];
      const up = perEvaluation(flat(tensor(patch.up), rows));
      const down = flat(tensor(patch.down), rank);
      if (!patch.mid) return g.op('MatMul', [up, down]);
      const inner = g.op('Einsum', [perEvaluation(tensor(patch.mid)), down], {
        equation: 'abkl,bi->aikl',
      });
      return g.op('MatMul', [up, flat(inner, shape(patch.mid)[0])]);
    }
    case 'loha':
      return g.op(
        'Mul',
        patch.cores
          ? [cored(patch.first, patch.cores[0]), cored(patch.second, patch.cores[1])]
          : [times(patch.first), times(patch.second)],
      );
    case 'lokr': {
      const product = (p: Product): Value =>
        typeof p === 'string' ? perEvaluation(tensor(p)) : times(p);
      const sizes = (p: Product): readonly number[] =>
        typeof p === 'string' ? shape(p) : [shape(p[0])[0], shape(p[1])[1]];
      const [a, b] = sizes(patch.left);
      const [c, d, ...rest] = sizes(patch.right);
      const left = g.op('Reshape', [
        product(patch.left),
        g.ints([a, 1, b, 1, ...rest.map(() => 1)]),
      ]);
      return g.op('Mul', [
        left,
        g.op('Reshape', [product(patch.right), g.ints([1, c, 1, d, ...rest])]),
      ]);
    }
  }
}

/**
 * Returns a change that is computed from the weight, without its alpha, and the alpha. ComfyUI
 * multiplies rotations by the strength twice, and by their constraint where DoRA follows.
 */
function changeOfWeight(
  g: Graph,
  weight: Value,
  shape: readonly number[],
  patch: Extract<Patch, { kind: 'glora' | 'oft' | 'boft' }>,
  { tensor, shape: shapeOf, scale }: PatchSource,
  perEvaluation: (x: Value) => Value,
): [change: Value, alpha: number] {
  if (patch.kind === 'glora') {
    const shapes = gloraFactors(patch, shapeOf);
    const { isOld, rank } = gloraForm(shapes, shape)!;
    const flat = (name: string): Value =>
      perEvaluation(g.op('Reshape', [tensor(name), g.ints([shapeOf(name)[0], -1])]));
    const change = gloraChange(g, weight, shape, gloraFactors(patch, flat), isOld);
    return [change, patch.alpha === undefined ? 1 : patch.alpha / rank];
  }
  const { blocks, rescale, constraint = 0 } = patch;
  const from = { blocks: tensor(blocks), shape: shapeOf(blocks), constraint, strength: scale };
  if (patch.kind === 'oft') return [rotatedRows(g, weight, shape, from), constraint];
  const factors = rescale === undefined ? undefined : tensor(rescale);
  return [butterflyRows(g, weight, shape, { ...from, rescale: factors }), constraint];
}

/**
 * Applies a weight-decomposed change (DoRA): scales the changed weight to the magnitudes `dora`. As
 * in the original, the norms are those of the unchanged rows where the magnitudes are per row, else
 * those of the changed columns.
 */
function decomposed(
  g: Graph,
  weight: Value,
  shape: readonly number[],
  change: Value,
  at: PatchSource & { readonly dora: string; readonly alpha: number },
): Value {
  const changed = g.op('Add', [weight, g.op('Mul', [change, g.floats([at.alpha])])]);
  const byRows = at.shape(at.dora)[0] === shape[0];
  const others = shape.map((_, axis) => axis).filter((axis) => axis !== (byRows ? 0 : 1));
  const norm = g.op('ReduceL2', [byRows ? weight : changed, g.ints(others)], { keepdims: 1 });
  const ratio = g.op('Div', [at.tensor(at.dora), g.op('Add', [norm, g.floats([EPSILON])])]);
  const full = g.op('Mul', [changed, ratio]);
  const partly = g.op('Add', [weight, g.op('Mul', [g.op('Sub', [full, weight]), at.scale])]);
  return g.op('Where', [g.op('Equal', [at.scale, g.floats([1])]), full, partly]);
}

/**
 * Returns whether magnitudes of the shape `dora`, divided by norms along one axis of `shape`, can
 * be multiplied with a weight of that shape.
 */
export function broadcasts(dora: readonly number[], shape: readonly number[]): boolean {
  if (dora.length > shape.length) return false;
  const axis = dora[0] === shape[0] ? 0 : 1;
  const norm = shape.map((n, i) => (i === axis ? n : 1));
  const padded = [...new Array(shape.length - dora.length).fill(1), ...dora];
  return padded.every(
    (n, i) =>
      (n === 1 || norm[i] === 1 || n === norm[i]) &&
      (Math.max(n, norm[i]) === 1 || Math.max(n, norm[i]) === shape[i]),
  );
}
