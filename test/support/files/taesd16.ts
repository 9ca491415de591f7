// The tiny autoencoder of 16 channels that test/golden/vae/make.py makes from seeds, as files.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { writeSafetensors } from '../../../src/formats/safetensors/safetensors-write.ts';
import { seededTensors, type TensorsToWrite } from './rewrite.ts';

const INFO = fileURLToPath(new URL('../../golden/vae/taesd16.json.gz', import.meta.url));

export interface Taesd16Files {
  readonly encoder: string;
  readonly decoder: string;
  /** Writes both halves into one file, as ComfyUI saves them, and returns its path. */
  whole(numbers: { readonly scale: number; readonly shift: number }): Promise<string>;
}

/** Writes the two files into a folder; `name` is what their names begin with. */
export async function writeTaesd16(folder: string, name = 'tae16'): Promise<Taesd16Files> {
  const { weights } = JSON.parse(gunzipSync(readFileSync(INFO)).toString('utf8'));
  const halves: Record<string, TensorsToWrite> = {
    encoder: seededTensors(weights.encoder),
    decoder: seededTensors(weights.decoder),
  };
  const pathOf = (part: string): string => join(folder, `${name}_${part}.safetensors`);
  for (const [part, tensors] of Object.entries(halves))
    await writeSafetensors(pathOf(part), tensors);
  return {
    encoder: pathOf('encoder'),
    decoder: pathOf('decoder'),
    async whole({ scale, shift }) {
      const number = (value: number) =>
        ({ dtype: 'F32', shape: [], data: Float32Array.of(value) }) as const;
      const all = Object.entries(halves).flatMap(([part, tensors]) =>
        Object.entries(tensors).map(([key, value]) => [`taesd_${part}.${key}`, value] as const),
      );
      const file = pathOf(`whole_${scale}`);
      await writeSafetensors(file, {
        ...Object.fromEntries(all),
        vae_scale: number(scale),
        vae_shift: number(shift),
      });
      return file;
    },
  };
}
