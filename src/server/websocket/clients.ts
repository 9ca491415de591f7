// The WebSocket clients by id, and which of them receives which event. After ComfyUI's server.py
// (websocket_handler, send_sync).
import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { QueueCounts, QueueEvent } from '../../queue/contract.ts';
import type { Features } from '../api-types.ts';
import { previewFrame, previewFrameWithMetadata } from './frames.ts';
import { messageText, WebSocketClient } from './websocket-client.ts';

/**
 * Which clients receive previews: those that announce support for previews with metadata (`auto`),
 * all (as ComfyUI with --preview-method; some clients mistake previews for results), or none.
 */
export type PreviewMode = 'auto' | 'all' | 'none';

export interface WebSocketClientsOptions {
  /** The server's features, which it announces in the handshake. */
  readonly features: Features;
  readonly previews?: PreviewMode;
  /** Is called with the end state of each job. */
  readonly onJobEnded?: (state: string) => void;
}

type MessageEvent = Extract<QueueEvent, { type: 'message' }>;
type PreviewEvent = Extract<QueueEvent, { type: 'preview' }>;

const MAX_CONNECTIONS = 500;
const PING_MS = 30_000;
const GOING_AWAY = 1001;
const CLOSE_MS = 500;

/** Sends the events of the queue to the connected clients. */
export class WebSocketClients {
  readonly #features: Features;
  readonly #previews: PreviewMode;
  readonly #onJobEnded: (state: string) => void;
  readonly #clients = new Map<string, WebSocketClient>();
  /** All connections, including those whose id a newer connection has taken. */
  readonly #connections = new Map<WebSocket, WebSocketClient>();
  /** The last `executing` message of the running job, by client. */
  readonly #executing = new Map<string, { readonly promptId: string; readonly text: string }>();
  readonly #pingTimer: NodeJS.Timeout;
  #queueRemaining = 0;

  constructor({ features, previews = 'auto', onJobEnded }: WebSocketClientsOptions) {
    this.#features = features;
    this.#previews = previews;
    this.#onJobEnded = onJobEnded ?? (() => undefined);
    this.#pingTimer = setInterval(() => {
      for (const client of this.#connections.values()) client.ping();
    }, PING_MS);
    this.#pingTimer.unref();
  }

  /** The number of connected clients. */
  get size(): number {
    return this.#clients.size;
  }

  /** Whether there may be another connection. */
  get hasRoom(): boolean {
    return this.#connections.size < MAX_CONNECTIONS;
  }

  /**
   * Adds a connection, under a random id unless it names one. An older connection of the id
   * receives nothing more.
   */
  connect(socket: WebSocket, requestedId: string | undefined): void {
    const id = requestedId || randomUUID().replaceAll('-', '');
    const client = new WebSocketClient(socket, this.#features);
    this.#clients.set(id, client);
    this.#connections.set(socket, client);
    socket.on('close', () => {
      this.#connections.delete(socket);
      if (this.#clients.get(id) === client) this.#clients.delete(id);
    });
    client.send(this.#statusText(id));
    const executing = this.#executing.get(id);
    if (executing) client.send(executing.text);
  }

  /** Sends an event of the queue to the clients that it is for. */
  handleQueueEvent(event: QueueEvent): void {
    switch (event.type) {
      case 'changed':
        this.setQueueCounts(event.counts);
        this.#broadcast(this.#statusText());
        return;
      case 'message':
        this.#sendMessage(event);
        return;
      case 'preview':
        this.#sendPreview(event);
        return;
      case 'ended':
        this.#onJobEnded(event.state);
        this.#removeExecuting(event.promptId, event.clientId);
    }
  }

  /** Sends a message to a client, if it is connected. */
  send(clientId: string, type: string, data: unknown): void {
    this.sendText(clientId, messageText(type, data));
  }

  /** Sends a message that is text already. */
  sendText(clientId: string, message: string): void {
    this.#clients.get(clientId)?.send(message);
  }

  isConnected(clientId: string): boolean {
    return this.#clients.has(clientId);
  }

  wantsPreviews(clientId: string): boolean {
    const client = this.#clients.get(clientId);
    return client !== undefined && this.#receivesPreviews(client);
  }

  /** Sets the counts that the next client is sent when it connects. */
  setQueueCounts({ remaining }: QueueCounts): void {
    this.#queueRemaining = remaining;
  }

  /** Closes all connections, those that do not answer by force. */
  close(): void {
    clearInterval(this.#pingTimer);
    for (const socket of this.#connections.keys()) socket.close(GOING_AWAY);
    setTimeout(() => {
      for (const socket of this.#connections.keys()) socket.terminate();
    }, CLOSE_MS).unref();
  }

  #sendMessage({ clientId, promptId, event, text, broadcast }: MessageEvent): void {
    if (clientId !== undefined && event === 'executing')
      this.#executing.set(clientId, { promptId, text });
    if (broadcast) this.#broadcast(text);
    else if (clientId !== undefined) this.#clients.get(clientId)?.send(text);
  }

  #sendPreview({ clientId, metadata, mime, image, isResult }: PreviewEvent): void {
    const client = clientId === undefined ? undefined : this.#clients.get(clientId);
    if (!client) return;
    if (!isResult && !(this.#receivesPreviews(client) && client.canReceivePreview)) return;
    client.send(
      client.supportsPreviews
        ? previewFrameWithMetadata(metadata, image)
        : previewFrame(mime, image),
    );
  }

  #removeExecuting(promptId: string, clientId: string | undefined): void {
    if (clientId === undefined || this.#executing.get(clientId)?.promptId !== promptId) return;
    this.#executing.delete(clientId);
  }

  #receivesPreviews(client: WebSocketClient): boolean {
    return this.#previews === 'all' || (this.#previews === 'auto' && client.supportsPreviews);
  }

  /** `sid` is the id of a client that has just connected. */
  #statusText(sid?: string): string {
    const status = { exec_info: { queue_remaining: this.#queueRemaining } };
    return messageText('status', sid === undefined ? { status } : { status, sid });
  }

  #broadcast(text: string): void {
    for (const client of this.#clients.values()) client.send(text);
  }
}
