// npx tsx scripts/dependencies.ts : writes docs/dependencies.md, the packages of package-lock.json
// with their licences and install scripts. Read from the lock file alone, so that packages of other
// platforms are listed too and no package is asked.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLED_PACKAGES } from './bundle.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const OUT = join(ROOT, 'docs', 'dependencies.md');

/** An entry of `packages` in package-lock.json. */
interface LockEntry {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Package extends LockEntry {
  readonly name: string;
  readonly path: string;
}

type Lock = Readonly<Record<string, LockEntry>>;

/**
 * The page about the packages of a lock file; `own` are the dependencies of package.json, `bundled`
 * those that are compiled into the program.
 */
export function dependenciesPage(
  lockText: string,
  own: readonly string[],
  bundled: readonly string[] = [],
): string {
  const { packages } = JSON.parse(lockText) as { packages: Lock };
  const all = Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]): Package => ({ ...entry, path, name: nameOf(path) }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
  const inBundles = withDependencies(packages, bundled);
  const production = all.filter(({ dev }) => !dev);
  const compiledIn = all.filter(({ dev, path }) => dev && inBundles.has(path));
  const development = all.filter(({ dev, path }) => dev && !inBundles.has(path));
  return `# Dependencies

Generated from package-lock.json by \`npm run dependencies\`; a test compares the two. Licences are those that the packages declare.

${production.length} packages are installed with the program (those of other platforms are left out), ${own.length} of them used directly (in bold). ${compiledIn.length} are compiled into it
(\`scripts/bundle.ts\`; their licences are in \`dist/bundled/LICENSES.txt\`). ${development.length} are for its development only.

ONNX Runtime's native library comes out of the npm package onnxruntime-node (MIT), which is not installed (\`scripts/native.ts\`).

## Install scripts

${installScripts(all)}

\`npm ci --ignore-scripts\` followed by \`npm run build\` installs Darkroom without running any.

## Of the program

| package | version | licence | install script | only on |
|---|---|---|---|---|
${production.map((one) => row(one, own)).join('\n')}

## Compiled into the program

| package | version | licence | install script | only on |
|---|---|---|---|---|
${compiledIn.map((one) => row(one, bundled)).join('\n')}

## For development

| licence | packages |
|---|---|
${licenceRows(development).join('\n')}
`;
}

const nameOf = (path: string): string => path.replace(/^.*node_modules\//, '');

/** The paths in a lock file of packages and of everything that they depend on. */
function withDependencies(packages: Lock, names: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (name: string, from: string): void => {
    const path = `${from && `${from}/`}node_modules/${name}`;
    if (!(path in packages)) {
      // as Node looks for a package: in the folder above
      if (from) add(name, from.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$/, ''));
      return;
    }
    if (found.has(path)) return;
    found.add(path);
    for (const one of Object.keys(packages[path].dependencies ?? {})) add(one, path);
  };
  for (const name of names) add(name, '');
  return found;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const licenceOf = ({ license }: Package): string => license ?? 'not declared';

function row(one: Package, own: readonly string[]): string {
  const { name, version, hasInstallScript, os, cpu } = one;
  const shown = own.includes(name) ? `**${name}**` : name;
  const platform = [os?.join(', '), cpu?.join(', ')].filter(Boolean).join(' / ');
  return `| ${shown} | ${version} | ${licenceOf(one)} | ${hasInstallScript ? 'yes' : ''} | ${platform} |`;
}

/** What the install scripts of these packages do. A package that is not here is listed as new. */
const INSTALL_SCRIPTS: Readonly<Record<string, string>> = {
  esbuild: 'replaces its JavaScript launcher with the binary of the platform',
};

function installScripts(all: readonly Package[]): string {
  const withScripts = all.filter(({ hasInstallScript }) => hasInstallScript);
  const lines = withScripts.map(
    ({ name, version, dev }) =>
      `- ${name} ${version} (${dev ? 'development' : 'program'}): ${INSTALL_SCRIPTS[name] ?? 'not described yet'}.`,
  );
  const count =
    withScripts.length === 1 ? '1 package has one' : `${lines.length} packages have one`;
  return [`${count}:`, '', ...new Set(lines)].join('\n');
}

/** The most frequent licences first. */
function licenceRows(packages: readonly Package[]): string[] {
  const counts = new Map<string, number>();
  for (const one of packages) counts.set(licenceOf(one), (counts.get(licenceOf(one)) ?? 0) + 1);
  return [...counts]
    .sort(([a, n], [b, m]) => m - n || compare(a, b))
    .map(([licence, count]) => `| ${licence} | ${count} |`);
}

/** The page for the files of this checkout. */
export function currentPage(): string {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>;
  };
  return dependenciesPage(
    readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
    Object.keys(dependencies),
    Object.keys(BUNDLED_PACKAGES),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(OUT, currentPage());
