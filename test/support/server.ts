// A server for tests, over a queue in memory and folders of its own, with the nodes of nodes.ts or
// the built-in ones.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LightMyRequestResponse } from 'fastify';
import type { EngineOptions } from '../../src/engine/client.ts';
import type { Queue, QueueOptions } from '../../src/queue/contract.ts';
import { openQueue } from '../../src/queue/queue.ts';
import { createLogs } from '../../src/server/http/logs.ts';
import { createServer } from '../../src/server/server.ts';
import type { DarkroomServer, ServerOptions } from '../../src/server/server-context.ts';
import { openEmbeddedModels } from '../../src/storage/embedded-models.ts';
import { type Folders, openFolders } from '../../src/storage/folders.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { NODES, NODES_MODULE } from './nodes.ts';

export interface TestServer {
  readonly server: DarkroomServer;
  readonly queue: Queue;
  readonly folders: Folders;
  /** The folder of all files of this server. */
  readonly root: string;
  get(url: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>;
  /** A body that is not a text is sent as JSON. */
  post(
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>;
  /** Opens a port and returns the URL. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

export interface TestServerOptions extends Partial<ServerOptions> {
  readonly queueOptions?: QueueOptions;
  /** The built-in nodes and the embedded models in place of the nodes of nodes.ts. */
  readonly builtIn?: boolean;
  /** Without a worker: queued jobs wait. */
  readonly idle?: boolean;
  /** Without a queue: it never opens. */
  readonly noQueue?: boolean;
  /** The time that nodes of packs may take without a sign of life. */
  readonly nodeTimeoutMs?: number;
}

export async function testServer({
  queueOptions,
  builtIn = false,
  idle,
  noQueue,
  nodeTimeoutMs,
  ...options
}: TestServerOptions = {}): Promise<TestServer> {
  const root = mkdtempSync(join(tmpdir(), 'darkroom-server-'));
  const folders = createFolders(root, builtIn, options.storage);
  const queue = noQueue ? undefined : await openQueue(queueOptions);
  const server = createServer({
    queue: queue ?? new Promise<Queue>(() => undefined),
    folders,
    nodes: builtIn ? undefined : { table: NODES, module: NODES_MODULE },
    user: join(root, 'user'),
    logs: createLogs({ level: 'debug' }),
    ...options,
  });
  const { packs, watchesPacks } = options;
  const choice = { packs, watchesPacks, nodeTimeoutMs };
  if (queue && !idle) startWorker(queue, server, folders, builtIn, choice);
  return {
    server,
    queue: queue!,
    folders,
    root,
    get: (url, headers = {}) => server.app.inject({ url, headers }),
    post: (url, body = '', headers = {}) =>
      server.app.inject({
        method: 'POST',
        url,
        payload: typeof body === 'string' ? body : JSON.stringify(body),
        headers,
      }),
    listen: () => server.listen({ host: '127.0.0.1', port: 0 }),
    close: async () => {
      await server.close();
      await queue?.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** The folders of a server; input, output and temp are those of a storage where one is given. */
function createFolders(root: string, builtIn: boolean, storage?: Storage): Folders {
  const create = (name: string): string => {
    mkdirSync(join(root, name), { recursive: true });
    return join(root, name);
  };
  create('models/checkpoints');
  const folders = openFolders({
    models: [join(root, 'models')],
    ...(storage?.folders ?? {
      input: create('input'),
      output: create('output'),
      temp: create('temp'),
    }),
    inputNames: storage?.inputNames,
    embedded: builtIn ? openEmbeddedModels() : undefined,
  });
  if (builtIn && !storage)
    cpSync(new URL('../../examples/input', import.meta.url), folders.input, { recursive: true });
  return folders;
}

function startWorker(
  queue: Queue,
  server: DarkroomServer,
  { models, input, output, temp }: Folders,
  builtIn: boolean,
  choice: Pick<EngineOptions, 'packs' | 'watchesPacks' | 'nodeTimeoutMs'>,
): void {
  queue.startWorker({
    engine: {
      models,
      input,
      output,
      temp,
      device: 'cpu',
      threads: 1,
      nodesModule: builtIn ? undefined : NODES_MODULE,
      ...choice,
    },
    previews: server.wantsPreviews,
  });
}

export const node = (class_type: string, inputs: Record<string, unknown> = {}) => ({
  class_type,
  inputs,
});

/** Node 2 saves the number of node 1 as a file. */
export const savingGraph = (value: number, inputs: Record<string, unknown> = {}) => ({
  '1': node('TestNumber', { value }),
  '2': node('TestSave', { value: ['1', 0], filename_prefix: 'test', ...inputs }),
});

/** Node 1 takes `ms` per step; node 2 saves its result. */
export const slowGraph = (steps: number, ms: number, inputs: Record<string, unknown> = {}) => ({
  '1': node('TestSlow', { steps, ms, deaf: false, ...inputs }),
  '2': node('TestSave', { value: ['1', 0], filename_prefix: 'test' }),
});
