// Imports the main file of a pack, TypeScript or JavaScript, with `darkroom-engine/pack` as the API
// of this program, whatever is installed beside the pack. Node itself runs TypeScript where it can
// (22.18 and newer); elsewhere jiti compiles it, once for each change of a file.
import * as nodeModule from 'node:module';
import { join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cacheFolder } from '../../user-cache-folder.ts';
import type { PackSource } from './pack-source.ts';

const API = 'darkroom-engine/pack';
const IS_SOURCE = import.meta.url.endsWith('.ts');
/** It imports this file for tests of packs, so its name is no constant. */
const API_MODULE = new URL(`../pack-api/index.${IS_SOURCE ? 'ts' : 'js'}`, import.meta.url).href;

/** Imports a pack; its own files are read anew for each `code` state. Throws what it throws. */
export async function importPack(source: PackSource, code: string): Promise<unknown> {
  if (!canImportNatively()) return importWithJiti(source, code);
  try {
    return await importNatively(source, code);
  } catch (error) {
    if (JITI_ONLY.has((error as NodeJS.ErrnoException | null)?.code ?? ''))
      return importWithJiti(source, code);
    throw error;
  }
}

/** Errors of Node for what jiti reads: enums and the like, and imports without an ending. */
const JITI_ONLY: ReadonlySet<string> = new Set([
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
]);

interface Resolved {
  readonly url: string;
  readonly shortCircuit?: boolean;
}

/** Node's synchronous hooks (22.15), which @types/node of the oldest supported Node lacks. */
type RegisterHooks = (hooks: {
  resolve(
    specifier: string,
    context: { readonly parentURL?: string },
    next: (specifier: string, context: object) => Resolved,
  ): Resolved;
}) => void;

const { registerHooks } = nodeModule as { readonly registerHooks?: RegisterHooks };

const canImportNatively = (): boolean =>
  !IS_SOURCE &&
  registerHooks !== undefined &&
  (process.features as { readonly typescript?: unknown }).typescript !== undefined &&
  (process.features as { readonly typescript?: unknown }).typescript !== false;

/** The state of the code of each pack, by the URL of its folder. */
const states = new Map<string, string>();
let isHooked = false;

/** Modules of a pack carry the state of its code in their URLs, so that Node reads them anew. */
function hookResolution(): void {
  if (isHooked) return;
  isHooked = true;
  registerHooks!({
    resolve: (specifier, context, next) => {
      if (specifier === API) return { url: API_MODULE, shortCircuit: true };
      const resolved = next(specifier, context);
      if (!resolved.url.startsWith('file:') || resolved.url.includes('/node_modules/'))
        return resolved;
      for (const [folder, code] of states)
        if (resolved.url.startsWith(folder) && !resolved.url.includes('?'))
          return { ...resolved, url: `${resolved.url}?${code}` };
      return resolved;
    },
  });
}

async function importNatively({ entry, folder }: PackSource, code: string): Promise<unknown> {
  hookResolution();
  const own = pathToFileURL(folder).href;
  states.set(folder === entry ? own : `${own}/`, code);
  return await import(`${pathToFileURL(entry).href}?${code}`);
}

/** The state of the code that jiti has read, by folder. */
const compiled = new Map<string, string>();

async function importWithJiti({ entry, folder }: PackSource, code: string): Promise<unknown> {
  const [{ createJiti }, api] = await Promise.all([import('jiti'), import(API_MODULE)]);
  const jiti = createJiti(fileURLToPath(import.meta.url), {
    fsCache: join(cacheFolder(), 'packs'),
    interopDefault: false,
    tryNative: false,
    virtualModules: { [API]: api },
  });
  if (compiled.get(folder) !== code)
    for (const file of Object.keys(jiti.cache))
      if (file === folder || file.startsWith(folder + sep)) delete jiti.cache[file];
  compiled.set(folder, code);
  return await jiti.import(entry);
}
