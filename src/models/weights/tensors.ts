// The weights of one network in a file: shapes, from which the architecture is read, and graph
// values that point into the file.
import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { openSource } from '../../formats/byte-source.ts';
import { type TensorFile, type TensorInfo, tensorReader } from '../../formats/tensor-file.ts';
import { rowsOf } from '../../formats/tensor-rows.ts';
import type { Graph, Value } from '../../onnx/builder.ts';
import type { ElementType } from '../../onnx/serialize.ts';
import type { Recipe } from './recipe.ts';

/**
 * How a tensor enters a graph: with other dimensions, or only some rows of its first axis (from,
 * to).
 */
export interface TensorView {
  readonly dims?: readonly number[];
  readonly rows?: readonly [number, number];
  /** The layer's input: a weight that is computed in each evaluation is computed after it. */
  readonly after?: Value;
}

/** A low-rank branch beside a layer, which adds up(mid(down x)) times a scale to its output. */
export interface Branch {
  readonly rank: number;
  /** Absent, or the rank between `down` and `mid`. */
  readonly inner?: number;
  readonly scale: (graph: Graph) => Value;
  readonly down: (graph: Graph, dims: readonly number[]) => Value;
  readonly mid?: (graph: Graph) => Value;
  readonly up: (graph: Graph, dims: readonly number[], rows?: TensorView['rows']) => Value;
}

/** The types that weights may be rounded to before they are used as float32. */
export type Rounding = 'f16' | 'f8e4m3' | 'f8e5m2';

export interface Weights {
  readonly file: string;
  /** The type that values are rounded to. */
  readonly rounding?: Rounding;
  /** Returns the names of all tensors. */
  names(): Iterable<string>;
  /** Returns the branches beside the weight of this name. */
  branches?(name: string): readonly Branch[];
  has(name: string): boolean;
  /** Returns a tensor's name in the file. */
  fullName(name: string): string;
  /** Opens a reader of the tensors by their full names, to be closed after use. */
  open(): Promise<TensorFile>;
  /** Returns whether the name of any tensor begins with `prefix`. */
  hasPrefix(prefix: string): boolean;
  /** Throws DR_MODEL_UNSUPPORTED for a missing tensor. */
  shape(name: string): readonly number[];
  /**
   * Returns a tensor's stored type. Throws as shape does, and for types that weights cannot have.
   */
  typeOf(name: string): ElementType;
  /** Returns a tensor (or some rows of it) as a float32 value of the graph. */
  value(graph: Graph, name: string, view?: TensorView): Value;
  /**
   * Returns the stored outputs of a recipe for some tensors; undefined where there are none
   * (prepacked.ts).
   */
  prepacked?(graph: Graph, names: readonly string[], recipe: Recipe): readonly Value[] | undefined;
}

const TYPES: Readonly<Record<string, ElementType>> = {
  F64: 'f64',
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  F8_E4M3: 'f8e4m3',
  F8_E5M2: 'f8e5m2',
};

/**
 * Returns the tensors whose names begin with `prefix`, by the rest of their names. The names in
 * `tensors` may differ from those in the file.
 */
export function weightsOf(
  file: string,
  tensors: ReadonlyMap<string, TensorInfo>,
  prefix: string,
  options: { readonly rounding?: Rounding } = {},
): Weights {
  // ONNX Runtime refuses initializers behind a symbolic link
  const real = realpathSync(file);
  const info = (name: string): TensorInfo => {
    const found = tensors.get(prefix + name);
    if (found) return found;
    throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
      message: `${basename(file)} has no tensor ${prefix}${name}`,
      hint:
        'The file is damaged, or of an unsupported architecture ' +
        '(SD1.x, SD2.x, SDXL and its refiner are supported).',
      file,
    });
  };
  const typeOf = (name: string): ElementType => {
    const { dtype } = info(name);
    const type = TYPES[dtype];
    if (type) return type;
    throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
      message: `tensor ${prefix}${name} of ${basename(file)} is stored as ${dtype}`,
      hint: 'Weights may be F32, F16, BF16, F64 or F8; convert the file.',
      file,
    });
  };
  return {
    file: real,
    rounding: options.rounding,
    names: () =>
      [...tensors.keys()].flatMap((name) =>
        name.startsWith(prefix) ? name.slice(prefix.length) : [],
      ),
    has: (name) => tensors.has(prefix + name),
    fullName: (name) => prefix + name,
    open: async () => tensorReader(await openSource(real), { tensors, metadata: {} }),
    hasPrefix: (start) => [...tensors.keys()].some((key) => key.startsWith(prefix + start)),
    shape: (name) => info(name).shape,
    typeOf,
    value: (graph, name, { dims, rows } = {}) => {
      const whole = info(name);
      const type = typeOf(name);
      const viewed = rows ? rowsOf(whole, rows) : whole;
      const add = (part: TensorInfo, as: readonly number[]): Value =>
        addTensor(graph, real, part, { type, dims: as }, options.rounding);
      if (!viewed.parts) return add(viewed, dims ?? viewed.shape);
      const joined = graph.op(
        'Concat',
        viewed.parts.map((part) => add(part, part.shape)),
        { axis: 0 },
      );
      return dims ? graph.op('Reshape', [joined, graph.ints(dims)]) : joined;
    },
  };
}

/** Adds a tensor in one piece to a graph; `file` has its bytes unless it names another one. */
function addTensor(
  graph: Graph,
  file: string,
  { offset, byteLength, file: other, bytes }: TensorInfo,
  as: { readonly type: ElementType; readonly dims: readonly number[] },
  rounding?: Rounding,
): Value {
  if (bytes)
    return graph.inline({ bytes: bytes.subarray(offset, offset + byteLength), ...as }, rounding);
  const location = other === undefined ? file : realpathSync(other);
  return graph.external({ location, offset, length: byteLength, ...as }, rounding);
}
