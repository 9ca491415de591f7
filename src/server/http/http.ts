// Between fastify and the tables of routes: registration under `/` and `/api`, who may ask, CORS, 404 and 405, files of a frontend, failures.

import type { MultipartFile, MultipartValue } from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DarkroomError } from '../../errors.ts';
import type { Metrics } from '../metrics.ts';
import { type Answer, empty, FAILED, Refusal, refuse, text } from './answers.ts';
import type { Guard } from './guard.ts';
import { tokenCookie } from './guard.ts';
import type { Logs } from './logs.ts';
import type { Call, Form, Route, UploadedFile } from './route.ts';
import { staticAnswer } from './static.ts';

export interface HttpOptions {
  readonly routes: readonly Route[];
  readonly guard: Guard;
  readonly logs: Logs;
  readonly metrics: Metrics;
  readonly token?: string;
  readonly corsOrigin?: string;
  readonly webRoot?: string;
  /** Aborted when the server closes: who waits for a job is told. */
  readonly closing: AbortSignal;
}

export function registerRoutes(app: FastifyInstance, options: HttpOptions): void {
  const { routes, guard, logs, metrics, token, corsOrigin, webRoot, closing } = options;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    if (corsOrigin !== undefined) reply.headers(corsHeaders(corsOrigin));
    if (corsOrigin !== undefined && request.method === 'OPTIONS') return respond(reply, empty());
    const refused = guard({ headers: request.headers, url: request.url });
    if (refused === 401) reply.header('www-authenticate', 'Bearer');
    if (refused !== 0) return respond(reply, empty(refused));
    const cookie = tokenCookie(request.url, token);
    if (cookie !== undefined) reply.header('set-cookie', cookie);
    if (request.method === 'OPTIONS') return respond(reply, empty());
  });
  app.addHook('onResponse', async (request, reply) => {
    const seconds = reply.elapsedTime / 1000;
    const route = request.routeOptions.url?.replace(/^\/api(?=\/)/, '') ?? 'none';
    metrics.request(route, request.method, reply.statusCode, seconds);
    // the query may hold a token
    const path = request.url.split('?', 1)[0];
    const line = {
      method: request.method,
      path,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    if (reply.statusCode >= 500 && reply.statusCode !== 503)
      logs.logger.error(line, 'request failed');
    else logs.logger.debug(line, 'request');
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof Refusal) return respond(reply, error.answer);
    if (
      error instanceof DarkroomError &&
      ['DR_DATABASE', 'DR_STORAGE', 'DR_INTERRUPTED'].includes(error.code)
    ) {
      logs.logger.error({ err: error }, 'the queue or the storage is not there');
      return respond(reply, text(error.message, 503));
    }
    const status = error.statusCode ?? 500;
    if (status < 500) return respond(reply, empty(status));
    logs.logger.error({ err: error }, 'a route failed');
    return respond(reply, FAILED);
  });

  const known: { readonly pattern: RegExp; readonly method: string }[] = [];
  for (const route of routes)
    for (const prefix of route.only === 'root' ? [''] : ['', '/api']) {
      const url = prefix + route.path.replace(/\{[^}]+\+\}$/, '*').replace(/\{([^}]+)\}/g, ':$1');
      known.push({
        pattern: new RegExp(`^${url.replace(/:[a-z_]+/g, '[^/]+').replace('*', '.*')}$`),
        method: route.method,
      });
      app.route({
        method: route.method,
        url,
        handler: async (request, reply) =>
          respond(reply, await route.handle(callOf(request, reply, route, closing))),
      });
    }
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0];
    const methods = known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    if (methods.length > 0) {
      reply.header('allow', [...new Set(methods)].join(', '));
      return respond(reply, text('405: Method Not Allowed', 405));
    }
    const reading = request.method === 'GET' || request.method === 'HEAD';
    return respond(
      reply,
      reading
        ? staticAnswer(webRoot, path, request.headers['if-modified-since'])
        : text('404: Not Found', 404),
    );
  });
}

const corsHeaders = (origin: string): Record<string, string> => ({
  'access-control-allow-origin': origin,
  'access-control-allow-methods': 'POST, GET, DELETE, PUT, PATCH, OPTIONS',
  'access-control-allow-headers': 'Content-Type, Authorization, Comfy-User, Idempotency-Key',
  'access-control-allow-credentials': 'true',
});

function respond(reply: FastifyReply, { status, body, type, headers = {} }: Answer): FastifyReply {
  reply.code(status).headers(headers);
  if (type !== undefined) reply.type(type);
  return reply.send(body ?? '');
}

function callOf(
  request: FastifyRequest,
  reply: FastifyReply,
  { path }: Route,
  closing: AbortSignal,
): Call {
  const { raw } = reply;
  const params = request.params as Record<string, string>;
  const rest = /\{([^}]+)\+\}$/.exec(path)?.[1];
  const query = request.query as Record<string, string | string[]>;
  return {
    params: rest === undefined ? params : { ...params, [rest]: params['*'] ?? '' },
    query: (name) => {
      const value = Object.hasOwn(query, name) ? query[name] : undefined;
      return Array.isArray(value) ? value[0] : value;
    },
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    bytes: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    form: () => readForm(request),
    // made for those who wait: each is remembered by the server's own signal for as long as that lives
    get signal() {
      const gone = new AbortController();
      raw.on('close', () => {
        if (!raw.writableFinished) gone.abort();
      });
      if (raw.destroyed) gone.abort();
      return AbortSignal.any([gone.signal, closing]);
    },
  };
}

/** Throws a refusal: 400 for what is no form, 413 for one that is too large. */
async function readForm(request: FastifyRequest): Promise<Form> {
  const files = new Map<string, UploadedFile>();
  const fields = new Map<string, string>();
  if (!request.isMultipart()) return refuse(empty(400));
  try {
    for await (const part of request.parts() as AsyncIterable<
      MultipartFile | MultipartValue<unknown>
    >) {
      if (part.type === 'file') {
        const bytes = await part.toBuffer();
        if (!files.has(part.fieldname))
          files.set(part.fieldname, { filename: part.filename ?? '', bytes });
      } else if (!fields.has(part.fieldname)) fields.set(part.fieldname, String(part.value));
    }
  } catch (error) {
    return refuse(empty((error as { statusCode?: number }).statusCode === 413 ? 413 : 400));
  }
  return { files, fields };
}
