// Registers the tables of routes with Fastify: under `/` and `/api`, with the guard, CORS, 404 and
// 405, the files of a frontend, and failures.
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DarkroomError } from '../../errors.ts';
import type { FolderWatch } from '../../storage/watch/folder-watch.ts';
import { checkReachable } from '../../storage/watch/watched-storage.ts';
import type { Metrics } from '../metrics.ts';
import {
  type Guard,
  type GuardRefusal,
  hasQueryToken,
  pathOf,
  tokenCookie,
} from './access/guard.ts';
import { normalOrigin } from './access/origin.ts';
import { isPage, signInForm, withoutToken } from './access/sign-in.ts';
import { clientError } from './client-error.ts';
import type { Logs } from './logs.ts';
import {
  empty,
  errorBody,
  INTERNAL_ERROR,
  json,
  Refusal,
  type RouteResponse,
  text,
} from './responses.ts';
import type { Route } from './route.ts';
import { type BodyOptions, openRequest } from './route-request.ts';
import { staticFileResponse } from './static-files.ts';

export interface HttpOptions {
  readonly routes: readonly Route[];
  readonly guard: Guard;
  readonly logs: Logs;
  readonly metrics: Metrics;
  readonly token?: string;
  readonly corsOrigin?: string;
  readonly webRoot?: string;
  readonly bodies: BodyOptions;
  readonly watch?: FolderWatch;
  /** Aborted when the server closes, so that requests that wait for a job end. */
  readonly closing: AbortSignal;
}

/** Registers all routes, hooks and error handlers of a server. */
export function registerRoutes(app: FastifyInstance, options: HttpOptions): void {
  app.removeAllContentTypeParsers();
  // routes read their bodies themselves
  app.addContentTypeParser('*', (_request, _body, done) => done(null));
  guardRequests(app, options);
  recordRequests(app, options);
  closeUnreadBodies(app);
  disconnectSlowReaders(app);
  respondToErrors(app, options.logs);
  for (const route of options.routes) addRoute(app, route, options);
  respondToUnknownPaths(app, options);
}

function guardRequests(
  app: FastifyInstance,
  { guard, token, corsOrigin }: Pick<HttpOptions, 'guard' | 'token' | 'corsOrigin'>,
): void {
  const headers = {
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': resourcePolicy({ token, corsOrigin }),
    ...(corsOrigin === undefined ? {} : corsHeaders(normalOrigin(corsOrigin))),
  };
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers);
    const refusal = guard(request.raw);
    if (refusal) return send(reply, refusalResponse(request.raw, refusal));
    if (token !== undefined && hasQueryToken(request.raw, token)) {
      reply.header('set-cookie', tokenCookie(request.headers.host, token));
      if (isPage(request.raw))
        return send(reply, { status: 303, headers: { location: withoutToken(request.url) } });
    }
    if (request.method === 'OPTIONS') return send(reply, empty());
  });
}

function refusalResponse(request: IncomingMessage, { status, message }: GuardRefusal) {
  if (status !== 401) return text(message, status);
  const response = isPage(request) ? signInForm(request.url) : text(message, status);
  return { ...response, headers: { ...response.headers, 'www-authenticate': 'Bearer' } };
}

/** Which pages may show images of this server, whatever browsers say about the pages. */
function resourcePolicy({ token, corsOrigin }: Pick<HttpOptions, 'token' | 'corsOrigin'>): string {
  if (corsOrigin !== undefined) return 'cross-origin';
  return token === undefined ? 'same-site' : 'same-origin';
}

const corsHeaders = (origin: string): Record<string, string> => ({
  'access-control-allow-origin': origin,
  'access-control-allow-methods': 'POST, GET, DELETE, PUT, PATCH, OPTIONS',
  'access-control-allow-headers': 'Content-Type, Authorization, Comfy-User, Idempotency-Key',
  'access-control-allow-credentials': 'true',
});

/** A client that reads nothing of its response for this time is disconnected. */
const SLOW_READER_MS = 120_000;

function disconnectSlowReaders(app: FastifyInstance): void {
  app.addHook('onSend', async ({ raw }, reply) => {
    reply.raw.setTimeout(SLOW_READER_MS, () => raw.destroy());
  });
}

/** A client may finish sending a body that was not read; then its connection is closed. */
const UNREAD_BODY_MS = 5000;

function closeUnreadBodies(app: FastifyInstance): void {
  app.addHook('onResponse', async ({ raw }) => {
    if (raw.complete) return;
    const timer = setTimeout(() => raw.destroy(), UNREAD_BODY_MS).unref();
    raw.on('close', () => clearTimeout(timer)).on('end', () => clearTimeout(timer));
  });
}

/** Counts and logs responses. The query is not logged, because it may contain a token. */
function recordRequests(
  app: FastifyInstance,
  { metrics, logs }: Pick<HttpOptions, 'metrics' | 'logs'>,
): void {
  app.addHook('onResponse', async ({ method, url, routeOptions }, reply) => {
    const { statusCode: status, elapsedTime } = reply;
    const route = routeOptions.url?.replace(/^\/api(?=\/)/, '') ?? 'none';
    metrics.recordRequest({ route, method, status, seconds: elapsedTime / 1000 });
    const entry = { method, path: pathOf(url), status, ms: Math.round(elapsedTime) };
    if (status >= 500 && status !== 503) logs.logger.error(entry, 'request failed');
    else logs.logger.debug(entry, 'request');
  });
}

