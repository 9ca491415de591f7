// What tests need besides the sources: ONNX Runtime's library, and the page's scripts (web/*.ts
// compiled to dist/web), where they are missing or have changed.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeNativeFolders, thisPlatform } from '../../scripts/native.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

const modified = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const isCompiled = (source: string): boolean =>
  modified(join(ROOT, 'dist', 'web', basename(source).replace(/ts$/, 'js'))) > modified(source);

/** Vitest's global setup. */
export default function build(): void {
  makeNativeFolders(thisPlatform());
  const sources = readdirSync(join(ROOT, 'web')).filter((name) => name.endsWith('.ts'));
  if (sources.every((name) => isCompiled(join(ROOT, 'web', name)))) return;
  execFileSync(process.execPath, [TSC, '-p', join(ROOT, 'web', 'tsconfig.build.json')]);
}
