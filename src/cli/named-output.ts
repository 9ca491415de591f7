// `--output fox.png`: the pictures of the runs under a given name, in the format of its extension.
// The nodes save into a folder of their own, from which the files are taken.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { convertImage, type FileFormat, formatOfName } from '../image/codec/convert-image.ts';
import type { SavedFile } from '../nodes/context.ts';
import { addFile, replaceFile } from '../storage/file-names.ts';
import { checkWritable } from '../storage/output.ts';

export interface NamedOutput {
  /** The folder that nodes save into. */
  readonly folder: string;
  /**
   * Writes the pictures among the files of a run to their names, and other files beside them.
   * Returns the new path of each file.
   */
  write(files: readonly SavedFile[]): Promise<ReadonlyMap<SavedFile, string>>;
  /** Removes the folder. */
  close(): void;
}

export interface NamedOutputOptions {
  /** Whether there is more than one run, whose pictures are all numbered. */
  readonly isSeries: boolean;
  readonly warn: (message: string) => void;
}

/**
 * The named output of `--output`; undefined where it names a folder. Throws DR_OUTPUT_UNWRITABLE.
 */
export function openNamedOutput(
  name: string | undefined,
  { isSeries, warn }: NamedOutputOptions,
): NamedOutput | undefined {
  const format = name === undefined ? undefined : formatOfName(name);
  if (name === undefined || format === undefined) return undefined;
  const target = resolve(name);
  checkWritable(dirname(target));
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-output-'));
  let count = 0;
  return {
    folder,
    write: async (files) => {
      const pictures = picturesOf(files);
      if (pictures.length === 0) throw noPicture(name);
      const isNumbered = isSeries || pictures.length > 1;
      const paths = new Map<SavedFile, string>();
      for (const file of files) {
        if (pictures.includes(file)) {
          const path = isNumbered ? numbered(target, ++count) : target;
          await writePicture(file, path, format, warn);
          paths.set(file, path);
        } else if (file.type === 'output') paths.set(file, addBeside(target, file));
      }
      return paths;
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The saved pictures; of a workflow that only shows pictures, those. */
function picturesOf(files: readonly SavedFile[]): readonly SavedFile[] {
  const pictures = files.filter(({ filename }) => formatOfName(filename) !== undefined);
  const saved = pictures.filter(({ type }) => type === 'output');
  return saved.length > 0 ? saved : pictures;
}

async function writePicture(
  { path }: SavedFile,
  target: string,
  format: FileFormat,
  warn: (message: string) => void,
): Promise<void> {
  const { bytes, leftOut } = await convertImage(readFileSync(path), format, basename(path));
  replaceFile(target, bytes);
  if (leftOut.length > 0)
    warn(
      `${basename(target)} has no ${leftOut.map((key) => `'${key}'`).join(', ')}: a JPEG file ` +
        'has room for 65 kB of text; .webp and .png files hold all of it',
    );
}

/** `fox-2.png` */
function numbered(target: string, count: number): string {
  const extension = extname(target);
  return `${target.slice(0, target.length - extension.length)}-${count}${extension}`;
}

/** Saves another file in the folder of the pictures. */
function addBeside(target: string, { path }: SavedFile): string {
  const folder = dirname(target);
  return join(folder, addFile(folder, basename(path), readFileSync(path)));
}

const noPicture = (name: string): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', {
    message: `the workflow made no picture for ${name}`,
    hint: 'Name a folder with --output to keep other files.',
  });
