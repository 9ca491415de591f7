// The token in a browser: a form asks for it, a cookie replaces it, and it leaves the address bar.
import { createHash } from 'node:crypto';
import type { RouteResponse } from '../responses.ts';
import type { Route, RouteRequest } from '../route.ts';
import { type GuardedRequest, isToken, pathOf, tokenCookie } from './guard.ts';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 24rem; margin: 20vh auto 0; padding: 0 1rem }
input, button { font: inherit; box-sizing: border-box; width: 100%; padding: .5rem; margin-top: .5rem }
`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'same-origin',
} as const;

const page = (action: string, message: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Darkroom: token</title>
<style>${STYLE}</style>
<main>
<h1>Darkroom</h1>
<form method="post" action="${action}">
<p role="status">${message}</p>
<label>Token<input name="token" type="password" autocomplete="current-password" required autofocus></label>
<button>Open</button>
</form>
</main>
</html>
`;

const formResponse = (action: string, message: string): RouteResponse => ({
  status: 401,
  body: page(action, message),
  type: 'text/html; charset=utf-8',
  headers: HEADERS,
});

/** Whether a browser wants to show what it requests, and not to load a part of a page. */
export function isPage({ method, headers }: GuardedRequest): boolean {
  const destination = headers['sec-fetch-dest'] ?? 'document';
  return (
    method === 'GET' && destination === 'document' && headers.accept?.includes('text/html') === true
  );
}

/** The form, as the response to a request for a page without the token. */
export function signInForm(url = ''): RouteResponse {
  const depth = pathOf(url).split('/').length - 2;
  return formResponse(
    `${'../'.repeat(Math.max(0, depth))}sign-in`,
    'This server asks for its token: the one given with --token or DARKROOM_TOKEN.',
  );
}

/** The address of a page without its token, relative to the page. */
export function withoutToken(url: string): string {
  const path = pathOf(url);
  const query = new URLSearchParams(url.slice(path.length));
  query.delete('token');
  const rest = query.toString();
  return `./${path.slice(path.lastIndexOf('/') + 1)}${rest === '' ? '' : `?${rest}`}`;
}

/** Receives the form. */
export const signInRoute = (token: string | undefined): Route => ({
  method: 'POST',
  path: '/sign-in',
  only: 'root',
  summary: 'Exchanges the token for a cookie: the form that browsers are shown. Needs no token.',
  body: 'raw',
  responses: { 303: 'The cookie; the page follows.', 401: 'It is not the token.' },
  handle: (request: RouteRequest) => {
    const sent = new URLSearchParams(Buffer.from(request.bytes).toString()).get('token');
    if (token !== undefined && !isToken(sent?.trim(), token))
      return formResponse('sign-in', 'This is not the token of this server. Try again.');
    const cookie = token === undefined ? undefined : tokenCookie(request.header('host'), token);
    return {
      status: 303,
      headers: { location: './', ...(cookie === undefined ? {} : { 'set-cookie': cookie }) },
    };
  },
});
