// Compiles the page's scripts (web/*.ts to dist/web) before the tests run, where they have changed.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

const modified = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const isCompiled = (source: string): boolean =>
  modified(join(ROOT, 'dist', 'web', basename(source).replace(/ts$/, 'js'))) > modified(source);

/** Vitest's global setup. */
export default function buildPage(): void {
  const sources = readdirSync(join(ROOT, 'web')).filter((name) => name.endsWith('.ts'));
  if (sources.every((name) => isCompiled(join(ROOT, 'web', name)))) return;
  execFileSync(process.execPath, [TSC, '-p', join(ROOT, 'web', 'tsconfig.build.json')]);
}
