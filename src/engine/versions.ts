// The versions of Darkroom and of ONNX Runtime, read from their package.json without loading
// either.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Versions {
  readonly version: string;
  readonly onnxruntime: string;
}

let cached: Versions | undefined;

export function versions(): Versions {
  if (cached) return cached;
  const here = dirname(fileURLToPath(import.meta.url));
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
  cached = {
    version: versionIn(join(here, '..', '..', 'package.json')),
    onnxruntime: versionIn(packageOf(entry)),
  };
  return cached;
}

const versionIn = (file: string): string => JSON.parse(readFileSync(file, 'utf8')).version;

const packageOf = (entry: string): string =>
  join(entry.slice(0, entry.lastIndexOf('onnxruntime-node')), 'onnxruntime-node', 'package.json');
