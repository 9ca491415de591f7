// GLoRA (arXiv 2306.07967): a weight W becomes W + W A + B, with A and B of low rank. Which factor
// is the outer one depends on LyCORIS' version; ComfyUI decides by the shapes
// (comfy/weight_adapter/glora.py).
import type { Graph, Value } from '../../onnx/builder.ts';
import { sizeOf } from '../../tensor/tensor.ts';

type Factors<T> = Readonly<Record<'a1' | 'a2' | 'b1' | 'b2', T>>;
type Shape = readonly number[];

interface GloraForm {
  /** A is a2 a1 and B is b2 b1, as LyCORIS wrote them first; else a1 a2 and b1 b2. */
  readonly isOld: boolean;
  /** What ComfyUI divides alpha by. */
  readonly rank: number;
}

/** Returns something of each factor, by the names of their tensors. */
export const gloraFactors = <T>(names: Factors<string>, of: (name: string) => T): Factors<T> => ({
  a1: of(names.a1),
  a2: of(names.a2),
  b1: of(names.b1),
  b2: of(names.b2),
});

/** Returns how the factors are multiplied; undefined where they do not fit the weight. */
export function gloraForm(factors: Factors<Shape>, weight: Shape): GloraForm | undefined {
  const { a1, a2, b1, b2 } = factors;
  if ([a1, a2, b1, b2, weight].some((shape) => shape.length < 2)) return undefined;
  const areEqual = (...[first, ...others]: number[]): boolean => others.every((n) => n === first);
  const fitsOld = areEqual(b2[1], b1[0], a1[0], a2[1]);
  const fitsNew = areEqual(b2[0], b1[1], a1[1], a2[0]);
  const isOld = fitsOld && (!fitsNew || areEqual(a2[0], weight[0], weight[1]));
  if (!isOld && !fitsNew) return undefined;
  return isProduct(factors, weight, isOld) ? { isOld, rank: isOld ? a1[0] : a2[0] } : undefined;
}

/** Returns whether W A and B have the size of the weight. */
function isProduct({ a1, a2, b1, b2 }: Factors<Shape>, weight: Shape, isOld: boolean): boolean {
  const columns = (shape: Shape): number => sizeOf(shape.slice(1));
  const [rows, inputs] = [weight[0], isOld ? columns(weight) : weight[1]];
  const [first, second, outer, inner] = isOld ? [a2, a1, b2, b1] : [a1, a2, b1, b2];
  return (
    first[0] === inputs &&
    columns(first) === second[0] &&
    columns(second) === inputs &&
    outer[0] === rows &&
    columns(outer) === inner[0] &&
    columns(inner) === columns(weight)
  );
}

/** Returns W A + B without alpha, in the shape of the weight. */
export function gloraChange(
  g: Graph,
  weight: Value,
  shape: Shape,
  { a1, a2, b1, b2 }: Factors<Value>,
  isOld: boolean,
): Value {
  const [first, second, outer, inner] = isOld ? [a2, a1, b2, b1] : [a1, a2, b1, b2];
  const times = (left: Value): Value => g.op('MatMul', [g.op('MatMul', [left, first]), second]);
  const toShape = (x: Value): Value => g.op('Reshape', [x, g.ints(shape)]);
  const product = toShape(g.op('MatMul', [outer, inner]));
  if (isOld || shape.length === 2) {
    const flat = g.op('Reshape', [weight, g.ints([shape[0], -1])]);
    return g.op('Add', [product, toShape(times(flat))]);
  }
  // A mixes the input channels of a kernel
  const spatial = g.op('Reshape', [weight, g.ints([shape[0], shape[1], -1])]);
  const last = g.op('Transpose', [spatial], { perm: [0, 2, 1] });
  const mixed = g.op('Transpose', [times(last)], { perm: [0, 2, 1] });
  return g.op('Add', [toShape(mixed), product]);
}
