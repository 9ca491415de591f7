// The versions of Darkroom and of ONNX Runtime, without loading either.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let known: { readonly version: string; readonly onnxruntime: string } | undefined;

/** Versions of Darkroom and of ONNX Runtime. */
export function versions(): { readonly version: string; readonly onnxruntime: string } {
  if (known) return known;
  const versionIn = (file: string): string => JSON.parse(readFileSync(file, 'utf8')).version;
  const here = dirname(fileURLToPath(import.meta.url));
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
  known = {
    version: versionIn(join(here, '..', '..', 'package.json')),
    onnxruntime: versionIn(packageOf(entry)),
  };
  return known;
}

const packageOf = (entry: string): string =>
  join(entry.slice(0, entry.lastIndexOf('onnxruntime-node')), 'onnxruntime-node', 'package.json');
