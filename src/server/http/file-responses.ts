// Files as responses: media types, validators, ranges, names of downloads.
import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import type { FolderType } from '../../storage/folder-paths.ts';
import type { FileRange, Storage } from '../../storage/storage.ts';
import {
  conditionOf,
  etagOf,
  type FileInfo,
  type HeaderReader,
  lastModified,
} from './conditions.ts';
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
  '.pbm': 'image/x-portable-bitmap',
  '.pgm': 'image/x-portable-graymap',
  '.ppm': 'image/x-portable-pixmap',
  '.pnm': 'image/x-portable-anymap',
  '.jp2': 'image/jp2',
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

/**
 * A file, or the range of it that the request names; 404 when there is none, 304 when the client
 * has it.
 */
export function fileResponse(
  path: string,
  headers: Headers,
  type: string,
  header: HeaderReader,
): RouteResponse {
  const stats = statOf(path);
  if (!stats?.isFile()) return empty(404);
  const file = { size: stats.size, modified: stats.mtime };
  const { status, range } = conditionOf(file, header);
  return status === 200 || status === 206
    ? streamed(createReadStream(path, range), file, headers, type, range)
    : withoutContent(status, file, headers);
}

/** The same for a file of the input, output or temp folder. */
export async function storedFileResponse(
  storage: Storage,
  { type, name }: { readonly type: FolderType; readonly name: string },
  headers: Headers,
  header: HeaderReader,
): Promise<RouteResponse> {
  const file = await storage.find(type, name);
  if (!file) return empty(404);
  const { status, range } = conditionOf(file, header);
  if (status !== 200 && status !== 206) return withoutContent(status, file, headers);
  const body = await storage.read(type, name, range);
  return body ? streamed(body, file, headers, safeMediaTypeOf(name), range) : empty(404);
}

const validators = (file: FileInfo): Headers => ({
  etag: etagOf(file),
  'last-modified': lastModified(file),
});

const withoutContent = (status: number, file: FileInfo, headers: Headers): RouteResponse =>
  status === 416
    ? { status, headers: { 'content-range': `bytes */${file.size}` } }
    : { status, headers: { ...headers, ...validators(file) } };

function streamed(
  body: Readable,
  file: FileInfo,
  headers: Headers,
  type: string,
  range: FileRange | undefined,
): RouteResponse {
  const { start, end } = range ?? { start: 0, end: file.size - 1 };
  const ranged = range && { 'content-range': `bytes ${start}-${end}/${file.size}` };
  return {
    status: range ? 206 : 200,
    body,
    type,
    headers: {
      ...headers,
      ...validators(file),
      ...ranged,
      'accept-ranges': 'bytes',
      'content-length': String(end - start + 1),
    },
  };
}

/**
 * Content-Disposition for a file name. Characters that a header cannot have become `_`; the name
 * itself follows as in RFC 5987 (`filename*`).
 */
export function contentDisposition(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\]/g, '_');
  return plain === name
    ? `filename="${name}"`
    : `filename="${plain}"; filename*=UTF-8''${encodeExtended(name)}`;
}

/** Percent-encodes all but the `attr-char` of RFC 5987; half surrogates become U+FFFD. */
const encodeExtended = (name: string): string =>
  encodeURIComponent(Buffer.from(name).toString()).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
