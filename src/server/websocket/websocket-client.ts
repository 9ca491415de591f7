// One WebSocket connection: the features of the client, whether it responds to pings, and how much
// it has not read yet.
import type { WebSocket } from 'ws';
import { dumpsJson } from '../../formats/dumps-json.ts';
import { isJsonObject } from '../../formats/json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import type { Features } from '../api-types.ts';

/**
 * A client that reads too slowly misses previews above the first limit, and is disconnected above
 * the second.
 */
const MAX_BUFFERED_FOR_PREVIEW = 1 << 20;
const MAX_BUFFERED = 16 << 20;

/** `{type, data}` as JSON text. */
export const messageText = (type: string, data: unknown): string => dumpsJson({ type, data });

export class WebSocketClient {
  readonly #socket: WebSocket;
  #supportsPreviews = false;
  #hasSentMessage = false;
  #isAlive = true;

  constructor(socket: WebSocket, serverFeatures: Features) {
    this.#socket = socket;
    socket.on('message', (data, isBinary) => {
      if (!isBinary) this.#receive(String(data), serverFeatures);
    });
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    socket.on('error', () => socket.terminate());
  }

  /** Whether the client announced that it reads previews with metadata. */
  get supportsPreviews(): boolean {
    return this.#supportsPreviews;
  }

  get canReceivePreview(): boolean {
    return this.#socket.bufferedAmount < MAX_BUFFERED_FOR_PREVIEW;
  }

  /** Sends a text or a binary frame, unless the connection is closed. */
  send(content: string | Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_BUFFERED) this.#socket.terminate();
    else this.#socket.send(content);
  }

  /** Disconnects a client that has not answered the last ping, and pings others. */
  ping(): void {
    if (!this.#isAlive) {
      this.#socket.terminate();
      return;
    }
    this.#isAlive = false;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  /**
   * The first message may announce the client's features; all others are ignored, as in ComfyUI.
   */
  #receive(text: string, serverFeatures: Features): void {
    const isFirst = !this.#hasSentMessage;
    this.#hasSentMessage = true;
    if (!isFirst) return;
    try {
      const message = parseJson(text);
      if (!isJsonObject(message) || message['type'] !== 'feature_flags') return;
      const { data } = message;
      this.#supportsPreviews = isJsonObject(data) && data['supports_preview_metadata'] === true;
      this.send(messageText('feature_flags', serverFeatures));
    } catch {
      // a message that is not JSON is ignored too
    }
  }
}
