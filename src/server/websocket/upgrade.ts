// HTTP requests that become WebSockets: /ws and /api/ws, if the guard allows them.
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Guard } from '../http/guard.ts';

/** Clients send only short messages. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const SOCKET_PATH = /^\/(api\/)?ws(\?|$)/;

export interface UpgradeOptions {
  readonly guard: Guard;
  /** Is called with each new connection and the `clientId` of its query. */
  connect(socket: WebSocket, clientId: string | undefined): void;
}

/** Handles upgrade requests of a server; refuses those that the guard refuses. */
export function acceptWebSockets(server: Server, { guard, connect }: UpgradeOptions): void {
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const url = request.url ?? '/';
    const refusal = SOCKET_PATH.test(url) ? guard(request) : 404;
    if (refusal !== undefined) refuseUpgrade(socket, refusal);
    else
      webSockets.handleUpgrade(request, socket, head, (client) => connect(client, clientIdIn(url)));
  });
}

function refuseUpgrade(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function clientIdIn(url: string): string | undefined {
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  return new URLSearchParams(query).get('clientId') ?? undefined;
}
