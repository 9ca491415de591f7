// The Qwen3-VL with small random weights of test/golden/dit/make_krea2.py.
import { join } from 'node:path';
import { writeSafetensors } from '../../../src/formats/safetensors/safetensors-write.ts';
import { golden } from '../golden.ts';
import { seededTensors, type TensorsToWrite } from './rewrite.ts';

export const smallQwen3Vl = (): TensorsToWrite =>
  seededTensors(golden('dit', 'krea2_encoder').weights.te);

/** Writes it as `tiny_qwen3vl_4b.safetensors` and returns the path. */
export async function writeSmallQwen3Vl(folder: string): Promise<string> {
  const file = join(folder, 'tiny_qwen3vl_4b.safetensors');
  await writeSafetensors(file, smallQwen3Vl());
  return file;
}
