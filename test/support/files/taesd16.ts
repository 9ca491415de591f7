// The tiny autoencoders of 16 channels, and of FLUX.2, that test/golden/vae makes from seeds, as
// files.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { writeSafetensors } from '../../../src/formats/safetensors/safetensors-write.ts';
import { seededTensors, type TensorsToWrite } from './rewrite.ts';

const pathOfGroup = (group: string): string =>
  fileURLToPath(new URL(`../../golden/vae/${group}.json.gz`, import.meta.url));

export interface Taesd16Files {
  readonly encoder: string;
  readonly decoder: string;
  /** Writes both halves into one file, as ComfyUI saves them, and returns its path. */
  whole(numbers: { readonly scale: number; readonly shift: number }): Promise<string>;
}

/** Writes the two files into a folder; `name` is what their names begin with. */
export async function writeTaesd16(
  folder: string,
  name = 'tae16',
  group = 'taesd16',
): Promise<Taesd16Files> {
  const { weights } = JSON.parse(gunzipSync(readFileSync(pathOfGroup(group))).toString('utf8'));
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
