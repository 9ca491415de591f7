// Records what nodes read from the model and input folders while they run, so that a stored result
// can later be compared with the files as they are then: models and inputs by their content,
// listings by their names. A dependency is one string, the JSON list of its kind and arguments.
import { createHash } from 'node:crypto';
import { readRegularFile } from '../../formats/regular-file.ts';
import { contentHash } from '../../storage/cache/content-hash.ts';
import type { Folders } from '../../storage/folders.ts';

export interface FileDependencies {
  /** The folders to pass to nodes: their methods record what is read. */
  readonly folders: Folders;
  /** Runs `work` and returns its result with everything that was read meanwhile. */
  record<T>(
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly dependencies: readonly string[] }>;
  /** The state of a dependency now: a hash, or `none` when it can't be read. */
  currentState(dependency: string): Promise<string>;
}

/** Wraps the folders. `hashFolder` is where the content hashes of model files are stored. */
export function trackFileDependencies(folders: Folders, hashFolder: string): FileDependencies {
  let recorded: Set<string> | undefined;
  const record = (...dependency: string[]): void => void recorded?.add(JSON.stringify(dependency));
  const states: Readonly<Record<string, (...names: string[]) => Promise<string> | string>> = {
    model: (kind, name) => contentHash(folders.modelPath(kind, name), hashFolder),
    models: (kind) => hashOf(JSON.stringify(folders.modelFiles(kind))),
    input: async (name) => hashOf(await readRegularFile(folders.inputPath(name))),
    inputs: () => hashOf(JSON.stringify(folders.inputFiles())),
    'has input': (name) => String(folders.hasInput(name)),
    wildcards: () => hashOf(JSON.stringify([...folders.wildcards()])),
  };
  return {
    folders: {
      ...folders,
      modelPath: (kind, name) => {
        record('model', kind, name);
        return folders.modelPath(kind, name);
      },
      modelFiles: (kind) => {
        record('models', kind);
        return folders.modelFiles(kind);
      },
      inputPath: (name) => {
        record('input', name);
        return folders.inputPath(name);
      },
      inputFiles: () => {
        record('inputs');
        return folders.inputFiles();
      },
      hasInput: (name) => {
        record('has input', name);
        return folders.hasInput(name);
      },
      wildcards: () => {
        record('wildcards');
        return folders.wildcards();
      },
    },
    record: async (work) => {
      const outer = recorded;
      const own = new Set<string>();
      recorded = own;
      try {
        return { result: await work(), dependencies: [...own] };
      } finally {
        recorded = outer;
      }
    },
    currentState: async (dependency) => {
      const [kind, ...names] = JSON.parse(dependency) as string[];
      try {
        return await states[kind](...names);
      } catch {
        return 'none';
      }
    },
  };
}

const hashOf = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');
