// The server: ComfyUI's HTTP and WebSocket surface over a queue. It answers before the queue is open; routes that need it wait.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import multipart from '@fastify/multipart';
import { type FastifyBaseLogger, fastify, LogController } from 'fastify';
import { WebSocketServer } from 'ws';
import { DarkroomError } from '../errors.ts';
import type { Queue } from '../queue/contract.ts';
import { createFolderStorage } from '../storage/folder-storage.ts';
import { empty } from './http/answers.ts';
import { createGuard } from './http/guard.ts';
import { registerRoutes } from './http/http.ts';
import { createLogs } from './http/logs.ts';
import type { Route } from './http/route.ts';
import { createMetrics } from './metrics.ts';
import type { Desk } from './node-registry.ts';
import { routesOf } from './routes/index.ts';
import { featuresOf } from './routes/system-routes.ts';
import type { DarkroomServer, Parts, ServerOptions } from './services.ts';
import { openUsers } from './users.ts';
import { createSockets } from './websocket/clients.ts';

const MAX_UPLOAD = 100 * 1024 * 1024;
const MAX_PARAMETER = 4096;
/** What clients say fits into little. */
const MAX_MESSAGE = 1024 * 1024;
const SOCKET_PATH = /^\/(api\/)?ws(\?|$)/;

const noSchema = (): never => {
  throw new Error('internal: a route with a schema of fastify');
};
/** Routes check what they are sent by themselves; fastify's own compilers of schemas would be a quarter of the start. */
const NO_SCHEMAS = {
  compilersFactory: { buildValidator: () => noSchema, buildSerializer: () => noSchema },
};

/** Builds a server; `app.inject` works at once, `listen` opens the port. Nothing is read before it is asked for. */
export function createServer(options: ServerOptions): DarkroomServer {
  const {
    folders,
    storage = createFolderStorage(folders),
    user,
    webRoot,
    now = Date.now,
    maxUploadBytes = MAX_UPLOAD,
  } = options;
  const logs = options.logs ?? createLogs();
  const metrics = createMetrics();
  const sockets = createSockets({
    features: featuresOf(maxUploadBytes),
    previews: options.previews,
    onEnded: metrics.ended,
  });
  const guard = createGuard(options);
  const closing = new AbortController();

  let opened: Queue | undefined;
  const opening = Promise.resolve(options.queue).then((queue) => {
    opened = queue;
    const stop = queue.subscribe(sockets.hear);
    closing.signal.addEventListener('abort', stop);
    void queue.counts().then(sockets.setCounts, () => undefined);
    return queue;
  });
  // told to those who wait for it
  opening.catch(() => undefined);

  let desk: Promise<Desk> | undefined;
  let routes: readonly Route[] = [];
  const parts: Parts = {
    ...{ folders, storage, sockets, logs, metrics, maxUploadBytes, webRoot, now },
    queue: () => opening,
    ready: () => opened !== undefined,
    desk: () => {
      desk ??= import('./node-registry.ts').then(({ openDesk }) =>
        openDesk(folders, options.nodes),
      );
      return desk;
    },
    users: openUsers(user, options.multiUser ?? false),
    argv: options.argv ?? ['darkroom', 'serve'],
    routes: () => routes,
  };
  routes = [...routesOf(parts), socketRoute, ...(options.routes?.(parts) ?? [])];

  const app = fastify({
    loggerInstance: logs.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxUploadBytes,
    routerOptions: { maxParamLength: MAX_PARAMETER },
    forceCloseConnections: 'idle',
    schemaController: NO_SCHEMAS,
  });
  void app.register(multipart, {
    limits: { fileSize: maxUploadBytes, files: 4, fields: 32, parts: 40, fieldSize: 1024 * 1024 },
  });
  registerRoutes(app, {
    routes,
    guard,
    logs,
    metrics,
    webRoot,
    token: options.token,
    corsOrigin: options.corsOrigin,
    closing: closing.signal,
  });

  const upgrades = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
  });
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const url = request.url ?? '/';
    const refused = SOCKET_PATH.test(url) ? guard({ headers: request.headers, url }) : 404;
    if (refused !== 0) {
      socket.end(`HTTP/1.1 ${refused} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const clientId =
      new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('clientId') ?? undefined;
    upgrades.handleUpgrade(request, socket, head, (client) =>
      sockets.connect(client, url.includes('?') ? clientId : undefined),
    );
  });

  return {
    app,
    routes,
    wantsPreviews: ({ clientId }) => clientId !== undefined && sockets.wantsPreviews(clientId),
    listen: async ({ host, port }) => {
      try {
        return await app.listen({ host, port });
      } catch (error) {
        throw cannotListen(host, port, error as NodeJS.ErrnoException);
      }
    },
    warm: async () => {
      (await parts.desk()).objectInfo.all();
    },
    close: async () => {
      closing.abort();
      sockets.close();
      await app.close();
    },
  };
}

/** A request for the socket that is none. */
const socketRoute: Route = {
  method: 'GET',
  path: '/ws',
  summary: 'The WebSocket.',
  query: { clientId: { type: 'string' } },
  answers: { 101: 'The socket.', 400: 'No request for a WebSocket.' },
  handle: () => empty(400),
};

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Is another Darkroom or ComfyUI running? Choose another port with --port.',
  EACCES: 'Choose a port above 1023 with --port.',
  EADDRNOTAVAIL: 'Give an address of this machine, or 0.0.0.0 for all of them.',
};

const cannotListen = (host: string, port: number, error: NodeJS.ErrnoException): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', {
    message: `can't listen on ${host} port ${port}: ${error.message}`,
    hint: HINTS[error.code ?? ''] ?? 'See --listen and --port.',
    cause: error,
  });
