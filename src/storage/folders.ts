// The model, input, output and temp folders of a run, laid out as ComfyUI's (folder_paths.py).
import { resolve } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { didYouMean } from '../near-matches.ts';
import type { Wildcards } from '../text/wildcard-lists.ts';
import { shortLived } from './cache/short-lived.ts';
import type { EmbeddedModels } from './embedded-models.ts';
import {
  byCodePoint,
  type FolderType,
  isFile,
  isFolder,
  parseAnnotatedName,
  pathInside,
} from './folder-paths.ts';
import { directView, type FolderView } from './folder-view.ts';
import { type ModelFolders, openModelFolders } from './model-folders.ts';
import { modelLocations } from './model-roots.ts';
import type { OnUnreadable } from './walk-folder.ts';
import { readWildcards, wildcardFolders } from './wildcard-files.ts';

export interface FolderOptions {
  /**
   * Folders that contain `checkpoints`, `vae` …; earlier ones take precedence. Also files like
   * ComfyUI's extra_model_paths.yaml.
   */
  readonly models?: readonly string[];
  readonly input?: string;
  readonly output?: string;
  readonly temp?: string;
  /** Returns the files of the input folder where they are not on this machine (a bucket). */
  readonly inputNames?: () => readonly string[] | undefined;
  /** Models that come with the package; they are searched last. */
  readonly embedded?: EmbeddedModels;
  /**
   * Is called with one sentence for each file or folder that cannot be read, once for each. It is
   * left out of listings.
   */
  readonly onUnreadable?: (problem: string) => void;
  /** How folders are looked at; without it, they are read directly. */
  readonly view?: FolderView;
}

const MAX_REPORTED = 500;

export interface Folders extends ModelFolders {
  /** The models folders, and the lists of such folders. */
  readonly models: readonly string[];
  readonly input: string;
  readonly output: string;
  readonly temp: string;
  /** Returns the files directly in the input folder, sorted. */
  inputFiles(): readonly string[];
  /** Returns the path of `name`, `sub/name`, `name [output]`. Throws DR_FILE_MISSING. */
  inputPath(name: string): string;
  hasInput(name: string): boolean;
  /** Whether a path is not in a folder that has stopped to answer. */
  isReachable(path: string): boolean;
  /** Returns the lists in the folders `wildcards` and `custom_wildcards`. */
  wildcards(): Wildcards;
  /** Returns what is wrong with their files, one sentence each. */
  wildcardProblems(): readonly string[];
}

/**
 * Returns the folders of a run. Nothing is created or read before it is needed. Throws DR_BAD_USAGE
 * for a models folder that does not exist.
 */
export function openFolders(options: FolderOptions = {}): Folders {
  const entries = (options.models ?? []).map((entry) => resolve(entry));
  const { roots: models, extra } = modelLocations(entries);
  for (const folder of models)
    if ((options.view?.isReachable(folder) ?? true) && !isFolder(folder))
      throw new DarkroomError('DR_BAD_USAGE', {
        message: `models folder ${folder} does not exist`,
        hint: 'Name the folder that contains checkpoints, vae, loras …',
        file: folder,
      });
  const roots = {
    input: resolve(options.input ?? 'input'),
    output: resolve(options.output ?? 'output'),
    temp: resolve(options.temp ?? 'temp'),
  };
  const onUnreadable = options.onUnreadable && once(options.onUnreadable);
  const view = options.view ?? directView(onUnreadable);
  const wildcardFiles = shortLived(() =>
    readWildcards(
      // what is beside a folder that does not answer may be on the same share
      wildcardFolders(
        models.filter((folder) => view.isReachable(folder)),
        view.isReachable(roots.input) ? roots.input : undefined,
      ).filter((folder) => view.isReachable(folder)),
      onUnreadable,
    ),
  );
  return {
    models: entries,
    ...roots,
    ...openModelFolders({ roots: models, extra }, options.embedded, view),
    ...inputFolder(roots, options.inputNames, view),
    isReachable: view.isReachable,
    wildcards: () => wildcardFiles('').lists,
    wildcardProblems: () => wildcardFiles('').problems,
  };
}

function inputFolder(
  roots: Readonly<Record<FolderType, string>>,
  inputNames: FolderOptions['inputNames'] = () => undefined,
  view: FolderView,
): Pick<Folders, 'inputFiles' | 'inputPath' | 'hasInput'> {
  const locate = (annotated: string): { path: string | undefined; root: string } => {
    const { name, type = 'input' } = parseAnnotatedName(annotated);
    return { path: pathInside(roots[type], name), root: roots[type] };
  };
  const visibleFiles = (): string[] =>
    view.names(roots.input, 'files').filter((name) => !name.startsWith('.'));
  const inputFiles = (): readonly string[] =>
    [...(inputNames() ?? visibleFiles())].sort(byCodePoint);
  return {
    inputFiles,
    inputPath: (name) => {
      const { path, root } = locate(name);
      if (path && view.isReachable(path) && isFile(path)) return path;
      throw new DarkroomError('DR_FILE_MISSING', {
        message: path ? `there is no file '${name}' in ${root}` : `'${name}' is outside ${root}`,
        hint:
          didYouMean(name, inputFiles()) ||
          'Put it there, or name another input folder with --input.',
        file: name,
      });
    },
    hasInput: (name) => {
      const { path } = locate(name);
      return path !== undefined && view.isReachable(path) && isFile(path);
    },
  };
}

/** Reports each path once, and no more than a few hundred of them. */
function once(report: (problem: string) => void): OnUnreadable {
  const reported = new Set<string>();
  return (problem, path) => {
    if (reported.has(path) || reported.size >= MAX_REPORTED) return;
    reported.add(path);
    report(problem);
  };
}
