// Files that are sent and received: paths that stay inside their folder, media types.
import { createReadStream, type Stats, statSync } from 'node:fs';
import { extname, relative, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import type { FolderType } from '../../storage/folders.ts';
import type { Storage } from '../../storage/storage.ts';
import { type Answer, empty } from './answers.ts';

const TYPES: Readonly<Record<string, string>> = {
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
export const typeOfFile = (name: string): string => TYPES[extname(name).toLowerCase()] ?? BYTES;

/** What a browser would run: it is downloaded instead. SVG too, which may hold scripts. */
const ACTIVE =
  /^(text\/html|text\/css|text\/javascript|application\/javascript|application\/xhtml\+xml|image\/svg\+xml)/;
export const passiveType = (name: string): string => {
  const type = typeOfFile(name);
  return ACTIVE.test(type) ? BYTES : type;
};

export const statOf = (path: string): Stats | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
};
export const isFile = (path: string): boolean => statOf(path)?.isFile() ?? false;
export const isFolder = (path: string): boolean => statOf(path)?.isDirectory() ?? false;

/** The path of `name` under `root`, which may be the root itself; undefined when it would lie elsewhere or can't be a name. */
export function under(root: string, name: string): string | undefined {
  if (name.includes('\0')) return undefined;
  const top = resolve(root);
  const path = resolve(top, name.replaceAll('\\', '/'));
  return path === top || path.startsWith(top.endsWith(sep) ? top : top + sep) ? path : undefined;
}

/** What ComfyUI takes for the name of a file: nothing that leads up or begins at the root. */
export const isPlain = (name: string): boolean =>
  name !== '' && !name.startsWith('/') && !name.includes('..') && !name.includes('\0');

/** Relative to `root`, with `/`. */
export const nameUnder = (root: string, path: string): string =>
  relative(root, path).replaceAll(sep, '/');

/** A file as an answer; 304 when the client has it. */
export function sendFile(
  path: string,
  headers: Readonly<Record<string, string>>,
  type: string,
  since?: string,
): Answer {
  const stats = statOf(path);
  if (!stats?.isFile()) return empty(404);
  const { size, mtime: modified } = stats;
  return (
    withDate({ size, modified }, headers, since) ??
    sent(createReadStream(path), { size, modified }, headers, type)
  );
}

/** The same for a file of the input, output or temp folder. */
export async function sendStored(
  storage: Storage,
  { type, name }: { readonly type: FolderType; readonly name: string },
  headers: Readonly<Record<string, string>>,
  since?: string,
): Promise<Answer> {
  const found = await storage.find(type, name);
  if (!found) return empty(404);
  const unchanged = withDate(found, headers, since);
  if (unchanged) return unchanged;
  const body = await storage.read(type, name);
  return body ? sent(body, found, headers, passiveType(name)) : empty(404);
}

type Dated = { readonly size: number; readonly modified: Date };
const dateOf = ({ modified }: Dated): Date =>
  new Date(Math.floor(modified.getTime() / 1000) * 1000);

const withDate = (
  file: Dated,
  headers: Readonly<Record<string, string>>,
  since?: string,
): Answer | undefined =>
  since !== undefined && Date.parse(since) >= dateOf(file).getTime()
    ? { status: 304, headers: { ...headers, 'last-modified': dateOf(file).toUTCString() } }
    : undefined;

const sent = (
  body: Readable,
  file: Dated,
  headers: Readonly<Record<string, string>>,
  type: string,
): Answer => ({
  status: 200,
  body,
  type,
  headers: {
    ...headers,
    'last-modified': dateOf(file).toUTCString(),
    'content-length': String(file.size),
  },
});

/** A header value for a file name: what can't stand there is replaced. */
export const disposition = (name: string): string =>
  `filename="${name.replace(/[^\x20-\x7e]|["\\]/g, '_')}"`;
