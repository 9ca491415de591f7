// The versions of Darkroom and of ONNX Runtime, read from package.json without loading either.
import { readFileSync } from 'node:fs';

export interface Versions {
  readonly version: string;
  readonly onnxruntime: string;
}

let cached: Versions | undefined;

export function versions(): Versions {
  if (cached) return cached;
  const file = new URL('../../package.json', import.meta.url);
  const { version, dependencies } = JSON.parse(readFileSync(file, 'utf8'));
  // pinned to one version, which the native library has too
  cached = { version, onnxruntime: dependencies['onnxruntime-common'] };
  return cached;
}
