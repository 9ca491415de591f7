// Files of an unpacked frontend, with the caching of ComfyUI's middleware/cache_middleware.py;
// without a frontend, the built-in page.
import { join } from 'node:path';
import type { HeaderReader } from './conditions.ts';
import { fileResponse, mediaTypeOf } from './file-responses.ts';
import { pageIconResponse, pageResponse } from './page-files.ts';
import { type RouteResponse, text } from './responses.ts';
import { isFile, resolveInside } from './safe-paths.ts';

const NO_CACHE = { 'cache-control': 'no-cache' } as const;
const ONE_DAY = { 'cache-control': 'public, max-age=86400' } as const;
const ONE_HOUR = { 'cache-control': 'public, max-age=3600' } as const;
const IMAGE = /\.(jpg|jpeg|png|ppm|bmp|pgm|gif|tif|tiff|webp|avif|svg|ico)$/i;
/** Whether a file changes with the frontend's version under the same name. */
const isChanging = (path: string): boolean => {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const isIndex = name.endsWith('.json') && name.slice(0, -'.json'.length).includes('index');
  return isIndex || name.endsWith('.js') || name.endsWith('.css');
};

/** Files that the frontend requests and its package does not have: the user's own style. */
const SUBSTITUTES: Readonly<Record<string, { readonly body: string; readonly type: string }>> = {
  '/user.css': { body: '', type: 'text/css' },
};

const notFound = (path: string): RouteResponse => ({
  ...text('404: Not Found', 404),
  headers: IMAGE.test(path) ? ONE_HOUR : {},
});

/** The response for a path that is not a route. `header` reads the request's headers. */
export function staticFileResponse(
  root: string | undefined,
  path: string,
  header: HeaderReader,
): RouteResponse {
  if (root === undefined) return path === '/' ? pageResponse(header) : notFound(path);
  const name = decoded(path);
  if (name === '/') return indexResponse(root, header);
  const file = name === undefined ? undefined : resolveInside(root, `.${name}`);
  if (!file || !isFile(file)) return substituteResponse(path);
  return fileResponse(file, cachingOf(path), mediaTypeOf(file), header);
}

function indexResponse(root: string, header: HeaderReader): RouteResponse {
  const headers = { ...NO_CACHE, pragma: 'no-cache', expires: '0' };
  return fileResponse(join(root, 'index.html'), headers, 'text/html; charset=utf-8', header);
}

function cachingOf(path: string): Readonly<Record<string, string>> {
  if (isChanging(path)) return NO_CACHE;
  return IMAGE.test(path) ? ONE_DAY : {};
}

function substituteResponse(path: string): RouteResponse {
  if (path === '/favicon.ico') return pageIconResponse();
  if (!Object.hasOwn(SUBSTITUTES, path)) return notFound(path);
  return { status: 200, ...SUBSTITUTES[path], headers: NO_CACHE };
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
