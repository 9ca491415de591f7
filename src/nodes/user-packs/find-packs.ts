// Finds the packs that a user names: folders, single files, installed packages, and the folders
// `custom_nodes` beside the models. Reads package.json files and runs nothing.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { isJsonObject } from '../../formats/json.ts';
import type { PackProblem, PackSource } from './pack-source.ts';

export interface FoundPacks {
  readonly sources: readonly PackSource[];
  readonly problems: readonly PackProblem[];
}

const ENDINGS = ['.ts', '.mts', '.js', '.mjs'];
const NAMES_OF_PACKS = ENDINGS.map((ending) => `pack${ending}`);
const NAMES_OF_MODULES = [...NAMES_OF_PACKS, ...ENDINGS.map((ending) => `index${ending}`)];

/**
 * Finds the packs of `names` (folders, files, packages) and, after them, those in `custom_nodes`
 * beside the models folders. A pack that is named twice is found once.
 */
export function findPacks(
  names: readonly string[],
  modelFolders: readonly string[] = [],
  workingFolder: string = process.cwd(),
): FoundPacks {
  const problems: PackProblem[] = [];
  const named = names.flatMap((name) => {
    const found = namedPacks(name, workingFolder);
    if (found.length === 0) problems.push(missing(name));
    return found;
  });
  const beside = new Set(
    modelFolders.map((folder) => join(dirname(resolve(folder)), CUSTOM_NODES)),
  );
  const all = [...named, ...[...beside].flatMap(packsWithin)];
  const byEntry = new Map(all.map((source) => [source.entry, source]));
  return { sources: [...byEntry.values()], problems };
}

/** ComfyUI's name of the folder. Its Python packs are left alone. */
const CUSTOM_NODES = 'custom_nodes';

const missing = (name: string): PackProblem => ({
  pack: name,
  message:
    `there is no pack '${name}': it is neither a folder with a pack.ts, index.ts or ` +
    'package.json, nor a file, nor an installed package',
});

/** The packs of a folder, a folder of packs, a file or a package. */
function namedPacks(name: string, workingFolder: string): readonly PackSource[] {
  const path = resolve(workingFolder, name);
  if (isFile(path)) return [fileSource(path)];
  if (isFolder(path)) {
    const source = folderSource(path, NAMES_OF_MODULES);
    return source ? [source] : packsWithin(path);
  }
  const source = packageSource(name, workingFolder);
  return source ? [source] : [];
}

/** The packs in a folder of packs: those with a `pack.ts`, or a package that names Darkroom. */
function packsWithin(folder: string): PackSource[] {
  return entriesOf(folder).flatMap((name) => {
    const path = join(folder, name);
    if (isFile(path)) return isModuleName(name) ? [fileSource(path)] : [];
    const source = folderSource(path, namesDarkroom(path) ? NAMES_OF_MODULES : NAMES_OF_PACKS);
    return source ? [source] : [];
  });
}

const isModuleName = (name: string): boolean =>
  ENDINGS.includes(extname(name)) && !/\.(test|d|config)\.\w+$/.test(name);

const fileSource = (entry: string): PackSource => ({
  entry,
  folder: entry,
  name: basename(entry, extname(entry)),
});

/** The pack of a folder: what its package.json names, else the first of `names` that exists. */
function folderSource(folder: string, names: readonly string[]): PackSource | undefined {
  const { name, version, main } = readPackage(folder);
  const isPackage = names === NAMES_OF_MODULES;
  const entry = [...(isPackage && main !== undefined ? [main] : []), ...names]
    .map((file) => join(folder, file))
    .find(isFile);
  return entry === undefined
    ? undefined
    : { entry, folder, name: name ?? basename(folder), version };
}

/** An installed package, found from the working folder. */
function packageSource(name: string, workingFolder: string): PackSource | undefined {
  const require = createRequire(join(workingFolder, 'package.json'));
  for (const folder of require.resolve.paths(name) ?? []) {
    const source = folderSource(join(folder, name), NAMES_OF_MODULES);
    if (source) return source;
  }
  return undefined;
}

interface PackageFile {
  readonly name?: string;
  readonly version?: string;
  /** The main file, relative to the folder. */
  readonly main?: string;
  readonly dependsOnDarkroom?: boolean;
}

/** What matters of a package.json; nothing of one that is missing or broken. */
function readPackage(folder: string): PackageFile {
  try {
    const content: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (!isJsonObject(content)) return {};
    const { name, version, main, exports } = content as Record<string, unknown>;
    const text = (value: unknown): string | undefined =>
      typeof value === 'string' ? value : undefined;
    return {
      name: text(name),
      version: text(version),
      main: mainExport(exports) ?? text(main),
      dependsOnDarkroom: ['dependencies', 'peerDependencies', 'devDependencies'].some((key) => {
        const list: unknown = content[key];
        return isJsonObject(list) && Object.hasOwn(list, 'darkroom-engine');
      }),
    };
  } catch {
    return {};
  }
}

const namesDarkroom = (folder: string): boolean => readPackage(folder).dependsOnDarkroom === true;

/** The file of `.` in `exports`, for imports. */
function mainExport(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (!isJsonObject(exports)) return undefined;
  const { '.': main, import: imported, node, default: other } = exports as Record<string, unknown>;
  for (const choice of [main, imported, node, other]) {
    const found = choice === undefined ? undefined : mainExport(choice);
    if (found !== undefined) return found;
  }
  return undefined;
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.') && name !== 'node_modules')
      .sort();
  } catch {
    return [];
  }
}

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() === true;
const isFolder = (path: string): boolean =>
  existsSync(path) && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
