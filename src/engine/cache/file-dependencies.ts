// What nodes ask of the folders while they run, so that a stored result can be compared later with the files as they are then: models and
// inputs by their content, listings by their names. Each question is one string.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { contentHash } from '../../storage/content-hash.ts';
import type { Folders } from '../../storage/folders.ts';

export interface FilesAsked {
  /** The folders that nodes have to be given. */
  readonly folders: Folders;
  /** What was asked while `work` ran. */
  during<T>(
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly asked: readonly string[] }>;
  /** The answer to a question now, as a hash. */
  answer(question: string): Promise<string>;
}

/** `hashes`: where the content hashes of model files are remembered. */
export function filesAsked(folders: Folders, hashes: string): FilesAsked {
  let asked: Set<string> | undefined;
  const ask = (...question: string[]): void => void asked?.add(JSON.stringify(question));
  const answers: Readonly<Record<string, (...names: string[]) => Promise<string> | string>> = {
    model: (kind, name) => contentHash(folders.modelPath(kind, name), hashes),
    models: (kind) => hashOf(JSON.stringify(folders.modelFiles(kind))),
    input: async (name) => hashOf(await readFile(folders.inputPath(name))),
    inputs: () => hashOf(JSON.stringify(folders.inputFiles())),
    'has input': (name) => String(folders.hasInput(name)),
    wildcards: () => hashOf(JSON.stringify([...folders.wildcards()])),
  };
  return {
    folders: {
      ...folders,
      modelPath: (kind, name) => {
        ask('model', kind, name);
        return folders.modelPath(kind, name);
      },
      modelFiles: (kind) => {
        ask('models', kind);
        return folders.modelFiles(kind);
      },
      inputPath: (name) => {
        ask('input', name);
        return folders.inputPath(name);
      },
      inputFiles: () => {
        ask('inputs');
        return folders.inputFiles();
      },
      hasInput: (name) => {
        ask('has input', name);
        return folders.hasInput(name);
      },
      wildcards: () => {
        ask('wildcards');
        return folders.wildcards();
      },
    },
    during: async (work) => {
      const before = asked;
      const own = new Set<string>();
      asked = own;
      try {
        return { result: await work(), asked: [...own] };
      } finally {
        asked = before;
      }
    },
    answer: async (question) => {
      const [what, ...names] = JSON.parse(question) as string[];
      try {
        return await answers[what](...names);
      } catch {
        return 'none';
      }
    },
  };
}

const hashOf = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');
