// Compiles the loop, a target and all that it imports from this repository into one module, whose
// parts from src/ count what they run.
import { readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin, transform } from 'esbuild';
import { instrument } from './instrument.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = `${ROOT}src${sep}`;
/** Tables of declarations: their branches say nothing about a parser. */
const LEFT_OUT = /[\\/](nodes[\\/]packs|builder[\\/]nodes\.generated|models[\\/]unet)/;

export interface Bundle {
  /** The number of counters. */
  readonly counters: number;
  /** Words that the sources compare with. */
  readonly words: readonly string[];
}

/** `name` is that of a file in targets/; writes the module to `outfile`. */
export async function bundleTarget(name: string, outfile: string): Promise<Bundle> {
  let counters = 0;
  const words = new Set<string>();
  const load = async (path: string): Promise<string> => {
    // import.meta.url stays that of the source, as files beside it are read
    const text = readFileSync(path, 'utf8').replaceAll(
      'import.meta.url',
      JSON.stringify(pathToFileURL(path).href),
    );
    const { code } = await transform(text, { loader: 'ts', target: 'node20' });
    if (!path.startsWith(SOURCES) || LEFT_OUT.test(path)) return code;
    const instrumented = instrument(code, counters);
    counters = instrumented.next;
    for (const word of instrumented.words) words.add(word);
    return instrumented.code;
  };
  const plugin: Plugin = {
    name: 'instrument',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
        contents: await load(path),
        loader: 'js',
      }));
    },
  };
  await build({
    stdin: {
      contents: `
        import './test/fuzz/coverage-map.ts';
        import { runLoop } from './test/fuzz/loop.ts';
        import { target } from './test/fuzz/targets/${name}.ts';
        await runLoop(target);`,
      resolveDir: ROOT,
      loader: 'js',
    },
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
    plugins: [plugin],
  });
  return { counters, words: [...words] };
}
