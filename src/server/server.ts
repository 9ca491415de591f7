// The server: ComfyUI's HTTP and WebSocket API over a queue. It responds before the queue is open;
// routes that need the queue wait.
import type { AddressInfo } from 'node:net';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { DarkroomError } from '../errors.ts';
import { NEWEST_VERSION } from '../nodes/versions/comfyui-versions.ts';
import type { Queue } from '../queue/contract.ts';
import { createFolderStorage } from '../storage/folder-storage.ts';
import type { Storage } from '../storage/storage.ts';
import { watchedStorage } from '../storage/watch/watched-storage.ts';
import { logFailedJobs } from './failed-jobs.ts';
import { createGuard } from './http/access/guard.ts';
import { signInRoute } from './http/access/sign-in.ts';
import { createBodyMemory } from './http/body-memory.ts';
import { createLogs, type Logs } from './http/logs.ts';
import { registerRoutes } from './http/register-routes.ts';
import { empty } from './http/responses.ts';
import type { Route } from './http/route.ts';
import { Metrics } from './metrics.ts';
import type { ObjectInfo } from './object-info.ts';
import { routesOf } from './routes/index.ts';
import { featuresOf } from './routes/system-routes.ts';
import type { DarkroomServer, ServerContext, ServerOptions } from './server-context.ts';
import type { ThreadSettings } from './threads/thread.ts';
import { createThreadPool } from './threads/thread-pool.ts';
import { openUsers } from './users.ts';
import { WebSocketClients } from './websocket/clients.ts';
import { acceptWebSockets } from './websocket/upgrade.ts';

const MAX_UPLOAD_BYTES = 100 * 1024 * 1024;
const MAX_JSON_BYTES = 16 * 1024 * 1024;
const MAX_PARAMETER_LENGTH = 4096;
/** Each takes a file handle, of which a process often has 4096. */
const MAX_CONNECTIONS = 2000;
const HEADERS_MS = 20_000;
const CHECK_CONNECTIONS_MS = 5000;
/** How long requests may take after the server was closed. */
const CLOSE_MS = 3000;

/**
 * Creates a server. `app.inject` works at once, `listen` opens the port. No file is read before a
 * request needs it.
 */
export function createServer(options: ServerOptions): DarkroomServer {
  const closing = new AbortController();
  const context = createContext(options, closing.signal);
  const { clients, logs, metrics } = context;
  const guard = createGuard(options);
  const app = createApp(logs);
  registerRoutes(app, {
    routes: context.routes(),
    guard,
    logs,
    metrics,
    webRoot: options.webRoot,
    token: options.token,
    corsOrigin: options.corsOrigin,
    bodies: {
      maxJsonBytes: options.maxJsonBytes ?? MAX_JSON_BYTES,
      maxUploadBytes: context.maxUploadBytes,
      uploadFolder: context.folders.input,
      memory: createBodyMemory(),
    },
    watch: options.watch,
    closing: closing.signal,
  });
  acceptWebSockets(app.server, {
    guard,
    hasRoom: () => clients.hasRoom,
    connect: (socket, clientId) => clients.connect(socket, clientId),
  });
  return {
    app,
    routes: context.routes(),
    wantsPreviews: ({ clientId }) => clientId !== undefined && clients.wantsPreviews(clientId),
    listen: async ({ host, port }) => {
      try {
        await app.listen({ host, port });
        return addressOf(app.server.address() as AddressInfo);
      } catch (error) {
        throw listenError(host, port, error as NodeJS.ErrnoException);
      }
    },
    warm: async () => {
      (await context.objectInfo()).all();
    },
    warmThreads: context.threads.warm,
    close: async () => {
      closing.abort();
      clients.close();
      // a client that does not read its response, or does not end its request, is not waited for
      const late = setTimeout(() => app.server.closeAllConnections(), CLOSE_MS);
      await app.close();
      clearTimeout(late);
      await context.threads.close();
    },
  };
}

