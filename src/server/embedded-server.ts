// The server of a program that has a Darkroom: its HTTP and WebSocket interface on a port of its
// own, or within the program's own server. Exported as `darkroom-engine/server`.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { COUNT, checkOptions, FUNCTION, type Rule, TEXT, TEXTS } from '../check-options.ts';
import { type Internals, internalsOf } from '../darkroom-internals.ts';
import type { Darkroom, ReplacedNodes } from '../darkroom-types.ts';
import { DarkroomError } from '../errors.ts';
import type { Queue } from '../queue/contract.ts';
import { checkListen } from './http/access/guard.ts';
import { createLogs } from './http/logs.ts';
import { createServer as createBareServer } from './server.ts';

export interface EmbeddedServerOptions {
  /**
   * Where jobs and the history are stored: a folder, which is created if needed, or `postgres://…`.
   * Default: in memory, until the server is closed.
   */
  readonly database?: string;
  /** Folder of settings and saved workflows. Default: `user`. */
  readonly user?: string;
  /** Must accompany every request (`Authorization: Bearer …`). Default: none. */
  readonly token?: string;
  /** The origin whose pages may use the server, or `*`. Default: the server's own alone. */
  readonly corsOrigin?: string;
  /** Host names besides localhost that it may be called by without a token; `*` for all. */
  readonly hosts?: readonly string[];
  /** The number of pending jobs at which further ones are refused. Default: no limit. */
  readonly queueLimit?: number;
  /** Is called with each line of the log (JSON). */
  readonly onLog?: (line: string) => void;
}

const OPTIONS: Readonly<Record<keyof EmbeddedServerOptions, Rule>> = {
  database: TEXT,
  user: TEXT,
  token: TEXT,
  corsOrigin: TEXT,
  hosts: TEXTS,
  queueLimit: COUNT,
  onLog: FUNCTION,
};

export interface EmbeddedServer {
  /** Opens a port (8188 on 127.0.0.1) and returns the URL. Throws DR_BAD_USAGE if it is taken. */
  listen(address?: { readonly host?: string; readonly port?: number }): Promise<string>;
  /** Answers a request to another server: `http.createServer(server.handle)`, `app.use(…)`. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Answers an upgrade to a WebSocket: `httpServer.on('upgrade', server.handleUpgrade)`. */
  readonly handleUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Ends the running job, which is run again by the next server of a stored database. */
  close(): Promise<void>;
  /** Calls `close`, at the end of a block with `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Creates a server with ComfyUI's interface, whose jobs run in the engine of `darkroom`, in turn
 * with its own runs. Close it before the Darkroom. Throws DR_BAD_USAGE, DR_DATABASE.
 *
 * @example
 * await using darkroom = await openDarkroom();
 * await using server = await createServer(darkroom);
 * console.log(await server.listen({ port: 0 }));
 */
export async function createServer(
  darkroom: Darkroom,
  options: EmbeddedServerOptions = {},
): Promise<EmbeddedServer> {
  checkOptions('createServer', options, OPTIONS);
  const parts = internalsOf(darkroom);
  if (!parts || parts.options.inMemory) throw unusable(parts);
  const { folders, settings } = parts;
  const { token, corsOrigin, hosts, onLog } = options;
  const logs = createLogs({ level: onLog ? 'info' : 'silent', write: onLog });
  const queue = await openJobs(options, (message, error) =>
    logs.logger.error({ err: error }, message),
  );
  const server = createBareServer({
    ...{ folders, queue, token, corsOrigin, hosts, logs },
    nodes: replacedNodes(parts),
    packs: settings.packs,
    comfyui: parts.options.comfyui,
    user: options.user ?? 'user',
  });
  queue.requestPreviews(server.wantsPreviews);
  const worker = queue.startWorker({ engine: settings, openEngine: () => shared(parts) });
  await server.app.ready();
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await worker.close();
    await server.close();
    await queue.close();
  };
  const closeOnce = (): Promise<void> => {
    closed ??= close();
    return closed;
  };
  return {
    listen: async ({ host = '127.0.0.1', port = 8188 } = {}) => {
      checkListen({ host, token, insecure: hosts?.includes('*') });
      return await server.listen({ host, port });
    },
    handle: (request, response) => server.app.routing(request, response),
    handleUpgrade: (request, socket, head) =>
      void server.app.server.emit('upgrade', request, socket, head),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

const replacedNodes = ({ options: { nodes } }: Internals): ReplacedNodes | undefined =>
  typeof nodes === 'object' && 'table' in nodes ? nodes : undefined;

/** The engine of the Darkroom, which closes it itself. */
const shared = ({ engine }: Internals): Internals['engine'] => ({
  ...engine,
  close: async () => undefined,
});

/** The queue's database takes long to load, so it is imported only here. */
async function openJobs(
  { database, queueLimit }: EmbeddedServerOptions,
  onProblem: (message: string, error: unknown) => void,
): Promise<Queue> {
  const { openQueue } = await import('../queue/queue.ts');
  return await openQueue({ database, limit: queueLimit, onProblem });
}

const unusable = (parts: Internals | undefined): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', {
    message: parts
      ? 'a Darkroom that is opened with inMemory has no folders for a server'
      : 'createServer needs what openDarkroom returned',
    hint: parts
      ? 'Open another one for the server, without inMemory.'
      : 'For example: createServer(await openDarkroom()).',
  });
