// A LoRA file: its tensors, the alphas that scale them, and the sizes of weights that grow.
import { DarkroomError } from '../../errors.ts';
import { fileState } from '../../formats/file-state.ts';
import { withModelFile } from '../../formats/model-file.ts';
import type { TensorFile } from '../../formats/tensor-file.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { type LoraTensors, withReadNames } from './convert-names.ts';

export interface LoraFile extends LoraTensors {
  readonly file: string;
  /** Path, time and size; it changes when the file is replaced. */
  readonly identity: string;
}

/**
 * Reads a LoRA's header, alphas and sizes. Throws what openModelFile throws, and
 * DR_SAFETENSORS_INVALID for an alpha that is not one number.
 */
export async function openLora(file: string): Promise<LoraFile> {
  return withModelFile(file, async (opened) =>
    withReadNames({
      file,
      identity: await fileState(file),
      tensors: opened.tensors,
      alphas: await alphasOf(opened),
      sizes: await sizesOf(opened),
    }),
  );
}

/** The largest number of dimensions of a weight. */
const MAX_DIMENSIONS = 8;

async function sizesOf({ tensors, read }: TensorFile): Promise<Map<string, readonly number[]>> {
  const sizes = new Map<string, readonly number[]>();
  for (const [name, { shape }] of tensors)
    if (name.endsWith('.reshape_weight') && sizeOf(shape) <= MAX_DIMENSIONS)
      sizes.set(name, [...(await read(name)).data]);
  return sizes;
}

async function alphasOf({ file, tensors, read }: TensorFile): Promise<Map<string, number>> {
  const alphas = new Map<string, number>();
  for (const [name, { shape }] of tensors) {
    if (!name.endsWith('.alpha')) continue;
    if (sizeOf(shape) !== 1)
      throw new DarkroomError('DR_SAFETENSORS_INVALID', {
        message: `${name} of ${file} has the shape [${shape}]; an alpha must be one number`,
        hint: 'The LoRA is damaged or was written by a faulty program. Download it again.',
        file,
      });
    alphas.set(name, (await read(name)).data[0]);
  }
  return alphas;
}
