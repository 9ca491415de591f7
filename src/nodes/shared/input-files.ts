// Files of the input folder.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { readRegularFile } from '../../formats/regular-file.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import { map, type Tensor } from '../../tensor/tensor.ts';
import type { NodeContext } from '../context.ts';

/** SHA-256 of an input file, in hexadecimal. Throws DR_FILE_MISSING. */
export const inputContentHash = async (name: string, context: NodeContext): Promise<string> =>
  createHash('sha256')
    .update(await readRegularFile(context.inputPath(name)))
    .digest('hex');

/** The latent [N,C,H,W] of a `.latent` file. Throws DR_SHAPE_MISMATCH. */
export async function readLatentFile(path: string): Promise<Tensor> {
  const name = basename(path);
  const file = await openSafetensors(path);
  try {
    const samples = await file.read('latent_tensor');
    if (samples.shape.length !== 4)
      throw new DarkroomError('DR_SHAPE_MISMATCH', {
        message: `${name} contains a latent of ${samples.shape.length} dimensions; images have 4`,
        hint: 'Save the latent again with SaveLatent.',
        file: name,
      });
    // files without the version tensor hold latents in the scale of SD1 models
    const oldScale = 1 / 0.18215;
    return file.tensors.has('latent_format_version_0')
      ? samples
      : map(samples, (v) => v * Math.fround(oldScale));
  } finally {
    await file.close();
  }
}
