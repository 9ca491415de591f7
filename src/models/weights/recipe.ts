// Recipes: how prepacked tensors are computed from those of a file.
import type { ElementType } from '../../onnx/serialize.ts';
import { sizeOf, type Tensor } from '../../tensor/tensor.ts';

/** A tensor that a recipe computes. */
export interface PrepackedOutput {
  readonly name: string;
  readonly type: Extract<ElementType, 'f32' | 'f16' | 'i8' | 'u8'>;
  readonly dims: readonly number[];
}

export interface Recipe {
  /** Includes its parameters: recipes of the same name and version compute the same bytes. */
  readonly name: string;
  /** To be raised when the same name computes other bytes. */
  readonly version: number;
  /** Returns the outputs for tensors of these shapes. */
  outputs(shapes: readonly (readonly number[])[]): readonly PrepackedOutput[];
  /** Computes the bytes of the outputs, little-endian, from the values of the tensors. */
  compute(tensors: readonly Tensor[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
}

const BYTES = { f32: 4, f16: 2, i8: 1, u8: 1 } as const;

/** Returns the size of an output in bytes. */
export const outputBytes = ({ type, dims }: PrepackedOutput): number => sizeOf(dims) * BYTES[type];
