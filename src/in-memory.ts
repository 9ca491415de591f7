// `inMemory` of openDarkroom: pictures come and go as bytes. The engine is a process of its own and
// works with files, so they are in a folder of this program's own in the system's temporary one,
// which is removed at the end.
import {
  type Dirent,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DarkroomOptions, Picture, RunResult } from './darkroom-types.ts';
import { savedFiles } from './engine/events.ts';
import { DarkroomError } from './errors.ts';
import { serial } from './serial.ts';
import { pathInside } from './storage/folder-paths.ts';

/** Files by the names that LoadImage and other nodes use. */
export type InputFiles = Readonly<Record<string, Uint8Array>>;

export interface MemoryFolders {
  readonly input: string;
  readonly output: string;
  readonly temp: string;
  /** Runs `work` alone, with the files in the input folder, and reads its images into memory. */
  run(files: InputFiles, work: () => Promise<RunResult>): Promise<RunResult>;
  /** Removes the folders. */
  remove(): void;
}

/** Makes the folders. Throws DR_BAD_USAGE for options that name other ones. */
export function openMemoryFolders(options: DarkroomOptions): MemoryFolders {
  for (const name of ['input', 'output', 'temp'] as const)
    if (options[name] !== undefined)
      throw new DarkroomError('DR_BAD_USAGE', {
        message: `options 'inMemory' and '${name}' of openDarkroom exclude each other`,
        hint: `Leave one of the two out: inMemory uses no folders.`,
        input: name,
      });
  const root = mkdtempSync(join(tmpdir(), 'darkroom-memory-'));
  const [input, output, temp] = ['input', 'output', 'temp'].map((name) => join(root, name));
  mkdirSync(input);
  const remove = (): void => {
    rmSync(root, { recursive: true, force: true });
    process.off('exit', remove);
  };
  process.on('exit', remove);
  const inTurn = serial();
  return {
    input,
    output,
    temp,
    run: (files, work) =>
      inTurn(async () => {
        writeFiles(input, files);
        try {
          const result = withBytes(await work());
          removeUnused(result, [output, temp]);
          return result;
        } finally {
          rmSync(input, { recursive: true, force: true });
          mkdirSync(input);
        }
      }),
    remove,
  };
}

function writeFiles(input: string, files: InputFiles): void {
  for (const [name, bytes] of Object.entries(files)) {
    const path = pathInside(input, name);
    if (path === undefined)
      throw new DarkroomError('DR_BAD_USAGE', {
        message: `'${name}' of files is not the name of a file inside the input folder`,
        hint: 'Use a name such as photo.png, and the same name in LoadImage.',
        input: 'files',
      });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}

/** The result with the bytes of its images. */
function withBytes(result: RunResult): RunResult {
  const read = (picture: Picture): Picture => {
    const bytes = readFileSync(picture.path);
    return { ...picture, toBuffer: () => bytes };
  };
  const outputs = Object.fromEntries(
    Object.entries(result.outputs).map(([id, output]) => [
      id,
      { ...output, images: output.images.map(read) },
    ]),
  ) as RunResult['outputs'];
  const images = Object.values(outputs).flatMap((output) => output.images);
  return { ...result, outputs, images };
}

/** Removes files of earlier runs; those of this one are used again by nodes that don't change. */
function removeUnused({ outputs }: RunResult, folders: readonly string[]): void {
  const used = new Set(Object.values(outputs).flatMap((ui) => savedFiles(ui).map((f) => f.path)));
  for (const folder of folders)
    for (const entry of entriesIn(folder)) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && !used.has(path)) rmSync(path, { force: true });
    }
}

const entriesIn = (folder: string): Dirent[] =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
