// Seeds from the repository's files, and inputs as files for parsers that open them.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Seeds longer than this only slow mutation down. */
const MAX_SEED = 60_000;

/** The files of a folder of the repository whose names match; `.gz` is unpacked. */
export const filesOf = (folder: string, names: RegExp, maxBytes = MAX_SEED): Buffer[] =>
  readdirSync(join(ROOT, folder))
    .filter((name) => names.test(name))
    .map((name) => {
      const bytes = readFileSync(join(ROOT, folder, name));
      return name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
    })
    .filter((bytes) => bytes.length <= maxBytes);

let folder: string | undefined;

/** A folder of this process, in memory where the system has one. */
export function scratchFolder(): string {
  if (folder !== undefined) return folder;
  const created = mkdtempSync(
    join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'darkroom-fuzz-'),
  );
  process.once('exit', () => rmSync(created, { recursive: true, force: true }));
  folder = created;
  return created;
}

/** Writes an input to a file of this name; returns its path. */
export function asFile(input: Buffer, name: string): string {
  const path = join(scratchFolder(), name);
  writeFileSync(path, input);
  return path;
}
