// What a model file says about one of its tensors: type, shape, and where its bytes are.
import type { DTypeName } from './dtypes.ts';

export interface TensorInfo {
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  /** Absolute byte offset in the file. */
  readonly offset: number;
  readonly byteLength: number;
  /** The file with the bytes, when it is not the model file itself. */
  readonly file?: string;
  /** The bytes, when they are contiguous in no file; `offset` is a position in them. */
  readonly bytes?: Uint8Array;
  /** The tensors that this one consists of, along the first axis (tensor-rows.ts). */
  readonly parts?: readonly TensorInfo[];
  /** What the numbers of the dtype are multiplied by. */
  readonly scaling?: TensorScaling;
}

/** The scales of a quantised tensor (quantised/recognise-scales.ts). */
export interface TensorScaling {
  /** One number, or one for each row. */
  readonly scale: TensorInfo;
  /**
   * The size of the groups of a row that are rotated by a Hadamard matrix (quantised/hadamard.ts):
   * the values are the scaled numbers times the matrix.
   */
  readonly rotation?: number;
}

/** Returns whether values are not simply the numbers that are stored. */
export const isQuantised = ({ scaling, parts }: TensorInfo): boolean =>
  scaling !== undefined || (parts?.some(isQuantised) ?? false);
