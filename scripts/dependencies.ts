// npx tsx scripts/dependencies.ts : writes docs/dependencies.md, the packages of package-lock.json
// with their licences and install scripts. Read from the lock file alone, so that packages of other
// platforms are listed too and no package is asked.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
}

interface Package extends LockEntry {
  readonly name: string;
}

/** The page about the packages of a lock file; `ownDependencies` are those of package.json. */
export function dependenciesPage(lockText: string, ownDependencies: readonly string[]): string {
  const { packages } = JSON.parse(lockText) as { packages: Readonly<Record<string, LockEntry>> };
  const all = Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]): Package => ({ ...entry, name: path.replace(/^.*node_modules\//, '') }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
  const production = all.filter(({ dev }) => !dev);
  const development = all.filter(({ dev }) => dev);
  return `# Dependencies

Generated from package-lock.json by \`npm run dependencies\`; a test compares the two. Licences are those that the packages declare.

${production.length} packages are used by the program, ${ownDependencies.length} of them directly (in bold); ${development.length} are for its development only and are not installed with it.

## Install scripts

${installScripts(all)}

\`npm ci --ignore-scripts\` followed by \`npm run build\` installs Darkroom without running any.

## Of the program

| package | version | licence | install script | only on |
|---|---|---|---|---|
${production.map((one) => row(one, ownDependencies)).join('\n')}

## For development

| licence | packages |
|---|---|
${licenceRows(development).join('\n')}
`;
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
  'onnxruntime-node':
    'downloads CUDA libraries; `.npmrc` switches it off in this checkout. The CPU library is in the package',
  esbuild: 'replaces its JavaScript launcher with the binary of the platform',
};

function installScripts(all: readonly Package[]): string {
  const withScripts = all.filter(({ hasInstallScript }) => hasInstallScript);
  const lines = withScripts.map(
    ({ name, version, dev }) =>
      `- ${name} ${version} (${dev ? 'development' : 'program'}): ${INSTALL_SCRIPTS[name] ?? 'not described yet'}.`,
  );
  return [`${withScripts.length} packages have one:`, '', ...new Set(lines)].join('\n');
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
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(OUT, currentPage());
