// Which page sent a request: its origin is compared with the server's own, and with the one that
// --enable-cors-header names.
import type { IncomingHttpHeaders } from 'node:http';

export interface Host {
  readonly name: string;
  readonly port?: string;
}

/**
 * `own`: a page of this server; `allowed`: of the named origin; `any`: of another origin, all of
 * which are allowed; `sibling`: perhaps of another port of this host; `foreign`: of another origin.
 */
export type Sender = 'own' | 'allowed' | 'any' | 'sibling' | 'foreign';

/** The Host header; undefined for an invalid or empty one. */
export function parseHost(text: string | undefined): Host | undefined {
  const found = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(text?.trim().toLowerCase() ?? '');
  return found?.[1] ? { name: found[1], port: found[2] || undefined } : undefined;
}

/** An origin as browsers print it. */
export const normalOrigin = (origin: string): string => origin.replace(/\/$/, '');

export interface PageRequest {
  readonly headers: IncomingHttpHeaders;
  readonly method?: string;
}

/**
 * The page that sent a request; undefined for a program, and for a link to this server that was
 * opened. Browsers send Origin with all WebSockets and all methods but GET, Sec-Fetch-Site with
 * everything to localhost and HTTPS, and most pages let them send Referer.
 */
export function senderOf(request: PageRequest, corsOrigin: string | undefined): Sender | undefined {
  const { headers } = request;
  const host = parseHost(headers.host);
  const isAllowed = (origin: string): boolean =>
    corsOrigin !== undefined && origin !== 'null' && origin === normalOrigin(corsOrigin);
  const otherwise = (sender: Sender): Sender => (corsOrigin === '*' ? 'any' : sender);
  const { origin } = headers;
  if (origin !== undefined) {
    if (isOwn(origin, host)) return 'own';
    return isAllowed(origin) ? 'allowed' : otherwise('foreign');
  }
  const site = headers['sec-fetch-site'];
  const referrer = originOf(headers.referer);
  if (site === 'same-origin') return 'own';
  if (site === 'none' || isNavigation(request)) return undefined;
  if (referrer !== undefined && isAllowed(referrer)) return 'allowed';
  if (site !== undefined) return otherwise(site === 'same-site' ? 'sibling' : 'foreign');
  if (referrer === undefined) return undefined;
  return isOwn(referrer, host) ? 'own' : otherwise('sibling');
}

/** Whether an origin is that of the server: also the port is the same. */
function isOwn(origin: string, host: Host | undefined): boolean {
  // `null` is the origin of sandboxed pages and of files
  if (!host || !URL.canParse(origin)) return false;
  const { protocol, hostname, port } = new URL(origin);
  if (hostname !== host.name) return false;
  return host.port === undefined ? port === '' : host.port === (port || DEFAULT_PORTS[protocol]);
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

const originOf = (url: string | undefined): string | undefined =>
  url !== undefined && URL.canParse(url) ? new URL(url).origin : undefined;

/** Whether the browser opens a page, and does not load a part of another one. */
function isNavigation({ headers, method }: PageRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const mode = headers['sec-fetch-mode'];
  if (mode === undefined) return headers.accept?.includes('text/html') === true;
  return mode === 'navigate' && headers['sec-fetch-dest'] === 'document';
}
