// Users and the folders of their settings and files (app/user_manager.py): `user/<id>/…`, and
// `user/users.json` when there are several users.
import { randomUUID } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../formats/json.ts';
import { parseJson } from '../formats/parse-json.ts';
import { readRegularFileSync } from '../formats/regular-file.ts';
import { replaceFile } from '../storage/file-names.ts';
import type { FolderWatch } from '../storage/watch/folder-watch.ts';
import { checkReachable } from '../storage/watch/watched-storage.ts';
import { isNameError, unwritableError } from '../write-errors.ts';
import { resolveInside } from './http/safe-paths.ts';

export interface Users {
  /** Whether there are several users. */
  readonly several: boolean;
  /** Names by id. */
  list(): Readonly<Record<string, string>>;
  /** Adds a user and returns the id; undefined when the name is taken. */
  add(name: string): Promise<string | undefined>;
  /** The folder of a user. `id` is that of the request's header; undefined for an unknown user. */
  folder(id: string | undefined): string | undefined;
}

/** Largest file of users or settings, in bytes. */
const MAX_BYTES = 64 * 1024 * 1024;
const DEFAULT_USER = 'default';

/**
 * `root` is the folder of all users. All methods throw DR_STORAGE while it does not answer, as
 * `watch` knows.
 */
export function openUsers(
  root: string,
  several: boolean,
  watch?: Pick<FolderWatch, 'isReachable'>,
): Users {
  const top = resolve(root);
  const check = (): void => {
    if (watch) checkReachable(watch, top);
  };
  const file = join(top, 'users.json');
  const list = (): Record<string, string> => {
    check();
    return several ? namesIn(file) : { [DEFAULT_USER]: DEFAULT_USER };
  };
  return {
    several,
    list,
    add: async (text) => {
      const name = text.trim();
      const users = list();
      if (Object.values(users).includes(name)) return undefined;
      const id = `${name.replace(/[^a-zA-Z0-9-_]+/g, '-')}_${randomUUID()}`;
      const content = Buffer.from(JSON.stringify({ ...users, [id]: name }));
      await writeUserFile(file, () => replaceFile(file, content));
      return id;
    },
    folder: (requestedId) => {
      const id = several && requestedId !== undefined ? requestedId : DEFAULT_USER;
      const path = Object.hasOwn(list(), id) ? resolveInside(top, id) : undefined;
      return path === top ? undefined : path;
    },
  };
}

const namesIn = (file: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(readObject(file)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );

/**
 * Calls `write`. Throws DR_OUTPUT_UNWRITABLE where the folder of `file` cannot be written to;
 * errors of the name are thrown unchanged.
 */
export async function writeUserFile<T>(file: string, write: () => T | Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof DarkroomError || code === undefined || isNameError(error)) throw error;
    throw unwritableError(dirname(file), error as NodeJS.ErrnoException, '--user-directory');
  }
}

/** The JSON object in a file; empty when the file is missing or damaged. */
export function readObject(file: string): JsonObject {
  try {
    const value = parseJson(readRegularFileSync(file, MAX_BYTES).toString('utf8'));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
