// Converts Fastify's requests to those of routes.
import type { MultipartFile, MultipartValue } from '@fastify/multipart';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { empty, refuse } from './responses.ts';
import type { Form, Route, RouteRequest, UploadedFile } from './route.ts';

/** `closing` is aborted when the server closes. */
export function toRouteRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  { path }: Route,
  closing: AbortSignal,
): RouteRequest {
  const params = request.params as Record<string, string>;
  const restName = /\{([^}]+)\+\}$/.exec(path)?.[1];
  const query = request.query as Record<string, string | string[]>;
  return {
    params: restName === undefined ? params : { ...params, [restName]: params['*'] ?? '' },
    query: (name) => first(Object.hasOwn(query, name) ? query[name] : undefined),
    header: (name) => first(request.headers[name]),
    bytes: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    form: () => readForm(request),
    // created only for routes that wait: `closing` references it until the server closes
    get signal() {
      return AbortSignal.any([disconnectSignal(reply), closing]);
    },
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

/** Refuses a body that is not a form with 400, and a form that is too large with 413. */
async function readForm(request: FastifyRequest): Promise<Form> {
  const files = new Map<string, UploadedFile>();
  const fields = new Map<string, string>();
  if (!request.isMultipart()) return refuse(empty(400));
  const parts = request.parts() as AsyncIterable<MultipartFile | MultipartValue<unknown>>;
  try {
    for await (const part of parts) {
      const { fieldname } = part;
      if (part.type === 'file') {
        // a part has to be read to its end, also when it is ignored
        const bytes = await part.toBuffer();
        if (!files.has(fieldname)) files.set(fieldname, { filename: part.filename ?? '', bytes });
      } else if (!fields.has(fieldname)) fields.set(fieldname, String(part.value));
    }
  } catch (error) {
    return refuse(empty((error as { statusCode?: number }).statusCode === 413 ? 413 : 400));
  }
  return { files, fields };
}