/** `closing` is aborted when the server closes. */
function createContext(options: ServerOptions, closing: AbortSignal): ServerContext {
  const { folders, maxUploadBytes = MAX_UPLOAD_BYTES } = options;
  const metrics = new Metrics();
  const clients = new WebSocketClients({
    features: featuresOf(maxUploadBytes),
    previews: options.previews,
    onJobEnded: (state) => metrics.recordEndedJob(state),
  });
  const logs = options.logs ?? createLogs();
  const queue = connectQueue({ opening: options.queue, clients, logs, closing });
  const storage = storageOf(options);
  const threads = createThreadPool(threadSettings(options), options.threads, options.watch);
  let objectInfo: Promise<ObjectInfo> | undefined;
  let routes: readonly Route[] = [];
  const context: ServerContext = {
    folders,
    storage,
    clients,
    logs,
    metrics,
    maxUploadBytes,
    webRoot: options.webRoot,
    now: options.now ?? Date.now,
    queue: () => queue.opened,
    isQueueOpen: queue.isOpen,
    objectInfo: () => {
      objectInfo ??= import('./object-info.ts').then(({ createObjectInfo }) =>
        createObjectInfo(folders, options.comfyui, options.nodes?.table),
      );
      return objectInfo;
    },
    packNodes: async () => {
      if (!options.packs?.length) return {};
      return threads.run('packNodes', { inputNames: storage.inputNames() }).catch((error) => {
        logs.logger.warn({ err: error }, 'the nodes of packs can’t be listed');
        return {};
      });
    },
    threads,
    users: openUsers(options.user, options.multiUser ?? false, options.watch),
    comfyui: options.comfyui ?? NEWEST_VERSION,
    argv: options.argv ?? ['darkroom', 'serve'],
    routes: () => routes,
  };
  routes = [
    ...routesOf(context),
    webSocketRoute,
    signInRoute(options.token),
    ...(options.routes?.(context) ?? []),
  ];
  return context;
}

function storageOf({ storage, folders, watch }: ServerOptions): Storage {
  const opened = storage ?? createFolderStorage(folders);
  return watch && opened.location === undefined ? watchedStorage(opened, watch) : opened;
}

const threadSettings = ({
  folders,
  nodes,
  packs,
  watchesPacks,
  comfyui,
}: ServerOptions): ThreadSettings => ({
  models: folders.models,
  input: folders.input,
  output: folders.output,
  temp: folders.temp,
  nodesModule: nodes?.module,
  packs,
  watchesPacks,
  comfyui,
});

interface QueueConnection {
  readonly opened: Promise<Queue>;
  isOpen(): boolean;
}

/** Sends the events of a queue, which may still be opening, to the clients; logs failed jobs. */
function connectQueue({
  opening,
  clients,
  logs,
  closing,
}: {
  readonly opening: Queue | Promise<Queue>;
  readonly clients: WebSocketClients;
  readonly logs: Logs;
  readonly closing: AbortSignal;
}): QueueConnection {
  let isOpen = false;
  const opened = Promise.resolve(opening).then((queue) => {
    isOpen = true;
    const unsubscribe = queue.subscribe((event) => clients.handleQueueEvent(event));
    const stopLogging = logFailedJobs(queue, logs);
    closing.addEventListener('abort', () => {
      unsubscribe();
      stopLogging();
    });
    void queue.counts().then(
      (counts) => clients.setQueueCounts(counts),
      () => undefined,
    );
    return queue;
  });
  // the error is thrown to the routes that wait for the queue
  opened.catch(() => undefined);
  return { opened, isOpen: () => isOpen };
}

const noSchema = (): never => {
  throw new Error('internal: routes have no Fastify schemas');
};
/**
 * Routes validate requests themselves. Fastify's own schema compilers would take a quarter of the
 * time that the server needs to start.
 */
const NO_SCHEMAS = {
  compilersFactory: { buildValidator: () => noSchema, buildSerializer: () => noSchema },
};

function createApp(logs: Logs): FastifyInstance {
  const app = fastify({
    loggerInstance: logs.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    forceCloseConnections: 'idle',
    schemaController: NO_SCHEMAS,
    http: { headersTimeout: HEADERS_MS, connectionsCheckingInterval: CHECK_CONNECTIONS_MS },
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  return app;
}

/** Responds to requests of /ws without an upgrade header. */
const webSocketRoute: Route = {
  method: 'GET',
  path: '/ws',
  summary: 'Opens a WebSocket.',
  query: { clientId: { type: 'string' } },
  responses: { 101: 'The WebSocket.', 400: 'Not a request for a WebSocket.' },
  handle: () => empty(400),
};

/** The address that a server listens on, not one of those that it stands for. */
const addressOf = ({ address, family, port }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;

const LISTEN_HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Is another Darkroom or ComfyUI running? Choose another port with --port.',
  EACCES: 'Choose a port above 1023 with --port.',
  EADDRNOTAVAIL: 'Use an address of this machine, or 0.0.0.0 for all of them.',
};

const listenError = (host: string, port: number, error: NodeJS.ErrnoException): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', {
    message: `can't listen on ${host} port ${port}: ${error.message}`,
    hint: LISTEN_HINTS[error.code ?? ''] ?? 'See --listen and --port.',
    cause: error,
  });
