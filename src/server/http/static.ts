// Files of a frontend, with the caching of ComfyUI's middleware/cache_middleware.py; without one, the built-in page.
import { join } from 'node:path';
import { type Answer, text } from './answers.ts';
import { isFile, sendFile, typeOfFile, under } from './file-responses.ts';
import { sendPage, sendPageIcon } from './page-files.ts';

const NO_CACHE = { 'cache-control': 'no-cache' } as const;
const DAY = { 'cache-control': 'public, max-age=86400' } as const;
const HOUR = { 'cache-control': 'public, max-age=3600' } as const;
const IMAGE = /\.(jpg|jpeg|png|ppm|bmp|pgm|gif|tif|tiff|webp|avif|svg|ico)$/i;
const CHANGING = /(\.js|\.css|index[^/]*\.json)$/i;

/** What the frontend asks for and its package does not hold: the user's own style, templates of another package. */
const ABSENT: Readonly<Record<string, readonly [body: string, type: string]>> = {
  '/user.css': ['', 'text/css'],
  '/templates/index.json': ['[]', 'application/json'],
};

const missing = (path: string): Answer => ({
  ...text('404: Not Found', 404),
  headers: IMAGE.test(path) ? HOUR : {},
});

/** What stands at a path that is no route. */
export function staticAnswer(
  root: string | undefined,
  path: string,
  since: string | undefined,
): Answer {
  if (root === undefined) return path === '/' ? sendPage(since) : missing(path);
  const name = decoded(path);
  if (name === '/')
    return sendFile(
      join(root, 'index.html'),
      { ...NO_CACHE, pragma: 'no-cache', expires: '0' },
      'text/html; charset=utf-8',
      since,
    );
  const file = name === undefined ? undefined : under(root, `.${name}`);
  if (!file || !isFile(file)) return standIn(path);
  return sendFile(
    file,
    CHANGING.test(path) ? NO_CACHE : IMAGE.test(path) ? DAY : {},
    typeOfFile(file),
    since,
  );
}

function standIn(path: string): Answer {
  if (path === '/favicon.ico') return sendPageIcon();
  const [body, type] = Object.hasOwn(ABSENT, path) ? ABSENT[path] : [];
  return body === undefined ? missing(path) : { status: 200, body, type, headers: NO_CACHE };
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
