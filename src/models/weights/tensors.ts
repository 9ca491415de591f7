// The weights of one network in a file: shapes, from which the architecture is read, and graph
// values that point into the file.
import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { openSource } from '../../formats/byte-source.ts';
import type { BlockArithmetic } from '../../formats/gguf/block-types.ts';
import { FAMILY_LIST } from '../../formats/identify/identified-model.ts';
import { type TensorFile, tensorReader } from '../../formats/tensor-file.ts';
import { isQuantised, type TensorInfo } from '../../formats/tensor-info.ts';
import { rowsOf } from '../../formats/tensor-rows.ts';
import type { Graph, Value } from '../../onnx/builder.ts';
import type { ElementType } from '../../onnx/serialize.ts';
import type { Recipe } from './recipe.ts';
import {
  blocksValue,
  plainValue,
  rowsOfTable,
  STORED_TYPES,
  scaledValue,
  scalesOf,
  storedNumbers,
} from './stored-values.ts';

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
  /** The outputs of the layer that it is added to, for fully connected layers; absent: all. */
  readonly outputs?: TensorView['rows'];
  readonly rank: number;
  /** Absent, or the rank between `down` and `mid`. */
  readonly inner?: number;
  readonly scale: (graph: Graph) => Value;
  readonly down: (graph: Graph, dims: readonly number[]) => Value;
  readonly mid?: (graph: Graph) => Value;
  /** `rows`: of the branch's own outputs. */
  readonly up: (graph: Graph, dims: readonly number[], rows?: TensorView['rows']) => Value;
}

/** The types that weights may be rounded to before they are used as float32. */
export type Rounding = 'f16' | 'f8e4m3' | 'f8e5m2';

/** A weight in 8-bit integers. */
export interface StoredIntegers {
  /** [N, K]. */
  readonly numbers: Value;
  /** float32 [1], or [N] for each row. */
  readonly scales: Value;
  /** The size of the groups of inputs that are rotated before they are multiplied. */
  readonly rotation?: number;
  /** Whether inputs are quantised and multiplied as integers; else the weight is dequantised. */
  readonly areMultiplied: boolean;
}

export interface Weights {
  readonly file: string;
  /** The type that values are rounded to. */
  readonly rounding?: Rounding;
  /** What quantised blocks are computed in, where that is not float16. */
  readonly arithmetic?: BlockArithmetic;
  /**
   * Whether changed weights are rounded to the type that they are stored in, where values are not
   * rounded to another one.
   */
  readonly roundsChanges?: boolean;
  /**
   * Whether weights are dequantised in each evaluation: the session opens at once, and a copy of it
   * on the disk would not open faster.
   */
  readonly isMapped?: boolean;
  /** Returns whether a tensor is not rounded; by default all are. */
  isExact?(name: string): boolean;
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
   * Returns rows of a table [..., N, C] as float32; only these are converted, in each evaluation.
   * Undefined for tensors that cannot be read so. `places` [M]: int64.
   */
  rowsAt?(graph: Graph, name: string, places: Value): Value | undefined;
  /** Returns a weight [N, K], or rows of it, that is stored in int8; undefined for others. */
  integers?(graph: Graph, name: string, rows?: TensorView['rows']): StoredIntegers | undefined;
  /**
   * Returns the stored outputs of a recipe for some tensors; undefined where there are none
   * (prepacked.ts).
   */
  prepacked?(graph: Graph, names: readonly string[], recipe: Recipe): readonly Value[] | undefined;
}

/** The number of layers `list.0`, `list.1` … */
export function countLayers(weights: Pick<Weights, 'hasPrefix'>, list: string): number {
  let count = 0;
  while (weights.hasPrefix(`${list}.${count}.`)) count++;
  return count;
}

/** Identifies how the values of weights differ from those of the file alone; undefined: not at all. */
export const valuesKey = ({
  rounding,
  arithmetic,
}: Pick<Weights, 'rounding' | 'arithmetic'>): string | undefined =>
  [rounding, arithmetic && `blocks in ${arithmetic}`].filter(Boolean).join(' ') || undefined;

export interface WeightsOptions {
  /** The type that values are rounded to. */
  readonly rounding?: Rounding;
  /**
   * Whether weights that are stored in 8-bit integers are multiplied as such; by default where
   * values are not rounded to float16. ComfyUI dequantises them where it computes in another type
   * than it stores the model in: in text encoders of float16 and bfloat16.
   */
  readonly multipliesIntegers?: boolean;
  /** As in Weights. */
  readonly roundsChanges?: boolean;
}

/**
 * Returns the tensors whose names begin with `prefix`, by the rest of their names. The names in
 * `tensors` may differ from those in the file.
 */
