// A patched weight as ONNX operators: W + strength x change, in ComfyUI's order of operations (comfy/weight_adapter), all float32.

import type { Graph, Value } from '../../onnx/builder.ts';
import type { Patch, Product } from './file.ts';

/** Where a patch's numbers come from. */
export interface PatchSource {
  readonly tensor: (name: string) => Value;
  readonly shape: (name: string) => readonly number[];
  /** Strength times the patch's scale; for DoRA, diff: the strength [1]. */
  readonly scale: Value;
  /** The number 1, known only in an evaluation: keeps the change from being computed, and held, when the session opens. */
  readonly one?: Value;
}

/** The machine epsilon of float32, which the original adds to norms. */
const EPSILON = 2 ** -23;

/** `weight` (of this shape) after the patch. */
export function mergePatch(
  g: Graph,
  weight: Value,
  shape: readonly number[],
  patch: Patch,
  from: PatchSource,
): Value {
  const late = (x: Value): Value => (from.one ? g.op('Mul', [x, from.one]) : x);
  if (!('scale' in patch)) {
    const given = from.tensor(patch.tensor);
    return patch.kind === 'set'
      ? given
      : g.op('Add', [weight, g.op('Mul', [late(given), from.scale])]);
  }
  const change = g.op('Reshape', [changeOf(g, patch, from, late), g.ints(shape)]);
  if (patch.dora)
    return decomposed(g, weight, shape, change, { ...from, dora: patch.dora, alpha: patch.scale });
  return g.op('Add', [weight, g.op('Mul', [change, from.scale])]);
}

type Factored = Extract<Patch, { scale: number }>;

/** The change at strength 1, before alpha, as many numbers as the weight has. */
function changeOf(
  g: Graph,
  patch: Factored,
  { tensor, shape }: PatchSource,
  late: (x: Value) => Value,
): Value {
  const times = ([a, b]: readonly [string, string]): Value =>
    g.op('MatMul', [late(tensor(a)), tensor(b)]);
  /** A convolution's kernel by its core [i, j, k, l] and the two matrices around it. */
  const cored = ([a, b]: readonly [string, string], core: string): Value =>
    g.op('Einsum', [late(tensor(core)), tensor(b), tensor(a)], { equation: 'ijkl,jr,ip->prkl' });
  const flat = (x: Value, rows: number): Value => g.op('Reshape', [x, g.ints([rows, -1])]);
  switch (patch.kind) {
    case 'lora': {
      const [rows, rank] = [shape(patch.up)[0], shape(patch.down)[0]];
      const up = late(flat(tensor(patch.up), rows));
      const down = flat(tensor(patch.down), rank);
      if (!patch.mid) return g.op('MatMul', [up, down]);
      const inner = g.op('Einsum', [late(tensor(patch.mid)), down], { equation: 'abkl,bi->aikl' });
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
      const product = (p: Product): Value => (typeof p === 'string' ? late(tensor(p)) : times(p));
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
 * A weight-decomposed change (DoRA): the changed weight, brought to the magnitudes `dora`. Norms are of the unchanged rows where the
 * magnitudes are per row, else of the changed columns, as in the original.
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

/** Whether magnitudes of shape `dora`, divided by norms along one axis of `shape`, multiply a weight of that shape. */
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
