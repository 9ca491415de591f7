// Converts Fastify's requests to those of routes, with the body that the route declares.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BodyMemory } from './body-memory.ts';
import { readForm, type StoredForm } from './form.ts';
import { type BodyLimit, openBody } from './request-body.ts';
import type { Route, RouteRequest } from './route.ts';

/** How bodies are read. */
export interface BodyOptions {
  readonly maxJsonBytes: number;
  readonly maxUploadBytes: number;
  /** Where the files of forms are written until they get their names. */
  readonly uploadFolder: string;
  readonly memory: BodyMemory;
}

/** A request of a route, and what must be released after it. */
export interface OpenRequest {
  readonly request: RouteRequest;
  close(): Promise<void>;
}

/**
 * Reads the body into memory if the route needs it. `closing` is aborted when the server closes.
 */
export async function openRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  route: Route,
  closing: AbortSignal,
  bodies: BodyOptions,
): Promise<OpenRequest> {
  const limit = limitOf(route, bodies);
  const open = () => openBody(request.raw, limit);
  let body = isBuffered(route) ? await bodies.memory.read(open()) : undefined;
  let form: StoredForm | undefined;
  const releaseBody = (): void => {
    body?.release();
    body = undefined;
  };
  return {
    request: {
      ...parametersOf(request, route),
      get bytes() {
        return body?.bytes ?? NO_BYTES;
      },
      releaseBody,
      stream: open,
      form: async () => {
        form = await readForm(open(), request.headers, {
          folder: bodies.uploadFolder,
          fileLimit: { ...limit, maxBytes: bodies.maxUploadBytes },
        });
        return form;
      },
      // created only for routes that wait: `closing` references it until the server closes
      get signal() {
        return AbortSignal.any([disconnectSignal(reply), closing]);
      },
    },
    close: async () => {
      releaseBody();
      await form?.close();
    },
  };
}

const NO_BYTES = new Uint8Array();
/** JSON that is read in the server's own thread. */
const SMALL_JSON_BYTES = 1024 * 1024;
/** What a form needs besides its files. */
const FORM_BYTES = 1024 * 1024;
/** Larger workflow files are not read. */
const RAW_BYTES = 64 * 1024 * 1024;

const isBuffered = ({ body }: Route): boolean => typeof body === 'object' || body === 'raw';

function limitOf(
  { body, largeBody }: Route,
  { maxJsonBytes, maxUploadBytes }: BodyOptions,
): BodyLimit {
  if (typeof body === 'object')
    return largeBody || maxJsonBytes < SMALL_JSON_BYTES
      ? { maxBytes: maxJsonBytes, content: 'JSON', option: '--max-json-size' }
      : { maxBytes: SMALL_JSON_BYTES, content: 'JSON of this route' };
  if (body === 'raw')
    return { maxBytes: Math.min(maxUploadBytes, RAW_BYTES), content: 'files that are read' };
  return {
    maxBytes: maxUploadBytes + (body === 'multipart' ? FORM_BYTES : 0),
    content: 'uploads',
    option: '--max-upload-size',
  };
}

function parametersOf(
  { params: pathParams, query: allQueries, headers }: FastifyRequest,
  { path }: Route,
): Pick<RouteRequest, 'params' | 'query' | 'header'> {
  const params = pathParams as Record<string, string>;
  const restName = /\{([^{}+]+)\+\}$/.exec(path)?.[1];
  const query = allQueries as Record<string, string | string[]>;
  return {
    params: restName === undefined ? params : { ...params, [restName]: params['*'] ?? '' },
    query: (name) => first(Object.hasOwn(query, name) ? query[name] : undefined),
    header: (name) => first(headers[name]),
  };
}

const first = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

/** Aborted when the connection closes before the response was sent. */
function disconnectSignal({ raw }: FastifyReply): AbortSignal {
  const disconnect = new AbortController();
  raw.on('close', () => {
    if (!raw.writableFinished) disconnect.abort();
  });
  if (raw.destroyed) disconnect.abort();
  return disconnect.signal;
}
