// Bundles the packages that only the server needs into dist/bundled, and their licences: an
// installation has 20 packages instead of 90, in the versions that were tested together. Runs after
// the compiler, whose output imports them by name.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DIST = join(ROOT, 'dist');
const BUNDLED = join(DIST, 'bundled');

/** The packages (of devDependencies), each with what the program imports from it. */
export const BUNDLED_PACKAGES: Readonly<Record<string, string>> = {
  fastify: 'fastify, LogController',
  pg: 'default',
  'pg-boss': 'default',
  pino: 'pino',
  'prom-client': 'Counter, Gauge, Histogram, Registry',
};

/** Packages of other runtimes that a bundled one imports only there. */
const NEVER_LOADED = ['pg-native', 'pg-cloudflare'];

// packages in CommonJS call `require` for Node's own modules
const BANNER =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

async function bundle(): Promise<Metafile> {
  rmSync(BUNDLED, { recursive: true, force: true });
  const entry = 'bundled:';
  const { metafile } = await build({
    entryPoints: Object.keys(BUNDLED_PACKAGES).map((name) => ({ in: entry + name, out: name })),
    outdir: BUNDLED,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    external: NEVER_LOADED,
    banner: { js: BANNER },
    metafile: true,
    plugins: [
      {
        name: 'entries',
        setup: ({ onResolve, onLoad }) => {
          onResolve({ filter: /^bundled:/ }, ({ path }) => ({ path, namespace: 'bundled' }));
          onLoad({ filter: /^bundled:/, namespace: 'bundled' }, ({ path }) => {
            const name = path.slice(entry.length);
            const contents = `export { ${BUNDLED_PACKAGES[name]} } from '${name}';`;
            return { contents, resolveDir: ROOT };
          });
        },
      },
    ],
  });
  return metafile;
}

/** The text of the licences of the packages whose files are in the bundles. */
function licences({ inputs }: Metafile): string {
  const folders = Object.keys(inputs)
    .map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
    .filter((folder): folder is string => folder !== undefined);
  return [...new Set(folders)].sort().map(licenceOf).join('\n---\n\n');
}

function licenceOf(folder: string): string {
  const path = join(ROOT, folder);
  const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  const file = readdirSync(path).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(path, file), 'utf8').trim() : '';
  return `${name} ${version} (${license})\n\n${text}\n`;
}

/** Replaces the names of bundled packages in the compiler's output by the bundles' paths. */
function importBundles(): void {
  const names = Object.keys(BUNDLED_PACKAGES).join('|');
  const imports = new RegExp(`(\\bfrom |\\bimport\\()'(${names})'`, 'g');
  for (const entry of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.name.endsWith('.js') || file.startsWith(BUNDLED)) continue;
    const text = readFileSync(file, 'utf8');
    const to = relative(dirname(file), BUNDLED).split(sep).join('/');
    const changed = text.replace(imports, (_, keyword, name) => `${keyword}'${to}/${name}.js'`);
    if (changed !== text) writeFileSync(file, changed);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const metafile = await bundle();
  writeFileSync(join(BUNDLED, 'LICENSES.txt'), licences(metafile));
  importBundles();
}
