// The WebSocket clients: who is connected under which id, what each hears. After ComfyUI's server.py (websocket_handler, send_sync).
import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { dumpsJson, isJsonObject, type JsonObject, parseJson } from '../../formats/json.ts';
import type { QueueCounts, QueueEvent } from '../../queue/contract.ts';
import type { PreviewMode } from '../services.ts';
import { previewFrame, previewFrameWithMetadata } from './frames.ts';

export interface SocketOptions {
  /** What the server tells of itself in the handshake. */
  readonly features: Readonly<Record<string, unknown>>;
  readonly previews?: PreviewMode;
  readonly onEnded?: (state: string) => void;
}

export interface Sockets {
  /** A new connection; an older one of the same id hears nothing any more. */
  connect(socket: WebSocket, clientId: string | undefined): void;
  hear(event: QueueEvent): void;
  /** To one client; to nobody when it is not connected. */
  send(clientId: string, type: string, data: unknown): void;
  isConnected(clientId: string): boolean;
  wantsPreviews(clientId: string): boolean;
  readonly size: number;
  /** The length of the queue when it was last told. */
  setCounts(counts: QueueCounts): void;
  close(): void;
}

interface Client {
  readonly socket: WebSocket;
  flags: JsonObject;
  heard: boolean;
  alive: boolean;
}

const PING_MS = 30_000;
/** A client that reads too slowly misses previews beyond this, and is let go beyond the other. */
const PREVIEW_BUFFER = 1 << 20;
const MAX_BUFFER = 64 << 20;
const GOING_AWAY = 1001;
const CLOSE_MS = 500;

export function createSockets({
  features,
  previews = 'auto',
  onEnded = () => undefined,
}: SocketOptions): Sockets {
  const clients = new Map<string, Client>();
  /** All connections, also those that a newer one took the id from. */
  const open = new Set<WebSocket>();
  /** What runs, by client: the last `executing` message of its job. */
  const executing = new Map<string, { readonly promptId: string; readonly text: string }>();
  let remaining = 0;

  const put = ({ socket }: Client, content: string | Buffer): void => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > MAX_BUFFER) socket.terminate();
    else socket.send(content);
  };
  const looks = (client: Client | undefined): boolean =>
    client !== undefined && (previews === 'all' || (previews === 'auto' && knowsPreviews(client)));
  const statusOf = (sid?: string): string =>
    message('status', {
      status: { exec_info: { queue_remaining: remaining } },
      ...(sid === undefined ? {} : { sid }),
    });
  const broadcast = (content: string): void => {
    for (const client of clients.values()) put(client, content);
  };

  const timer = setInterval(() => {
    for (const client of clients.values()) {
      if (!client.alive) {
        client.socket.terminate();
        continue;
      }
      client.alive = false;
      if (client.socket.readyState === client.socket.OPEN) client.socket.ping();
    }
  }, PING_MS);
  timer.unref();

  /** The first message may say what the client knows; others are not heard. */
  const receive = (client: Client, data: string): void => {
    const first = !client.heard;
    client.heard = true;
    if (!first) return;
    try {
      const said = parseJson(data);
      if (!isJsonObject(said) || said['type'] !== 'feature_flags') return;
      if (isJsonObject(said['data'])) client.flags = said['data'];
      put(client, message('feature_flags', features));
    } catch {
      // not JSON: as if nothing had been said
    }
  };

  const connect: Sockets['connect'] = (socket, asked) => {
    const id = asked || randomUUID().replaceAll('-', '');
    const client: Client = { socket, flags: {}, heard: false, alive: true };
    clients.set(id, client);
    open.add(socket);
    socket.on('message', (data, isBinary) => {
      if (!isBinary) receive(client, String(data));
    });
    socket.on('pong', () => {
      client.alive = true;
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      open.delete(socket);
      if (clients.get(id) === client) clients.delete(id);
    });
    put(client, statusOf(id));
    const running = executing.get(id);
    if (running) put(client, running.text);
  };

  const hear = (event: QueueEvent): void => {
    if (event.type === 'changed') {
      remaining = event.counts.remaining;
      broadcast(statusOf());
      return;
    }
    if (event.type === 'ended') onEnded(event.state);
    const { clientId, promptId } = event;
    if (
      clientId !== undefined &&
      event.type === 'ended' &&
      executing.get(clientId)?.promptId === promptId
    )
      executing.delete(clientId);
    if (event.type === 'message') {
      if (clientId !== undefined && event.event === 'executing')
        executing.set(clientId, { promptId, text: event.text });
      if (event.broadcast) broadcast(event.text);
    }
    const client = clientId === undefined ? undefined : clients.get(clientId);
    if (!client) return;
    if (event.type === 'message' && !event.broadcast) put(client, event.text);
    if (event.type === 'preview' && looks(client) && client.socket.bufferedAmount < PREVIEW_BUFFER)
      put(
        client,
        knowsPreviews(client)
          ? previewFrameWithMetadata(event.metadata, event.image)
          : previewFrame(event.mime, event.image),
      );
  };

  return {
    connect,
    hear,
    send: (clientId, type, data) => {
      const client = clients.get(clientId);
      if (client) put(client, message(type, data));
    },
    isConnected: (clientId) => clients.has(clientId),
    wantsPreviews: (clientId) => looks(clients.get(clientId)),
    get size() {
      return clients.size;
    },
    setCounts: (counts) => {
      remaining = counts.remaining;
    },
    close: () => {
      clearInterval(timer);
      for (const socket of open) socket.close(GOING_AWAY);
      setTimeout(() => {
        for (const socket of open) socket.terminate();
      }, CLOSE_MS).unref();
    },
  };
}

const knowsPreviews = ({ flags }: Client): boolean => flags['supports_preview_metadata'] === true;
const message = (type: string, data: unknown): string => dumpsJson({ type, data });
