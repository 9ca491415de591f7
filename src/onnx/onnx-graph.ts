// A graph under construction, as network builders use it.
import type { Attribute, ElementType, External, Model } from './serialize.ts';

/** The name of an edge of the graph. */
export type Value = string;

/** A tensor in a file; `location` is the file's absolute path. */
export interface ExternalTensor extends External {
  readonly type: ElementType;
  readonly dims: readonly number[];
}

/** A tensor in memory, little-endian. */
export interface InlineTensor {
  readonly bytes: Uint8Array;
  readonly type: ElementType;
  readonly dims: readonly number[];
}

export interface Graph {
  /**
   * Adds an operator with one output. `type` may include a domain: 'com.microsoft.Gelu'. '' stands
   * for an optional input that is absent.
   */
  op(
    type: string,
    inputs: readonly Value[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): Value;
  /** Adds an operator with several outputs. */
  outputsOf(
    type: string,
    inputs: readonly Value[],
    count: number,
    attributes?: Readonly<Record<string, Attribute>>,
  ): Value[];
  /**
   * Adds an `If` on a truth value of one element; only the chosen branch is evaluated. `no` must be
   * right in any case: GPUs always take it.
   */
  choose(condition: Value, yes: () => Value, no: () => Value): Value;
  /**
   * Adds a `Scan`: applies `body` to the entries of the first axis of all inputs, one after
   * another, and stacks the results.
   */
  scan(inputs: readonly Value[], body: (parts: readonly Value[]) => Value): Value;
  /** Returns a one-dimensional constant of int64 values. */
  ints(values: readonly number[]): Value;
  /** Returns a constant of float32 values, one-dimensional by default. */
  floats(values: ArrayLike<number>, dims?: readonly number[]): Value;
  /**
   * Returns a tensor in a file as float32, optionally rounded to another type first. The same bytes
   * with the same shape are one value.
   */
  external(tensor: ExternalTensor, rounded?: ElementType): Value;
  /**
   * As `external`, but converted to float32 in each evaluation, when `after` is computed, and
   * released behind its last use: for sessions with `streamsWeights`.
   */
  streamed(tensor: ExternalTensor, after: Value, rounded?: ElementType): Value;
  /**
   * Returns a tensor in a file in its stored type. The same bytes with the same shape are one
   * value.
   */
  externalRaw(tensor: ExternalTensor): Value;
  /**
   * Returns a tensor in memory as float32, optionally rounded to another type first. Its bytes
   * become part of the model, which is limited to 2 GiB.
   */
  inline(tensor: InlineTensor, rounded?: ElementType): Value;
  /** Returns a tensor in memory in its own type. */
  inlineRaw(tensor: InlineTensor): Value;
  /**
   * Returns a value that `make` computes from weights alone, outside of any branch, because other
   * operators may use it too. The same key is one value.
   */
  weight(key: string, make: () => Value): Value;
  /** Rounds float32 values to another type and casts them back. */
  round(value: Value, to: ElementType): Value;
  /** Declares a float32 input; named dimensions are free. */
  input(name: string, dims: readonly (number | string)[]): Value;
  /** Declares an output. */
  output(name: string, value: Value, dims: readonly (number | string)[]): void;
  /** Returns the bytes that the external tensors take as float32, of streamed ones the largest. */
  weightBytes(): number;
  /**
   * Returns the bytes of those weights that ONNX Runtime copies into another layout while it loads,
   * and holds twice for that time: the weights of convolutions.
   */
  relayoutBytes(): number;
  /** Returns whether there are weights in 8-bit integers. */
  hasIntegers(): boolean;
  /** Returns the files of all external tensors. */
  files(): readonly string[];
  /**
   * Returns the deepest folder with the files of all external tensors; the serialized model names
   * them relative to it.
   */
  folder(): string;
  /** Returns the bytes of an .onnx file. `transform` is applied to the model first. */
  serialize(transform?: (model: Model) => Model): Uint8Array;
}
