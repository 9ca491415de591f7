// What a model file says about one of its tensors: type, shape, and where its bytes are.
import type { DTypeName } from './dtypes.ts';
import type { BlockArithmetic, BlockType } from './gguf/block-types.ts';

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
  /** The blocks of GGUF that the bytes are; the dtype is that of the values then. */
  readonly blocks?: TensorBlocks;
}

/** Quantised blocks (gguf/decode-blocks.ts). */
export interface TensorBlocks {
  readonly type: BlockType;
  readonly arithmetic: BlockArithmetic;
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
export const isQuantised = ({ scaling, blocks, parts }: TensorInfo): boolean =>
  scaling !== undefined || blocks !== undefined || (parts?.some(isQuantised) ?? false);
