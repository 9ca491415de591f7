// Who may speak to the server. A browser sends requests to localhost for any page it shows, so a page's origin must be the server itself
// (ComfyUI's create_origin_only_middleware), and the name it was reached by must be one of this machine (DNS rebinding). Bearer tokens.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { DarkroomError } from '../../errors.ts';

export interface GuardOptions {
  readonly token?: string;
  readonly corsOrigin?: string;
  readonly hosts?: readonly string[];
}

export interface Asked {
  readonly headers: IncomingHttpHeaders;
  /** Path and query. */
  readonly url: string;
}

/** 0 when a request may pass, else the status of its refusal. */
export type Guard = (asked: Asked) => 0 | 401 | 403;

/** Answers to everybody: what load balancers ask. */
const OPEN = /^\/(api\/)?healthz$/;
const COOKIE = 'darkroom_token';

export function createGuard({ token, corsOrigin, hosts }: GuardOptions): Guard {
  const allowed = new Set(hosts?.map((host) => host.toLowerCase()));
  return ({ headers, url }) => {
    const host = splitHost(headers.host);
    if (corsOrigin === undefined && host && isForeign(host, headers.origin)) return 403;
    if (OPEN.test(pathOf(url))) return 0;
    if (token !== undefined) return equalTokens(tokenOf(headers, url), token) ? 0 : 401;
    if (host && !allowed.has('*') && !allowed.has(host.name) && !isLoopback(host.name)) return 403;
    return 0;
  };
}

/** A token in the query becomes a cookie: pages load their pictures without headers. */
export function tokenCookie(url: string, token: string | undefined): string | undefined {
  const given = queryToken(url);
  return given !== undefined && token !== undefined && equalTokens(given, token)
    ? `${COOKIE}=${encodeURIComponent(token)}; Path=/; HttpOnly; SameSite=Strict`
    : undefined;
}

/** Throws DR_BAD_USAGE for a server that others could use unasked. */
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
    message: `listening on ${host} lets everybody who reaches this machine use it`,
    hint: 'Give --token SECRET (or DARKROOM_TOKEN), or --insecure where something else guards it.',
  });
}

/** localhost, names below it, 127.x.y.z and ::1. */
export const isLoopback = (name: string): boolean =>
  /^((.+\.)?localhost|127(\.\d{1,3}){3}|\[?::1\]?|\[?::ffff:127(\.\d{1,3}){3}\]?)$/i.test(name);

interface Host {
  readonly name: string;
  readonly port?: string;
}

function splitHost(text: string | undefined): Host | undefined {
  const found = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(text?.trim().toLowerCase() ?? '');
  return found?.[1] ? { name: found[1], port: found[2] || undefined } : undefined;
}

/** A page of another origin asks a server of this machine. Ports count where both tell them. */
function isForeign(host: Host, origin: string | undefined): boolean {
  if (origin === undefined || !isLoopback(host.name)) return false;
  // `null`, of sandboxed pages and files, is nobody's origin
  const from = URL.canParse(origin) ? splitHost(new URL(origin).host) : undefined;
  if (!from) return true;
  return (
    from.name !== host.name ||
    (from.port !== undefined && host.port !== undefined && from.port !== host.port)
  );
}

const pathOf = (url: string): string => url.split('?', 1)[0];

const queryToken = (url: string): string | undefined =>
  new URLSearchParams(url.slice(pathOf(url).length)).get('token') ?? undefined;

function tokenOf(headers: IncomingHttpHeaders, url: string): string | undefined {
  const bearer = /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1];
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

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const equalTokens = (given: string | undefined, wanted: string): boolean =>
  given !== undefined && timingSafeEqual(digest(given), digest(wanted));
