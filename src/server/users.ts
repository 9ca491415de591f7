// Users and where their settings and files lie (app/user_manager.py): `user/<id>/…`, `user/users.json` when there are several.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isJsonObject, type JsonObject, parseJson } from '../formats/json.ts';
import { replaceFile } from '../storage/file-names.ts';
import { under } from './http/file-responses.ts';

export interface Users {
  readonly several: boolean;
  /** Names by id. */
  list(): Readonly<Record<string, string>>;
  /** Adds a user; undefined when the name is taken. */
  add(name: string): string | undefined;
  /** The folder of the user a request comes from; undefined for an unknown one. */
  folder(header: string | undefined): string | undefined;
}

const DEFAULT = 'default';

export function openUsers(root: string, several: boolean): Users {
  const top = resolve(root);
  const file = join(top, 'users.json');
  const list = (): Record<string, string> => {
    if (!several) return { [DEFAULT]: DEFAULT };
    const found = existsSync(file) ? readObject(file) : {};
    return Object.fromEntries(
      Object.entries(found).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      ),
    );
  };
  return {
    several,
    list,
    add: (given) => {
      const name = given.trim();
      const users = list();
      if (Object.values(users).includes(name)) return undefined;
      const id = `${name.replace(/[^a-zA-Z0-9-_]+/g, '-')}_${randomUUID()}`;
      mkdirSync(top, { recursive: true });
      replaceFile(file, Buffer.from(JSON.stringify({ ...users, [id]: name })));
      return id;
    },
    folder: (header) => {
      const id = several && header !== undefined ? header : DEFAULT;
      const path = Object.hasOwn(list(), id) ? under(top, id) : undefined;
      return path === top ? undefined : path;
    },
  };
}

/** A file with a JSON object; empty when it is damaged. */
export function readObject(file: string): JsonObject {
  try {
    const value = parseJson(readFileSync(file, 'utf8'));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