const UNAVAILABLE: ReadonlySet<string> = new Set(['DR_DATABASE', 'DR_STORAGE', 'DR_INTERRUPTED']);

/** Responses to errors of single requests, in the shape of ComfyUI's errors. */
const REFUSALS: Readonly<Record<string, { readonly status: number; readonly type: string }>> = {
  DR_JSON_TOO_LARGE: { status: 413, type: 'body_too_large' },
  DR_TOO_EXPENSIVE: { status: 413, type: 'too_expensive' },
};

function refusalOf({ code, message, hint = '' }: DarkroomError): RouteResponse | undefined {
  if (!Object.hasOwn(REFUSALS, code)) return undefined;
  const { type, status } = REFUSALS[code];
  return json(errorBody(type, message, hint), status);
}

function respondToErrors(app: FastifyInstance, { logger }: Logs): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof Refusal) return send(reply, error.response);
    const refusal = error instanceof DarkroomError ? refusalOf(error) : undefined;
    if (refusal) {
      logger.warn({ err: error }, 'a request was given up');
      return send(reply, refusal);
    }
    if (error instanceof DarkroomError && UNAVAILABLE.has(error.code)) {
      logger.error({ err: error }, 'the queue or the storage is unavailable');
      return send(reply, text(clientError(error).message, 503));
    }
    if (error instanceof DarkroomError && error.code === 'DR_OUTPUT_UNWRITABLE') {
      logger.error({ err: error }, 'a file could not be saved');
      return send(reply, text([error.message, error.hint].filter(Boolean).join('. '), 507));
    }
    const status = error.statusCode ?? 500;
    if (status < 500) return send(reply, empty(status));
    logger.error({ err: error }, 'a route failed');
    return send(reply, INTERNAL_ERROR);
  });
}

/**
 * The paths of a route in Fastify's form: `/history/:prompt_id`, and `*` for the rest of a path.
 */
const pathsOf = ({ path, only }: Route): string[] =>
  (only === 'root' ? [''] : ['', '/api']).map(
    (prefix) => prefix + path.replace(/\{[^{}+]+\+\}$/, '*').replace(/\{([^{}]+)\}/g, ':$1'),
  );

/** Learns which folders answer, before one of them is touched. */
async function noteFolders(watch: FolderWatch, reply: FastifyReply): Promise<void> {
  await watch.refresh();
  const folders = watch.unreachable().map((folder) => JSON.stringify(folder));
  if (folders.length > 0)
    reply.header(
      'warning',
      `199 darkroom "${encodeURI(`folders that do not answer: ${folders.join(', ')}`)}"`,
    );
}

function addRoute(
  app: FastifyInstance,
  route: Route,
  { closing, bodies, watch }: Pick<HttpOptions, 'closing' | 'bodies' | 'watch'>,
): void {
  for (const url of pathsOf(route))
    app.route({
      method: route.method,
      url,
      onRequest: async (_request, reply) => {
        if (route.usesFolders && watch) await noteFolders(watch, reply);
      },
      handler: async (request, reply) => {
        if (route.body === 'multipart' && watch) checkReachable(watch, bodies.uploadFolder);
        const open = await openRequest(request, reply, route, closing, bodies);
        try {
          return send(reply, withoutBody(request, await route.handle(open.request)));
        } finally {
          await open.close();
        }
      },
    });
}

/** The response to HEAD: a file need not be read for it. */
function withoutBody({ method }: FastifyRequest, response: RouteResponse): RouteResponse {
  if (method !== 'HEAD' || !(response.body instanceof Readable)) return response;
  response.body.destroy();
  return { ...response, body: Readable.from([]) };
}

/** 405 for a route with another method; else a file of the frontend, or 404. */
function respondToUnknownPaths(
  app: FastifyInstance,
  { routes, webRoot }: Pick<HttpOptions, 'routes' | 'webRoot'>,
): void {
  const patterns = routes.flatMap((route) =>
    pathsOf(route).map((path) => ({ method: route.method, pattern: patternOf(path) })),
  );
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url);
    const methods = patterns
      .filter(({ pattern }) => pattern.test(path))
      .map(({ method }) => method);
    if (methods.length > 0) {
      reply.header('allow', [...new Set(methods)].join(', '));
      return send(reply, text('405: Method Not Allowed', 405));
    }
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(reply, text('404: Not Found', 404));
    const header = (name: string): string | undefined => [request.headers[name]].flat()[0];
    return send(reply, staticFileResponse(webRoot, path, header));
  });
}

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replace(/:[a-z_]+/g, '[^/]+').replace('*', '.*')}$`);

function send(reply: FastifyReply, response: RouteResponse): FastifyReply {
  const { status, body, type, headers = {} } = response;
  reply.code(status).headers(headers);
  if (type !== undefined) reply.type(type);
  return reply.send(body ?? '');
}
