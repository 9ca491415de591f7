// The named tensors of one network inside a checkpoint: shapes to read the architecture off, and graph values that point into the file.
import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { openSource } from '../../formats/byte-source.ts';
import { type TensorFile, type TensorInfo, tensorReader } from '../../formats/tensor-file.ts';
import type { Graph, Value } from '../../onnx/builder.ts';
import type { ElementType } from '../../onnx/serialize.ts';
import type { Recipe } from './recipe.ts';

/** How a tensor enters a graph: under other dimensions, or only some rows of its first axis (from, to). */
export interface TensorView {
  readonly dims?: readonly number[];
  readonly rows?: readonly [number, number];
  /** The layer's input: a weight that is computed in each evaluation is not computed before it. */
  readonly after?: Value;
}

/** What a LoRA adds to the output of a layer: up(mid(down x)) times a scale. Values are as `dims` and `rows` say. */
export interface Branch {
  readonly rank: number;
  /** Absent, or the rank between `down` and `mid`. */
  readonly inner?: number;
  readonly scale: (graph: Graph) => Value;
  readonly down: (graph: Graph, dims: readonly number[]) => Value;
  readonly mid?: (graph: Graph) => Value;
  readonly up: (graph: Graph, dims: readonly number[], rows?: TensorView['rows']) => Value;
}

/** What weights may be rounded to before they are used as float32. */
export type Rounding = 'f16' | 'f8e4m3' | 'f8e5m2';

export interface Weights {
  readonly file: string;
  /** What values are rounded to. */
  readonly rounding?: Rounding;
  /** All tensors, by name. */
  names(): Iterable<string>;
  /** What is added to a layer beside its weight of this name. */
  branches?(name: string): readonly Branch[];
  has(name: string): boolean;
  /** The tensor's name in the file. */
  fullName(name: string): string;
  /** A reader of the tensors by their full names; close it after use. */
  open(): Promise<TensorFile>;
  /** Whether any tensor's name begins so. */
  hasPrefix(prefix: string): boolean;
  /** Throws DR_MODEL_UNSUPPORTED naming file and tensor when it is missing. */
  shape(name: string): readonly number[];
  /** What the tensor is stored as. Throws as shape does, and for types that weights can't have. */
  typeOf(name: string): ElementType;
  /** The tensor (or some rows of it) as a float32 value of the graph. */
  value(graph: Graph, name: string, view?: TensorView): Value;
  /** What a recipe made of tensors, in the order of its outputs, where it is kept in the cache (derived.ts). */
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

/** The tensors of `file` whose names begin with `prefix`, by the rest of the name; the names may be others than those in the file. */
export function weightsOf(
  file: string,
  tensors: ReadonlyMap<string, TensorInfo>,
  prefix: string,
  options: { readonly rounding?: Rounding } = {},
): Weights {
  // ONNX Runtime refuses initialisers behind a link
  const real = realpathSync(file);
  const info = (name: string): TensorInfo => {
    const found = tensors.get(prefix + name);
    if (found) return found;
    throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
      message: `${basename(file)} has no tensor ${prefix}${name}`,
      hint: 'The file is damaged, or of an architecture that is not supported (SD1.x, SD2.x, SDXL and its refiner are).',
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
      const { shape, offset, byteLength, file: other, bytes } = info(name);
      const type = typeOf(name);
      const each = rows ? byteLength / shape[0] : 0;
      const from = offset + (rows ? rows[0] * each : 0);
      const length = rows ? (rows[1] - rows[0]) * each : byteLength;
      const as = { type, dims: dims ?? (rows ? [rows[1] - rows[0], ...shape.slice(1)] : shape) };
      if (bytes)
        return graph.inline(
          { bytes: bytes.subarray(from, from + length), ...as },
          options.rounding,
        );
      const location = other === undefined ? real : realpathSync(other);
      return graph.external({ location, offset: from, length, ...as }, options.rounding);
    },
  };
}
