// Identifies a model file without reading gigabytes: SHA-256 of its size, its first MiB (the header
// of a safetensors file) and 256 samples of 4 KiB; of a small file, SHA-256 of all its bytes.
// Another or a changed file is detected, deliberate forgery is not.
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, readSync } from 'node:fs';
import { openRegularSync } from '../../formats/regular-file.ts';

const HEAD_BYTES = 1 << 20;
const SAMPLES = 256;
const SAMPLE_BYTES = 4096;
/** Files up to this size are hashed whole. */
const MAX_WHOLE_BYTES = 2 * HEAD_BYTES;

/** Fingerprints by path, size and modification time. */
const cached = new Map<string, string>();

/**
 * Returns `sha256:…` for a file of up to 2 MiB, `sampled-sha256:…` for a larger one. It is computed
 * again when the modification time or the size has changed.
 */
export function fingerprint(path: string): string {
  const file = openRegularSync(path);
  try {
    const { size, mtimeMs } = fstatSync(file);
    const key = `${path} ${size} ${mtimeMs}`;
    const existing = cached.get(key);
    if (existing) return existing;
    const hash = createHash('sha256');
    const addBytes = (offset: number, length: number): void => {
      const bytes = Buffer.alloc(length);
      hash.update(bytes.subarray(0, readSync(file, bytes, 0, length, offset)));
    };
    const isWhole = size <= MAX_WHOLE_BYTES;
    if (isWhole) addBytes(0, size);
    else {
      hash.update(String(size));
      addBytes(0, HEAD_BYTES);
      for (let i = 1; i <= SAMPLES; i++)
        addBytes(Math.floor(((size - SAMPLE_BYTES) * i) / SAMPLES), SAMPLE_BYTES);
    }
    const result = `${isWhole ? 'sha256' : 'sampled-sha256'}:${hash.digest('hex')}`;
    cached.set(key, result);
    return result;
  } finally {
    closeSync(file);
  }
}
