// Decides which requests are allowed. A browser sends requests to this server for any page it
// shows, so the origin of a page must be the server itself (ComfyUI's
// create_origin_only_middleware, here for every host), and without a token the host name must be
// one of this machine (DNS rebinding). Checks bearer tokens and cookies.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { DarkroomError } from '../../../errors.ts';
import { parseHost, senderOf } from './origin.ts';

export interface GuardOptions {
  readonly token?: string;
  readonly corsOrigin?: string;
  readonly hosts?: readonly string[];
}

export type GuardedRequest = Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'method' | 'url'>;

export interface GuardRefusal {
  readonly status: 400 | 401 | 403;
  /** What the client can do. */
  readonly message: string;
}

/** Undefined when the request is allowed. */
export type Guard = (request: GuardedRequest) => GuardRefusal | undefined;

/** What load balancers request, and where the token is sent to. */
const PUBLIC_PATH = /^\/((api\/)?healthz|sign-in)$/;

const BAD_HOST: GuardRefusal = { status: 400, message: 'There must be one valid Host header.' };
const FOREIGN: GuardRefusal = {
  status: 403,
  message: 'Pages of other origins may not use this server; see --enable-cors-header.',
};
const NO_TOKEN: GuardRefusal = {
  status: 401,
  message: 'This server needs its token: send the header "Authorization: Bearer TOKEN".',
};

function otherHost(name: string | undefined): GuardRefusal {
  const shown = name !== undefined && /^[a-z0-9.:[\]-]{1,253}$/.test(name) ? name : 'NAME';
  return {
    status: 403,
    message:
      'This server does not know the host name that it was called by. If it is its own, start ' +
      `it with --allow-host ${shown}, or with a --token.`,
  };
}

/** Creates a guard that checks the token, the host name and the origin of requests. */
export function createGuard({ token, corsOrigin, hosts }: GuardOptions): Guard {
  const allowedHosts = new Set(hosts?.map((host) => host.toLowerCase()));
  const isAllowedHost = (name: string): boolean =>
    allowedHosts.has('*') || allowedHosts.has(name) || isLoopback(name);
  return (request) => {
    const host = parseHost(request.headers.host);
    if (hostsIn(request) > 1 || (!host && request.headers.host)) return BAD_HOST;
    const sender = senderOf(request, corsOrigin);
    if (sender === 'foreign') return FOREIGN;
    // the browser asks whether a page may send a request, without a token
    if (corsOrigin !== undefined && request.method === 'OPTIONS') return undefined;
    if (PUBLIC_PATH.test(pathOf(request.url))) return undefined;
    if (token === undefined)
      return host && !isAllowedHost(host.name) ? otherHost(host.name) : undefined;
    if (isToken(explicitToken(request), token)) return undefined;
    const isCookieAllowed =
      sender === 'own' ||
      sender === 'allowed' ||
      (sender === undefined && ['GET', 'HEAD'].includes(request.method ?? ''));
    return isCookieAllowed && isToken(cookieIn(request), cookieValue(request.headers.host, token))
      ? undefined
      : NO_TOKEN;
  };
}

/** Whether the query of a URL has the right token. */
export const hasQueryToken = ({ url }: GuardedRequest, token: string): boolean =>
  isToken(queryToken(url), token);

/**
 * The Set-Cookie value that replaces the token at a host: pages load their images without headers.
 */
export const tokenCookie = (host: string | undefined, token: string): string =>
  `${cookieName(host)}=${cookieValue(host, token)}; Path=/; HttpOnly; SameSite=Strict`;

/** Browsers share cookies among the ports of a host. */
const cookieName = (host: string | undefined): string =>
  `darkroom_${parseHost(host)?.port ?? 'token'}`;

/** Other servers of this host are sent the cookie too, so it is not the token. */
const cookieValue = (host: string | undefined, token: string): string =>
  createHmac('sha256', token).update(`cookie of ${host?.toLowerCase()}`).digest('hex');

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
const isLoopback = (name: string): boolean =>
  /^((.+\.)?localhost|127(\.\d{1,3}){3}|\[?::1\]?|\[?::ffff:127(\.\d{1,3}){3}\]?)$/i.test(name);

export const pathOf = (url = ''): string => url.split('?', 1)[0];

const queryToken = (url = ''): string | undefined =>
  new URLSearchParams(url.slice(pathOf(url).length)).get('token') ?? undefined;

/** The token of the Authorization header, or of the query. */
const explicitToken = ({ headers, url }: GuardedRequest): string | undefined =>
  /^Bearer\s+(\S.*)$/i.exec(headers.authorization ?? '')?.[1] ?? queryToken(url);

function cookieIn(request: GuardedRequest): string | undefined {
  const name = cookieName(request.headers.host);
  const cookies = request.headers.cookie?.split(';').map((part) => part.trim().split('='));
  return cookies?.find(([other]) => other === name)?.[1];
}

/** Node drops all Host headers but the first. */
const hostsIn = ({ rawHeaders }: GuardedRequest): number =>
  rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length;

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares digests, so that the time does not depend on the first difference. */
export const isToken = (sent: string | undefined, expected: string): boolean =>
  sent !== undefined && timingSafeEqual(sha256(sent), sha256(expected));
