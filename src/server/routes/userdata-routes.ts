// /userdata: files of a user's own, workflows among them (app/user_manager.py).
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { replaceFile } from '../../storage/file-names.ts';
import { type Answer, empty, json, refuse, text } from '../http/answers.ts';
import {
  isFile,
  isFolder,
  nameUnder,
  passiveType,
  sendFile,
  statOf,
  under,
} from '../http/file-responses.ts';
import type { Call, Route } from '../http/route.ts';
import type { Parts } from '../services.ts';
import { userFolder } from './user-routes.ts';

const info = {
  type: 'object',
  properties: {
    path: { type: 'string' },
    size: { type: 'integer' },
    modified: { type: 'number' },
    created: { type: 'number' },
  },
} as const;
const written = {
  overwrite: { type: 'string', description: 'Anything but `false`: over a file that is there.' },
  full_info: { type: 'string', description: '`true`: more than the path.' },
} as const;
const stored = {
  description: 'The path, or what is known of the file.',
  schema: { oneOf: [{ type: 'string' }, info] },
} as const;

/** Unknown users are KeyErrors in ComfyUI, and so are 500; here 403, as in /v2/userdata. */
const UNKNOWN_USER = 403;
const MAX_DEPTH = 32;

export const userdataRoutes = (parts: Parts): Route[] => {
  const rootOf = (call: Call): string => userFolder(parts, call, UNKNOWN_USER);
  /** The file that a part of the path names. */
  const pathOf = (call: Call, name: 'file' | 'dest'): string => {
    const given = call.params[name];
    if (given === '') return refuse(empty(400));
    const root = rootOf(call);
    const path = under(root, unquoted(given));
    return path && path !== root ? path : refuse(empty(403));
  };
  const present = (path: string): string => (existsSync(path) ? path : refuse(empty(404)));
  const told = (call: Call, path: string): Answer =>
    json(
      call.query('full_info')?.toLowerCase() === 'true'
        ? infoOf(rootOf(call), path)
        : nameUnder(rootOf(call), path),
    );
  const mayWrite = (call: Call, path: string): void => {
    if (call.query('overwrite') === 'false' && existsSync(path))
      refuse(text('File already exists', 409));
  };

  return [
    {
      method: 'GET',
      path: '/userdata',
      summary: 'Files of a folder.',
      query: {
        dir: { type: 'string' },
        recurse: { type: 'string', description: '`true`: of its folders too.' },
        full_info: { type: 'string', description: '`true`: with size and dates.' },
        split: { type: 'string', description: '`true`: each path with its parts.' },
      },
      answers: {
        200: { description: 'Paths relative to the folder.', schema: { type: 'array' } },
        400: 'No folder given.',
        403: 'Outside of the user’s files.',
        404: 'Not there.',
      },
      handle: (call) => {
        const dir = call.query('dir') ?? '';
        if (dir === '') return text('Directory not provided', 400);
        const path = under(rootOf(call), unquoted(dir));
        if (!path) return text('Invalid directory', 403);
        if (!existsSync(path)) return text('Directory not found', 404);
        const yes = (name: string): boolean => call.query(name)?.toLowerCase() === 'true';
        const files = walk(path, yes('recurse') ? MAX_DEPTH : 0).filter(
          ({ folder, path: file }) => !folder && !basename(file).startsWith('.'),
        );
        return json(
          files.map(({ path: file }) => {
            const name = nameUnder(path, file);
            return yes('full_info')
              ? infoOf(path, file)
              : yes('split')
                ? [name, ...name.split('/')]
                : name;
          }),
        );
      },
    },
    {
      method: 'GET',
      path: '/v2/userdata',
      summary: 'Files and folders below a folder, folders first.',
      query: { path: { type: 'string' } },
      answers: {
        200: {
          description: 'name, path, type, size, modified of each.',
          schema: { type: 'array' },
        },
        400: 'No folder.',
        403: 'An unknown user.',
        404: 'Not there.',
      },
      handle: (call) => {
        const root = rootOf(call);
        const path = under(root, unquoted(call.query('path') ?? ''));
        if (!path) return text('Invalid path requested', 400);
        if (!existsSync(path))
          return path === root ? json([]) : text('Requested path not found', 404);
        if (!isFolder(path)) return text('Requested path is not a directory', 400);
        const entries = walk(path, MAX_DEPTH).map(({ path: file, folder }) => {
          const [stats, name] = [statOf(file), basename(file)];
          const place = { name, path: nameUnder(root, file), type: folder ? 'directory' : 'file' };
          return folder || !stats
            ? place
            : { ...place, size: stats.size, modified: stats.mtimeMs / 1000 };
        });
        return json(
          entries.sort(
            (a, b) => rank(a) - rank(b) || compare(a.name.toLowerCase(), b.name.toLowerCase()),
          ),
        );
      },
    },
    {
      method: 'GET',
      path: '/userdata/{file}',
      summary: 'A file; slashes in its path are written %2F.',
      answers: { 200: 'The file.', 403: 'Outside of the user’s files.', 404: 'Not there.' },
      handle: (call) => {
        const path = present(pathOf(call, 'file'));
        return sendFile(
          path,
          {},
          path.endsWith('.css') ? 'text/css' : passiveType(path),
          call.header('if-modified-since'),
        );
      },
    },
    {
      method: 'POST',
      path: '/userdata/{file}',
      summary: 'Writes a file.',
      query: written,
      body: 'raw',
      answers: {
        200: stored,
        400: 'A name that can’t be.',
        403: 'Outside of the user’s files.',
        409: 'There is one.',
      },
      handle: (call) => {
        const path = pathOf(call, 'file');
        mayWrite(call, path);
        return settled(() => {
          replaceFile(path, call.bytes);
          return told(call, path);
        });
      },
    },
    {
      method: 'DELETE',
      path: '/userdata/{file}',
      summary: 'Deletes a file.',
      answers: {
        204: 'Gone.',
        400: 'A folder.',
        403: 'Outside of the user’s files.',
        404: 'Not there.',
      },
      handle: (call) => {
        const path = present(pathOf(call, 'file'));
        if (!isFile(path)) return empty(400);
        rmSync(path);
        return empty(204);
      },
    },
    {
      method: 'POST',
      path: '/userdata/{file}/move/{dest}',
      summary: 'Gives a file another name.',
      query: written,
      answers: {
        200: stored,
        400: 'A name that can’t be.',
        403: 'Outside of the user’s files.',
        404: 'Not there.',
        409: 'There is one of the new name.',
      },
      handle: (call) => {
        const source = present(pathOf(call, 'file'));
        const dest = pathOf(call, 'dest');
        mayWrite(call, dest);
        return settled(() => {
          mkdirSync(dirname(dest), { recursive: true });
          renameSync(source, dest);
          return told(call, dest);
        });
      },
    },
  ];
};

/** A path that was encoded twice. */
function unquoted(name: string): string {
  try {
    return name.includes('%') ? decodeURIComponent(name) : name;
  } catch {
    return name;
  }
}

/** What the file system does not take is a bad name. */
function settled(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return text('Invalid filename. Please avoid special characters like :\\/*?"<>|', 400);
  }
}

const infoOf = (root: string, path: string) => {
  const stats = statOf(path);
  return {
    path: nameUnder(root, path),
    size: stats?.size ?? 0,
    modified: (stats?.mtimeMs ?? 0) / 1000,
    created: (stats?.ctimeMs ?? 0) / 1000,
  };
};

interface Entry {
  readonly path: string;
  readonly folder: boolean;
}

/** Links are not followed. */
function walk(folder: string, depth: number): Entry[] {
  if (!isFolder(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .flatMap((entry): Entry[] => {
      const path = join(folder, entry.name);
      if (!entry.isDirectory()) return [{ path, folder: false }];
      return [{ path, folder: true }, ...(depth > 0 ? walk(path, depth - 1) : [])];
    });
}

const rank = ({ type }: { readonly type: string }): number => (type === 'directory' ? 0 : 1);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
