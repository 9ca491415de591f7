// Files that are sent and received: paths that stay inside their folder, media types, names that are taken.
import { createReadStream, existsSync, linkSync, mkdirSync, readFileSync, renameSync, type Stats, statSync } from 'node:fs';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { writeWhole } from '../storage/whole.ts';
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
const ACTIVE = /^(text\/html|text\/css|text\/javascript|application\/javascript|application\/xhtml\+xml|image\/svg\+xml)/;
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

/** Relative to `root`, with `/`. */
export const nameUnder = (root: string, path: string): string => relative(root, path).replaceAll(sep, '/');

/** `name [output]` -> name and folder; the folder is undefined without a mark (folder_paths.annotated_filepath). */
export function marked(name: string): { readonly name: string; readonly type?: FolderType } {
  const found = /^(.*?)\s*\[(input|output|temp)\]$/s.exec(name);
  return found ? { name: found[1], type: found[2] as FolderType } : { name };
}

export type FolderType = 'input' | 'output' | 'temp';
export const isFolderType = (text: string): text is FolderType => text === 'input' || text === 'output' || text === 'temp';

/** A file as an answer; 304 when the client has it. */
export function sendFile(path: string, headers: Readonly<Record<string, string>>, type: string, since?: string): Answer {
  const stats = statOf(path);
  if (!stats?.isFile()) return empty(404);
  const modified = new Date(Math.floor(stats.mtimeMs / 1000) * 1000);
  const told = { ...headers, 'last-modified': modified.toUTCString() };
  if (since !== undefined && Date.parse(since) >= modified.getTime()) return { status: 304, headers: told };
  return { status: 200, body: createReadStream(path), type, headers: { ...told, 'content-length': String(stats.size) } };
}

/** A header value for a file name: what can't stand there is replaced. */
export const disposition = (name: string): string => `filename="${name.replace(/[^\x20-\x7e]|["\\]/g, '_')}"`;

/** Writes a file whole, over one that may be there. */
export function replaceFile(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const folder = dirname(path);
  writeWhole(folder, path.slice(folder.length + 1), bytes, (temporary) => renameSync(temporary, path));
}

/**
 * Writes a file under a name that is free: `name (1).png` … A file of the same name and content counts as written already.
 * Gives the name.
 */
export function addFile(folder: string, name: string, bytes: Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const nameOf = (count: number): string => (count === 0 ? name : `${stem} (${count})${extension}`);
  let count = 0;
  const settled = (): boolean => {
    for (; existsSync(join(folder, nameOf(count))); count++) if (sameFile(join(folder, nameOf(count)), buffer)) return true;
    return false;
  };
  if (settled()) return nameOf(count);
  writeWhole(folder, name, bytes, (temporary) => {
    while (!tryLink(temporary, join(folder, nameOf(count)))) if (settled()) return;
  });
  return nameOf(count);
}

const sameFile = (path: string, bytes: Buffer): boolean => {
  const stats = statOf(path);
  return stats?.isFile() === true && stats.size === bytes.length && readFileSync(path).equals(bytes);
};

function tryLink(temporary: string, path: string): boolean {
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // file systems without hard links
    if (existsSync(path)) return false;
    renameSync(temporary, path);
    return true;
  }
}