export function weightsOf(
  file: string,
  tensors: ReadonlyMap<string, TensorInfo>,
  prefix: string,
  options: WeightsOptions = {},
): Weights {
  // ONNX Runtime refuses initializers behind a symbolic link
  const real = realpathSync(file);
  const info = (name: string): TensorInfo => {
    const found = tensors.get(prefix + name);
    if (found) return found;
    throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
      message: `${basename(file)} has no tensor ${prefix}${name}`,
      hint:
        'The file is damaged, or of an unsupported architecture ' + `(supported: ${FAMILY_LIST}).`,
      file,
    });
  };
  const typeOf = (name: string): ElementType => {
    const { dtype } = info(name);
    if (isQuantised(info(name))) return 'f32';
    const type = STORED_TYPES[dtype];
    if (type && type !== 'i8') return type;
    throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
      message: `tensor ${prefix}${name} of ${basename(file)} is stored as ${dtype}`,
      hint: 'Weights may be F32, F16, BF16, F64 or F8; convert the file.',
      file,
    });
  };
  const { rounding, multipliesIntegers = rounding !== 'f16' } = options;
  const isExact = exactTensors(tensors, prefix, rounding);
  return {
    file: real,
    rounding,
    roundsChanges: options.roundsChanges,
    arithmetic: [...tensors.values()].find(
      ({ blocks }) => blocks !== undefined && blocks.arithmetic !== 'f16',
    )?.blocks?.arithmetic,
    isMapped: [...tensors].some(
      ([name, info]) => name.startsWith(prefix) && info.dtype !== 'I8' && isQuantised(info),
    ),
    isExact,
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
    value: (graph, name, { dims, rows, after } = {}) => {
      typeOf(name); // throws for types that weights cannot have
      const viewed = rows ? rowsOf(info(name), rows) : info(name);
      const add = (part: TensorInfo, as: readonly number[]): Value => {
        const { dtype, scaling, blocks } = part;
        const stored = { file: real, info: part };
        if (!scaling && !blocks) {
          const plain = { type: STORED_TYPES[dtype]!, dims: as };
          return plainValue(graph, stored, plain, isExact(name) ? undefined : rounding);
        }
        const value = scaling
          ? scaledValue(graph, { ...stored, scaling }, after)
          : blocksValue(graph, { ...stored, blocks: blocks! }, after);
        return `${as}` === `${part.shape}` ? value : graph.op('Reshape', [value, graph.ints(as)]);
      };
      if (!viewed.parts) return add(viewed, dims ?? viewed.shape);
      const joined = graph.op(
        'Concat',
        viewed.parts.map((part) => add(part, part.shape)),
        { axis: 0 },
      );
      return dims ? graph.op('Reshape', [joined, graph.ints(dims)]) : joined;
    },
    rowsAt: (graph, name, places) =>
      rounding ? undefined : rowsOfTable(graph, { file: real, info: info(name) }, places),
    integers: (graph, name, rows) => {
      const whole = tensors.get(prefix + name);
      if (whole?.dtype !== 'I8' || !whole.scaling || whole.shape.length !== 2) return undefined;
      const viewed = rows ? rowsOf(whole, rows) : whole;
      return {
        numbers: storedNumbers(graph, { file: real, info: viewed }, 'i8'),
        scales: scalesOf(graph, real, viewed.scaling!),
        rotation: whole.scaling.rotation,
        areMultiplied: multipliesIntegers,
      };
    },
  };
}

/**
 * Returns whether a tensor is used as it is stored, although `rounding` says otherwise. In ComfyUI,
 * quantised weights are not rounded; beside them, a diffusion model's other layers are not either
 * (comfy.ops.mixed_precision_ops), nor are those of a text encoder in GGUF (ComfyUI-GGUF, ops.py).
 */
function exactTensors(
  tensors: ReadonlyMap<string, TensorInfo>,
  prefix: string,
  rounding: Rounding | undefined,
): (name: string) => boolean {
  const quantised = new Map(
    [...tensors].flatMap(([name, info]) =>
      name.startsWith(prefix) && isQuantised(info) ? [[name.slice(prefix.length), info]] : [],
    ),
  );
  if (quantised.size === 0) return () => false;
  const hasBlocks = [...quantised.values()].some(({ blocks }) => blocks);
  if (rounding === 'f16' && !hasBlocks) return (name) => quantised.has(name);
  return (name) => {
    const weight = tensors.get(prefix + name.replace(/\.bias$/, '.weight'));
    return /\.(weight|bias)$/.test(name) && weight?.shape.length === 2;
  };
}
