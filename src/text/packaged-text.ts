// Texts that are packaged with the program, compressed: vocabularies of tokenizers.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { DarkroomError } from '../errors.ts';

/**
 * Reads a text by its name in the folder `assets`, compressed by gzip (`.gz`) or Brotli (`.br`).
 * Throws DR_FILE_MISSING if the package lacks it.
 */
export const packagedText = (name: string): string => packagedBytes(name).toString('utf8');

/** Reads bytes as packagedText does. */
export function packagedBytes(name: string): Buffer {
  const file = fileURLToPath(new URL(`../../assets/${name}`, import.meta.url));
  try {
    const decompress = name.endsWith('.br') ? brotliDecompressSync : gunzipSync;
    return decompress(readFileSync(file));
  } catch (cause) {
    throw new DarkroomError('DR_FILE_MISSING', {
      message: `the vocabulary of a tokenizer cannot be read from ${file}`,
      hint: 'Install the package again: its assets folder is incomplete.',
      file,
      cause,
    });
  }
}
