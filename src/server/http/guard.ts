// Decides which requests are allowed. A browser sends requests to localhost for any page it shows,
// so the origin of a page must be the server itself (ComfyUI's create_origin_only_middleware), and
// the host name must be one of this machine (DNS rebinding). Checks bearer tokens.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { DarkroomError } from '../../errors.ts';

export interface GuardOptions {
  readonly token?: string;
  readonly corsOrigin?: string;
  readonly hosts?: readonly string[];
}

export interface GuardedRequest {
  readonly headers: IncomingHttpHeaders;
  /** Path and query. */
  readonly url: string;
}

/** The status of a refusal; undefined when the request is allowed. */
export type Guard = (request: GuardedRequest) => 401 | 403 | undefined;

/** Needs no token: load balancers request it. */
const PUBLIC_PATH = /^\/(api\/)?healthz$/;
const COOKIE = 'darkroom_token';

/** Creates a guard that checks the token, the host name and the origin of requests. */
export function createGuard({ token, corsOrigin, hosts }: GuardOptions): Guard {
  const allowedHosts = new Set(hosts?.map((host) => host.toLowerCase()));
  const isAllowedHost = ({ name }: Host): boolean =>
    allowedHosts.has('*') || allowedHosts.has(name) || isLoopback(name);
  return ({ headers, url }) => {
    const host = parseHost(headers.host);
    if (corsOrigin === undefined && host && isForeignOrigin(host, headers.origin)) return 403;
    if (PUBLIC_PATH.test(pathOf(url))) return undefined;
    if (token !== undefined) return tokensEqual(tokenOf(headers, url), token) ? undefined : 401;
    return host && !isAllowedHost(host) ? 403 : undefined;
  };
}

/**
 * The Set-Cookie value for a URL with the right token; undefined without. Pages load their images
 * without headers, so a token in the query becomes a cookie.
 */
export function tokenCookie(url: string, token: string | undefined): string | undefined {
  const sent = queryToken(url);
  return sent !== undefined && token !== undefined && tokensEqual(sent, token)
    ? `${COOKIE}=${encodeURIComponent(token)}; Path=/; HttpOnly; SameSite=Strict`
    : undefined;
}

/** Throws DR_BAD_USAGE for a server that other machines could use without a token. */
export function checkListen({
  host,
  token,
  insecure,
}: {
  readonly host: string;
  readonly token?: string;
  readonly insecure?: boolean;
}): void {
  if (isLoopback(host) || insecure || (token !== undefined && token !== '')) return;
  throw new DarkroomError('DR_BAD_USAGE', {
    message: `listening on ${host} without a token lets everyone who can reach this machine use it`,
    hint: 'Give --token SECRET (or DARKROOM_TOKEN), or --insecure if something else protects it.',
  });
}

/** localhost and its subdomains, 127.x.y.z, ::1. */
export const isLoopback = (name: string): boolean =>
  /^((.+\.)?localhost|127(\.\d{1,3}){3}|\[?::1\]?|\[?::ffff:127(\.\d{1,3}){3}\]?)$/i.test(name);

interface Host {
  readonly name: string;
  readonly port?: string;
}

function parseHost(text: string | undefined): Host | undefined {
  const found = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(text?.trim().toLowerCase() ?? '');
  return found?.[1] ? { name: found[1], port: found[2] || undefined } : undefined;
}

/**
 * Whether a page of another origin sends a request to a server of this machine. Ports are compared
 * when both have one.
 */
function isForeignOrigin(host: Host, origin: string | undefined): boolean {
  if (origin === undefined || !isLoopback(host.name)) return false;
  // `null`, the origin of sandboxed pages and of files, is never the server
  const from = URL.canParse(origin) ? parseHost(new URL(origin).host) : undefined;
  if (!from) return true;
  return (
    from.name !== host.name ||
    (from.port !== undefined && host.port !== undefined && from.port !== host.port)
  );
}

const pathOf = (url: string): string => url.split('?', 1)[0];

const queryToken = (url: string): string | undefined =>
  new URLSearchParams(url.slice(pathOf(url).length)).get('token') ?? undefined;

/** The token of the Authorization header, of the query, or of the cookie. */
function tokenOf(headers: IncomingHttpHeaders, url: string): string | undefined {
  const bearer = /^Bearer\s+(\S.*)$/i.exec(headers.authorization ?? '')?.[1];
  const cookie = headers.cookie
    ?.split(';')
    .map((part) => part.trim().split('='))
    .find(([name]) => name === COOKIE)?.[1];
  return bearer ?? queryToken(url) ?? (cookie === undefined ? undefined : decoded(cookie));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares digests, so that the time does not depend on the first difference. */
const tokensEqual = (sent: string | undefined, expected: string): boolean =>
  sent !== undefined && timingSafeEqual(sha256(sent), sha256(expected));
