// A server over a queue in memory and folders of its own, for tests: with the nodes of nodes.ts or the built-in ones.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { NODES as BUILT_IN } from '../../src/nodes/index.ts';
import type { Queue, QueueOptions } from '../../src/queue/contract.ts';
import { openQueue } from '../../src/queue/queue.ts';
import { createLogs } from '../../src/server/http/logs.ts';
import { createServer } from '../../src/server/server.ts';
import type { DarkroomServer, ServerOptions } from '../../src/server/server-context.ts';
import { openEmbeddedModels } from '../../src/storage/embedded-models.ts';
import { type Folders, openFolders } from '../../src/storage/folders.ts';
import { NODES, NODES_MODULE } from './nodes.ts';

export interface TestServer {
  readonly server: DarkroomServer;
  readonly queue: Queue;
  readonly folders: Folders;
  /** Everything of this server lies here. */
  readonly root: string;
  /** Opens a port; gives the address. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

export interface TestServerOptions extends Partial<ServerOptions> {
  readonly queueOptions?: QueueOptions;
  /** The built-in nodes and the embedded models in place of the nodes of nodes.ts. */
  readonly builtIn?: boolean;
  /** No worker: what is queued waits. */
  readonly idle?: boolean;
  /** No queue either: it never opens. */
  readonly closed?: boolean;
}

export async function testServer({
  queueOptions,
  builtIn,
  idle,
  closed,
  ...options
}: TestServerOptions = {}): Promise<TestServer> {
  const root = mkdtempSync(join(tmpdir(), 'darkroom-server-'));
  const place = (name: string): string => {
    mkdirSync(join(root, name));
    return join(root, name);
  };
  const models = place('models');
  mkdirSync(join(models, 'checkpoints'));
  const folders = openFolders({
    models: [models],
    ...(options.storage?.folders ?? {
      input: place('input'),
      output: place('output'),
      temp: place('temp'),
    }),
    inputNames: options.storage?.inputNames,
    embedded: builtIn ? openEmbeddedModels() : undefined,
  });
  if (builtIn && !options.storage)
    cpSync(new URL('../../examples/input', import.meta.url), folders.input, { recursive: true });
  const queue = closed ? undefined : await openQueue(queueOptions);
  const server = createServer({
    ...{
      queue: queue ?? new Promise<Queue>(() => undefined),
      folders,
      nodes: builtIn ? BUILT_IN : NODES,
      user: join(root, 'user'),
      logs: createLogs({ level: 'debug' }),
    },
    ...options,
  });
  if (queue && !idle) {
    const { input, output, temp } = folders;
    queue.startWorker({
      engine: {
        models: [models],
        input,
        output,
        temp,
        device: 'cpu',
        threads: 1,
        nodesModule: builtIn ? undefined : NODES_MODULE,
      },
      previews: server.wantsPreviews,
    });
  }
  return {
    ...{ server, queue: queue!, folders, root },
    listen: () => server.listen({ host: '127.0.0.1', port: 0 }),
    close: async () => {
      await server.close();
      await queue?.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export interface TestSocket {
  readonly socket: WebSocket;
  /** Text messages so far, parsed. */
  readonly messages: { readonly type: string; readonly data: Record<string, unknown> }[];
  readonly frames: Buffer[];
  /** Waits until a message of this type came that fits. */
  until(
    type: string,
    fits?: (data: Record<string, unknown>) => boolean,
  ): Promise<Record<string, unknown>>;
}

const WAIT_MS = 60_000;

export async function openSocket(
  address: string,
  clientId?: string,
  path = '/ws',
): Promise<TestSocket> {
  const socket = new WebSocket(
    `${address.replace('http', 'ws')}${path}${clientId === undefined ? '' : `?clientId=${clientId}`}`,
  );
  const messages: TestSocket['messages'] = [];
  const frames: Buffer[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) frames.push(data);
    else messages.push(JSON.parse(String(data)));
    socket.emit('heard');
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const until: TestSocket['until'] = (type, fits = () => true) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.off('heard', look);
        reject(
          new Error(`no message ${type}; there were: ${messages.map((m) => m.type).join(', ')}`),
        );
      }, WAIT_MS);
      const look = (): void => {
        const found = messages.find((m) => m.type === type && fits(m.data));
        if (!found) return;
        clearTimeout(timer);
        socket.off('heard', look);
        resolve(found.data);
      };
      socket.on('heard', look);
      look();
    });
  return { socket, messages, frames, until };
}

export const node = (class_type: string, inputs: Record<string, unknown> = {}) => ({
  class_type,
  inputs,
});
/** A number and a file that is written with it. */
export const saving = (value: number, more: Record<string, unknown> = {}) => ({
  '1': node('TestNumber', { value }),
  '2': node('TestSave', { value: ['1', 0], filename_prefix: 'test', ...more }),
});
/** A slow node, `ms` per step. */
export const slow = (steps: number, ms: number, more: Record<string, unknown> = {}) => ({
  '1': node('TestSlow', { steps, ms, deaf: false, ...more }),
  '2': node('TestSave', { value: ['1', 0], filename_prefix: 'test' }),
});
