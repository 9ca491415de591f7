// What `require('darkroom-engine')` finds, in dist/cjs: modules that return the ES modules, which
// Node loads with `require` too, and copies of the declarations of the public interface, since
// TypeScript takes the format of a module from the package.json beside its declarations.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const COMMONJS = join(DIST, 'cjs');

/** The modules that package.json exports. */
const ENTRIES = [
  'index',
  'workflow/builder/nodes.generated',
  'server/embedded-server',
  'nodes/pack-api/index',
];

const RELATIVE_IMPORT = /(\bfrom |\bimport\()'(\.[^']*?)\.ts'/g;

/** The compiler leaves `.ts` in the imports of declarations. */
function importJavaScript(): void {
  for (const entry of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.d.ts')) continue;
    const file = join(entry.parentPath, entry.name);
    const text = readFileSync(file, 'utf8');
    const changed = text.replace(RELATIVE_IMPORT, "$1'$2.js'");
    if (changed !== text) writeFileSync(file, changed);
  }
}

/** Copies a declaration file, and those that it imports. */
function copyDeclarations(file: string, copied: Set<string>): void {
  if (copied.has(file)) return;
  copied.add(file);
  const text = readFileSync(file, 'utf8');
  write(join(COMMONJS, relative(DIST, file)), text);
  for (const [, path] of text.matchAll(/(?:\bfrom |\bimport\()'(\.[^']*)\.js'/g))
    copyDeclarations(`${join(dirname(file), path)}.d.ts`, copied);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

importJavaScript();
rmSync(COMMONJS, { recursive: true, force: true });
write(join(COMMONJS, 'package.json'), '{ "type": "commonjs" }\n');
const copied = new Set<string>();
for (const name of ENTRIES) {
  copyDeclarations(join(DIST, `${name}.d.ts`), copied);
  const entry = join(COMMONJS, `${name}.js`);
  const target = relative(dirname(entry), join(DIST, `${name}.js`))
    .split(sep)
    .join('/');
  write(entry, `module.exports = require('${target}');\n`);
}
