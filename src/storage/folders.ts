// Model, input, output and temp folders, laid out as ComfyUI's (folder_paths.py): several models folders, old names of folders, names with `/`.
import { type Dirent, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { didYouMean } from '../near-matches.ts';
import type { Wildcards } from '../text/wildcards.ts';
import type { EmbeddedModels } from './embedded-models.ts';
import { readWildcards, wildcardFolders } from './wildcard-files.ts';

export interface FolderOptions {
  /** Folders that hold `checkpoints`, `vae` …; earlier ones win. */
  readonly models?: readonly string[];
  readonly input?: string;
  readonly output?: string;
  readonly temp?: string;
  /** What the input folder has, where that is known better than by looking: in a bucket. */
  readonly inputNames?: () => readonly string[] | undefined;
  /** Models that come with the package; they are looked at last. */
  readonly embedded?: EmbeddedModels;
}

export interface Folders {
  readonly models: readonly string[];
  readonly input: string;
  readonly output: string;
  readonly temp: string;
  /** Files of a kind (`checkpoints`, `vae` …), sorted, relative, with `/`. */
  modelFiles(kind: string): readonly string[];
  /** Absolute paths of the folders of a kind, in the order they are searched, whether they are there or not. */
  modelFolders(kind: string): readonly string[];
  /** Absolute path; unpacks an embedded model when it is asked for. Throws DR_MODEL_MISSING. */
  modelPath(kind: string, name: string): string;
  /** Files directly in the input folder, sorted. */
  inputFiles(): readonly string[];
  /** Absolute path of `name`, `sub/name`, `name [output]`. Throws DR_FILE_MISSING. */
  inputPath(name: string): string;
  hasInput(name: string): boolean;
  /** The lists of the folders `wildcards` and `custom_wildcards`. */
  wildcards(): Wildcards;
  /** What is wrong with their files, a sentence each. */
  wildcardProblems(): readonly string[];
}

// a kind's folder names inside a models folder, in the order they are searched
const NAMES: Readonly<Record<string, readonly string[]>> = {
  text_encoders: ['text_encoders', 'clip'],
  diffusion_models: ['unet', 'diffusion_models'],
  controlnet: ['controlnet', 't2i_adapter'],
};
const OLD_NAMES: Readonly<Record<string, string>> = {
  clip: 'text_encoders',
  unet: 'diffusion_models',
  t2i_adapter: 'controlnet',
};
const MODEL_EXTENSIONS = new Set([
  '.ckpt',
  '.pt',
  '.pt2',
  '.bin',
  '.pth',
  '.safetensors',
  '.pkl',
  '.sft',
]);
/** Kinds whose files end otherwise. */
const OTHER_EXTENSIONS: Readonly<Record<string, ReadonlySet<string>>> = {
  onnx: new Set(['.onnx']),
  configs: new Set(['.yaml']),
  diffusers: new Set(['.json']),
};

const MAX_DEPTH = 16;
const LISTING_LIVES_MS = 2000;

/** The models folders that are meant: `models`, if there is one, unless told. */
export const modelRoots = (
  models: string | readonly string[] = existsSync('models') ? 'models' : [],
): readonly string[] => (typeof models === 'string' ? [models] : models);

/** The folders of a run. Nothing is created or read before it is needed. */
export function openFolders(options: FolderOptions = {}): Folders {
  const models = (options.models ?? []).map((dir) => resolve(dir));
  for (const dir of models)
    if (!isFolder(dir))
      throw new DarkroomError('DR_BAD_USAGE', {
        message: `models folder ${dir} does not exist`,
        hint: 'Give the folder that holds checkpoints, vae, loras …',
        file: dir,
      });
  const input = resolve(options.input ?? 'input');
  const output = resolve(options.output ?? 'output');
  const temp = resolve(options.temp ?? 'temp');
  const listings = new Map<string, { at: number; files: readonly string[] }>();

  const kindOf = (kind: string): string => OLD_NAMES[kind] ?? kind;
  const foldersOf = (kind: string): string[] =>
    models.flatMap((dir) => (NAMES[kind] ?? [kind]).map((name) => join(dir, name)));

  const modelFiles = (asked: string): readonly string[] => {
    const kind = kindOf(asked);
    const known = listings.get(kind);
    if (known && Date.now() - known.at < LISTING_LIVES_MS) return known.files;
    const found = new Set<string>(options.embedded?.names(kind) ?? []);
    const extensions = OTHER_EXTENSIONS[kind] ?? MODEL_EXTENSIONS;
    for (const dir of foldersOf(kind))
      for (const name of walk(dir)) if (extensions.has(extension(name))) found.add(name);
    const files = [...found].sort(byCodePoint);
    listings.set(kind, { at: Date.now(), files });
    return files;
  };

  const modelPath = (asked: string, name: string): string => {
    const kind = kindOf(asked);
    for (const dir of foldersOf(kind)) {
      const path = pathInside(dir, name);
      if (path && isFile(path)) return path;
    }
    const embedded = options.embedded?.unpack(kind, name);
    if (embedded) return embedded;
    throw new DarkroomError('DR_MODEL_MISSING', {
      message: `model file '${name}' is not among the ${kind}`,
      hint:
        didYouMean(name, modelFiles(kind)) ||
        `Put it into the folder '${kind}' of a models folder that --models names.`,
      file: name,
    });
  };

  const roots: Readonly<Record<FolderType, string>> = { input, output, temp };
  const locate = (name: string): { path: string | undefined; root: string } => {
    const { name: plain, type = 'input' } = parseAnnotatedName(name);
    return { path: pathInside(roots[type], plain), root: roots[type] };
  };
  const inputFiles = (): readonly string[] => {
    const told = options.inputNames?.();
    if (told) return [...told].sort(byCodePoint);
    const here = entries(input)
      .filter(
        (entry) =>
          !entry.name.startsWith('.') &&
          (entry.isFile() || (entry.isSymbolicLink() && isFile(join(input, entry.name)))),
      )
      .map((entry) => entry.name);
    return here.sort(byCodePoint);
  };
  const inputPath = (name: string): string => {
    const { path, root } = locate(name);
    if (path && isFile(path)) return path;
    throw new DarkroomError('DR_FILE_MISSING', {
      message: path ? `there is no file '${name}' in ${root}` : `'${name}' lies outside ${root}`,
      hint:
        didYouMean(name, inputFiles()) ||
        'Put it there, or name another input folder with --input.',
      file: name,
    });
  };
  const hasInput = (name: string): boolean => {
    const { path } = locate(name);
    return path !== undefined && isFile(path);
  };
  let lists: { at: number; found: ReturnType<typeof readWildcards> } | undefined;
  const found = (): ReturnType<typeof readWildcards> => {
    if (!lists || Date.now() - lists.at >= LISTING_LIVES_MS)
      lists = { at: Date.now(), found: readWildcards(wildcardFolders(models, input)) };
    return lists.found;
  };
  return {
    models,
    input,
    output,
    temp,
    modelFiles,
    modelFolders: (kind) => foldersOf(kindOf(kind)),
    modelPath,
    inputFiles,
    inputPath,
    hasInput,
    wildcards: () => found().lists,
    wildcardProblems: () => found().problems,
  };
}

export type FolderType = 'input' | 'output' | 'temp';
export const isFolderType = (text: string): text is FolderType =>
  text === 'input' || text === 'output' || text === 'temp';

/** `name [output]` -> name and folder; the folder is undefined without a mark (folder_paths.annotated_filepath). */
export function parseAnnotatedName(name: string): {
  readonly name: string;
  readonly type?: FolderType;
} {
  const found = /^(.*?)\s*\[(input|output|temp)\]$/s.exec(name);
  return found ? { name: found[1], type: found[2] as FolderType } : { name };
}

/** The path of `name` under `root`; undefined when it would lie elsewhere. */
export function pathInside(root: string, name: string): string | undefined {
  if (name === '' || name.includes('\0')) return undefined;
  const path = resolve(root, name.replaceAll('\\', sep === '\\' ? '\\' : '/'));
  return path.startsWith(root.endsWith(sep) ? root : root + sep) ? path : undefined;
}

/** Sorts as Python does, by code point. */
export const byCodePoint = (a: string, b: string): number => {
  const x = Array.from(a, (c) => c.codePointAt(0)!);
  const y = Array.from(b, (c) => c.codePointAt(0)!);
  const i = x.findIndex((c, at) => c !== y[at]);
  return i < 0 ? x.length - y.length : i >= y.length ? 1 : x[i] - y[i];
};

const extension = (name: string): string => {
  const file = basename(name);
  return file.lastIndexOf('.') > 0 ? file.slice(file.lastIndexOf('.')).toLowerCase() : '';
};

/** Files under a folder, links followed, `.git` left out; relative, with `/`. */
function walk(root: string): string[] {
  const found: string[] = [];
  const visit = (dir: string, depth: number): void => {
    for (const entry of entries(dir)) {
      const path = join(dir, entry.name);
      const folder = entry.isDirectory() || (entry.isSymbolicLink() && isFolder(path));
      if (!folder) found.push(relative(root, path).replaceAll(sep, '/'));
      else if (entry.name !== '.git' && depth < MAX_DEPTH) visit(path, depth + 1);
    }
  };
  visit(root, 0);
  return found;
}

function entries(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch {
    return [];
  }
}

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
