// The files of the built-in page: HTML, styles and icon from web/, scripts as compiled to
// dist/web/; and Darkroom's extension of ComfyUI's frontend.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HeaderReader } from './conditions.ts';
import { fileResponse, mediaTypeOf } from './file-responses.ts';
import { empty, type RouteResponse } from './responses.ts';
import { isFile, resolveInside } from './safe-paths.ts';

const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url));
const STATIC_FILES = join(PACKAGE, 'web');
const SCRIPTS = join(PACKAGE, 'dist', 'web');
const FILE_NAME = /^[a-z-]+\.(js|css|svg)$/;

/** The page loads nothing from other hosts; images may also be blobs and data URLs. */
const HEADERS = {
  'cache-control': 'no-cache',
  'content-security-policy': [
    "default-src 'self'",
    "img-src 'self' blob: data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
} as const;

/** `header` reads the request's headers, here and below. */
export const pageResponse = (header: HeaderReader): RouteResponse =>
  fileResponse(join(STATIC_FILES, 'index.html'), HEADERS, 'text/html; charset=utf-8', header);

export const pageIconResponse = (): RouteResponse =>
  fileResponse(join(STATIC_FILES, 'icon.svg'), HEADERS, 'image/svg+xml', () => undefined);

/** A script, style or icon of the page by its name; 404 for any other name. */
export function pageFileResponse(name: string, header: HeaderReader): RouteResponse {
  if (!FILE_NAME.test(name)) return empty(404);
  const path = resolveInside(name.endsWith('.js') ? SCRIPTS : STATIC_FILES, name);
  if (!path || !isFile(path)) return empty(404);
  return fileResponse(path, HEADERS, mediaTypeOf(name), header);
}

/** The path of Darkroom's extension of the frontend. */
export const OWN_EXTENSION = '/extensions/darkroom/default-workflow.js';
const EXTENSION_FILE = join(SCRIPTS, 'default-workflow.js');

/** Its path, if it is compiled. */
export const ownExtensions = (): string[] => (isFile(EXTENSION_FILE) ? [OWN_EXTENSION] : []);

export const ownExtensionResponse = (header: HeaderReader): RouteResponse =>
  fileResponse(EXTENSION_FILE, { 'cache-control': 'no-cache' }, mediaTypeOf('a.js'), header);
