// /userdata: a user's own files, such as workflows (app/user_manager.py).
import { existsSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { makeFolder } from '../../../make-folder.ts';
import { replaceFileParts } from '../../../storage/move-file.ts';
import { isNameError } from '../../../write-errors.ts';
import { fileResponse, safeMediaTypeOf } from '../../http/file-responses.ts';
import { empty, json, type RouteResponse, refuse, text } from '../../http/responses.ts';
import { isTrueQuery, type Route, type RouteRequest } from '../../http/route.ts';
import { isFile, isFolder, relativeName, resolveInside } from '../../http/safe-paths.ts';
import type { ServerContext } from '../../server-context.ts';
import { writeUserFile } from '../../users.ts';
import { compareEntries, decodeName, listEntries, userEntry, userFile } from './user-files.ts';
import { userFolder } from './user-routes.ts';

/** An unknown user is a KeyError in ComfyUI, and so a 500; here it is 403, as in /v2/userdata. */
const UNKNOWN_USER = 403;

const fileInfo = {
  type: 'object',
  properties: {
    path: { type: 'string' },
    size: { type: 'integer' },
    modified: { type: 'number' },
    created: { type: 'number' },
  },
} as const;
const writeQuery = {
  overwrite: { type: 'string', description: '`false`: an existing file is not overwritten.' },
  full_info: { type: 'string', description: '`true`: more than the path.' },
} as const;
const written = {
  description: 'The path, or with `full_info` also size and dates.',
  schema: { oneOf: [{ type: 'string' }, fileInfo] },
} as const;
const OUTSIDE = 'Outside of the user’s files.';
const NOT_FOUND = 'There is no such file.';
const INVALID_NAME = 'An invalid name.';
const NOT_STORED = 'The disk is full, read-only, or refuses to write.';

export const userdataRoutes = (context: ServerContext): Route[] => [
  listRoute(context),
  listEntriesRoute(context),
  readRoute(context),
  writeRoute(context),
  deleteRoute(context),
  moveRoute(context),
];

const listRoute = (context: ServerContext): Route => ({
  method: 'GET',
  path: '/userdata',
  summary: 'Files of a folder.',
  query: {
    dir: { type: 'string' },
    recurse: { type: 'string', description: '`true`: also the files of its folders.' },
    full_info: { type: 'string', description: '`true`: with size and dates.' },
    split: { type: 'string', description: '`true`: each path followed by its parts.' },
  },
  responses: {
    200: { description: 'Paths relative to the folder.', schema: { type: 'array' } },
    400: 'No folder given.',
    403: OUTSIDE,
    404: 'There is no such folder.',
  },
  handle: (request) => {
    const dir = request.query('dir') ?? '';
    if (dir === '') return text('Directory not provided', 400);
    const folder = resolveInside(rootOf(context, request), decodeName(dir));
    if (!folder) return text('Invalid directory', 403);
    if (!existsSync(folder)) return text('Directory not found', 404);
    const files = listEntries(folder, { recursive: isTrueQuery(request, 'recurse') }).filter(
      ({ isFolder, path }) => !isFolder && !basename(path).startsWith('.'),
    );
    return json(
      files.map(({ path }) => {
        const name = relativeName(folder, path);
        if (isTrueQuery(request, 'full_info')) return userFile(folder, path);
        return isTrueQuery(request, 'split') ? [name, ...name.split('/')] : name;
      }),
    );
  },
});

const listEntriesRoute = (context: ServerContext): Route => ({
  method: 'GET',
  path: '/v2/userdata',
  summary: 'Files and folders below a folder, folders first.',
  query: { path: { type: 'string' } },
  responses: {
    200: { description: 'name, path, type, size, modified of each.', schema: { type: 'array' } },
    400: 'Not a folder.',
    403: 'An unknown user.',
    404: 'There is no such folder.',
  },
  handle: (request) => {
    const root = rootOf(context, request);
    const folder = resolveInside(root, decodeName(request.query('path') ?? ''));
    if (!folder) return text('Invalid path requested', 400);
    if (!existsSync(folder))
      return folder === root ? json([]) : text('Requested path not found', 404);
    if (!isFolder(folder)) return text('Requested path is not a directory', 400);
    const entries = listEntries(folder, { recursive: true }).map((entry) => userEntry(root, entry));
    return json(entries.sort(compareEntries));
  },
});

const readRoute = (context: ServerContext): Route => ({
  method: 'GET',
  path: '/userdata/{file}',
  summary: 'A file. Slashes in its path are written as %2F.',
  responses: { 200: 'The file.', 403: OUTSIDE, 404: NOT_FOUND },
  handle: (request) => {
    const path = existingPath(pathOf(context, request, 'file'));
    const type = path.endsWith('.css') ? 'text/css' : safeMediaTypeOf(path);
    return fileResponse(path, {}, type, (name) => request.header(name));
  },
});

const writeRoute = (context: ServerContext): Route => ({
  method: 'POST',
  path: '/userdata/{file}',
  summary: 'Writes a file.',
  query: writeQuery,
  body: 'stream',
  responses: {
    200: written,
    400: INVALID_NAME,
    403: OUTSIDE,
    409: 'The file exists.',
    507: NOT_STORED,
  },
  handle: (request) => {
    const path = pathOf(context, request, 'file');
    refuseOverwrite(request, path);
    return refuseInvalidName(path, async () => {
      await replaceFileParts(path, request.stream());
      return writtenResponse(context, request, path);
    });
  },
});

const deleteRoute = (context: ServerContext): Route => ({
  method: 'DELETE',
  path: '/userdata/{file}',
  summary: 'Deletes a file.',
  responses: { 204: 'Deleted.', 400: 'A folder.', 403: OUTSIDE, 404: NOT_FOUND, 507: NOT_STORED },
  handle: async (request) => {
    const path = existingPath(pathOf(context, request, 'file'));
    if (!isFile(path)) return empty(400);
    await writeUserFile(path, () => rmSync(path));
    return empty(204);
  },
});

const moveRoute = (context: ServerContext): Route => ({
  method: 'POST',
  path: '/userdata/{file}/move/{dest}',
  summary: 'Moves or renames a file.',
  query: writeQuery,
  responses: {
    200: written,
    400: INVALID_NAME,
    403: OUTSIDE,
    404: NOT_FOUND,
    409: 'A file of the new name exists.',
    507: NOT_STORED,
  },
  handle: (request) => {
    const source = existingPath(pathOf(context, request, 'file'));
    const target = pathOf(context, request, 'dest');
    refuseOverwrite(request, target);
    return refuseInvalidName(target, async () => {
      makeFolder(dirname(target));
      renameSync(source, target);
      return writtenResponse(context, request, target);
    });
  },
});

const rootOf = (context: ServerContext, request: RouteRequest): string =>
  userFolder(context, request, UNKNOWN_USER);

/** The file that a parameter of the path names. */
function pathOf(context: ServerContext, request: RouteRequest, parameter: 'file' | 'dest'): string {
  const name = request.params[parameter];
  if (name === '') return refuse(empty(400));
  const root = rootOf(context, request);
  const path = resolveInside(root, decodeName(name));
  return path && path !== root ? path : refuse(empty(403));
}

const existingPath = (path: string): string => (existsSync(path) ? path : refuse(empty(404)));

function refuseOverwrite(request: RouteRequest, path: string): void {
  if (request.query('overwrite') === 'false' && existsSync(path))
    refuse(text('File already exists', 409));
}

/** Throws DR_OUTPUT_UNWRITABLE when the file system refuses more than the name. */
async function refuseInvalidName(
  path: string,
  write: () => Promise<RouteResponse>,
): Promise<RouteResponse> {
  try {
    return await writeUserFile(path, write);
  } catch (error) {
    if (!isNameError(error)) throw error;
    return text('Invalid filename. Please avoid special characters like :\\/*?"<>|', 400);
  }
}

function writtenResponse(
  context: ServerContext,
  request: RouteRequest,
  path: string,
): RouteResponse {
  const root = rootOf(context, request);
  return json(isTrueQuery(request, 'full_info') ? userFile(root, path) : relativeName(root, path));
}
