// The pictures that the examples of the package use, for the input folder of a server.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Storage } from './storage.ts';

const PICTURES = fileURLToPath(new URL('../../examples/input', import.meta.url));

/**
 * Adds the pictures to an input folder that has no files yet; ComfyUI comes with one as well.
 * Throws DR_OUTPUT_UNWRITABLE, DR_STORAGE.
 */
export async function addExampleInputs(storage: Storage): Promise<void> {
  if ((await storage.list('input')).length > 0) return;
  for (const name of readdirSync(PICTURES))
    await storage.add('input', name, readFileSync(join(PICTURES, name)));
  await storage.refreshInputNames();
}
