// Files as responses: media types, Last-Modified, 304.
import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import type { FolderType } from '../../storage/folder-paths.ts';
import type { Storage } from '../../storage/storage.ts';
import { empty, type RouteResponse } from './responses.ts';
import { statOf } from './safe-paths.ts';

type Headers = Readonly<Record<string, string>>;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
  '.avif': 'image/avif',
  '.bmp': 'image/bmp',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
  '.ico': 'image/vnd.microsoft.icon',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.txt': 'text/plain',
  '.md': 'text/markdown',
  '.html': 'text/html',
  '.js': 'application/javascript; charset=utf-8',
  '.mjs': 'application/javascript; charset=utf-8',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.mp3': 'audio/mpeg',
  '.flac': 'audio/flac',
  '.wav': 'audio/x-wav',
  '.glb': 'model/gltf-binary',
};

const BYTES = 'application/octet-stream';

/** The media type of a file name; `application/octet-stream` for an unknown extension. */
export const mediaTypeOf = (name: string): string =>
  MEDIA_TYPES[extname(name).toLowerCase()] ?? BYTES;

/** Types that a browser would run. SVG is one of them because it can contain scripts. */
const ACTIVE_TYPES: ReadonlySet<string> = new Set([
  'text/html',
  'text/css',
  'text/javascript',
  'application/javascript',
  'application/xhtml+xml',
  'image/svg+xml',
]);

/** The media type of a user's file: `application/octet-stream` for types that a browser runs. */
export const safeMediaTypeOf = (name: string): string => {
  const type = mediaTypeOf(name);
  return ACTIVE_TYPES.has(type.split(';', 1)[0]) ? BYTES : type;
};

/** A file; 404 when there is none, 304 when it is not newer than `since` (If-Modified-Since). */
export function fileResponse(
  path: string,
  headers: Headers,
  type: string,
  since?: string,
): RouteResponse {
  const stats = statOf(path);
  if (!stats?.isFile()) return empty(404);
  const file = { size: stats.size, modified: stats.mtime };
  if (isUnchanged(file, since)) return notModified(file, headers);
  return streamed(createReadStream(path), file, headers, type);
}

/** The same for a file of the input, output or temp folder. */
export async function storedFileResponse(
  storage: Storage,
  { type, name }: { readonly type: FolderType; readonly name: string },
  headers: Headers,
  since?: string,
): Promise<RouteResponse> {
  const file = await storage.find(type, name);
  if (!file) return empty(404);
  if (isUnchanged(file, since)) return notModified(file, headers);
  const body = await storage.read(type, name);
  return body ? streamed(body, file, headers, safeMediaTypeOf(name)) : empty(404);
}

interface FileInfo {
  readonly size: number;
  readonly modified: Date;
}

/** HTTP dates have no fractions of a second. */
const lastModified = ({ modified }: FileInfo): Date =>
  new Date(Math.floor(modified.getTime() / 1000) * 1000);

const isUnchanged = (file: FileInfo, since?: string): boolean =>
  since !== undefined && Date.parse(since) >= lastModified(file).getTime();

const notModified = (file: FileInfo, headers: Headers): RouteResponse => ({
  status: 304,
  headers: { ...headers, 'last-modified': lastModified(file).toUTCString() },
});

const streamed = (
  body: Readable,
  file: FileInfo,
  headers: Headers,
  type: string,
): RouteResponse => ({
  status: 200,
  body,
  type,
  headers: {
    ...headers,
    'last-modified': lastModified(file).toUTCString(),
    'content-length': String(file.size),
  },
});

/** Content-Disposition for a file name; characters that a header cannot have become `_`. */
export const contentDisposition = (name: string): string =>
  `filename="${name.replace(/[^\x20-\x7e]|["\\]/g, '_')}"`;
