// Files that were uploaded, or arrive part by part: they get their names without being read into
// memory.
import { randomUUID } from 'node:crypto';
import { createReadStream, renameSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../make-folder.ts';
import { noFreeName } from '../write-errors.ts';
import { writeAtomicParts } from './atomic-write.ts';
import { isTaken, linkNew, MAX_NUMBERED_NAMES, numberedName } from './file-names.ts';

/** Does the same as replaceFile for bytes that come part by part. */
export async function replaceFileParts(
  path: string,
  parts: AsyncIterable<Uint8Array>,
): Promise<void> {
  makeFolder(dirname(path));
  await writeAtomicParts(dirname(path), uniqueName(), parts, (temporary) =>
    renameSync(temporary, path),
  );
}

/** Moves a file to `path`, replacing an existing one. Creates its folder. */
export async function moveFile(source: string, path: string): Promise<void> {
  makeFolder(dirname(path));
  await onSameDisk(source, dirname(path), (local) => renameSync(local, path));
}

/** Does the same as addFile for a file that is moved. */
export async function addMovedFile(folder: string, name: string, source: string): Promise<string> {
  makeFolder(folder);
  for (let count = 0; count <= MAX_NUMBERED_NAMES; count++) {
    const path = join(folder, numberedName(name, count));
    const isNew =
      !isTaken(path) && (await onSameDisk(source, folder, (local) => linkNew(local, path)));
    if (!isNew && !(await haveSameContent(source, path))) continue;
    rmSync(source, { force: true });
    return numberedName(name, count);
  }
  throw noFreeName(folder, name);
}

/** The name of a temporary file; several may be written at once. */
export const uniqueName = (): string => `upload-${randomUUID()}`;

/** Calls `move` with a file, or with a copy in `folder` if the file is on another disk. */
async function onSameDisk<T>(
  source: string,
  folder: string,
  move: (path: string) => T,
): Promise<T> {
  try {
    return move(source);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    return await writeAtomicParts(folder, uniqueName(), createReadStream(source), move);
  }
}

const COMPARED_BYTES = 1024 * 1024;

/** Returns whether two files have the same bytes; false when one of them cannot be read. */
async function haveSameContent(a: string, b: string): Promise<boolean> {
  const files: FileHandle[] = [];
  try {
    const [first, second] = [statSync(a), statSync(b)];
    if (!first.isFile() || !second.isFile() || first.size !== second.size) return false;
    for (const path of [a, b]) files.push(await open(path));
    for (let position = 0; ; position += COMPARED_BYTES) {
      const [x, y] = await Promise.all(files.map((file) => readAt(file, position)));
      if (!x.equals(y)) return false;
      if (x.length === 0) return true;
    }
  } catch {
    return false;
  } finally {
    for (const file of files) await file.close();
  }
}

async function readAt(file: FileHandle, position: number): Promise<Buffer> {
  const bytes = Buffer.alloc(COMPARED_BYTES);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, position);
  return bytes.subarray(0, bytesRead);
}
