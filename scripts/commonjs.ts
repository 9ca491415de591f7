// What `require('darkroom-engine')` finds, in dist/cjs: modules that return the ES modules, which
// Node loads with `require` too, and copies of the declarations of the public interface, since
// TypeScript takes the format of a module from the package.json beside its declarations. Those of
// other modules are removed: nobody can import them.
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

/** The declaration files of all modules. */
const declarations = (): string[] =>
  readdirSync(DIST, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name));

/** The compiler leaves `.ts` in the imports of declarations. */
function importJavaScript(): void {
  for (const file of declarations()) {
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

rmSync(COMMONJS, { recursive: true, force: true });
importJavaScript();
const all = declarations();
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
for (const file of all) if (!copied.has(file)) rmSync(file);
