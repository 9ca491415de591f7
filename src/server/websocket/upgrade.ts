// HTTP requests that become WebSockets: /ws and /api/ws, if the guard allows them.
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Guard } from '../http/access/guard.ts';
import { isId } from '../http/route.ts';

/** Clients send only short messages. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const SOCKET_PATH = /^\/(api\/)?ws(\?|$)/;

export interface UpgradeOptions {
  readonly guard: Guard;
  /** Whether there may be another connection. */
  hasRoom(): boolean;
  /** Is called with each new connection and the `clientId` of its query. */
  connect(socket: WebSocket, clientId: string | undefined): void;
}

/** Handles upgrade requests of a server; refuses those that the guard refuses. */
export function acceptWebSockets(server: Server, options: UpgradeOptions): void {
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const refusal = refusalOf(request, options);
    if (refusal !== undefined) refuseUpgrade(socket, refusal);
    else
      webSockets.handleUpgrade(request, socket, head, (client) =>
        options.connect(client, clientIdIn(request)),
      );
  });
}

/** The status of a refusal; undefined when the connection is accepted. */
function refusalOf(request: IncomingMessage, { guard, hasRoom }: UpgradeOptions) {
  if (!SOCKET_PATH.test(request.url ?? '/')) return 404;
  const refusal = guard(request);
  if (refusal) return refusal.status;
  const clientId = clientIdIn(request);
  if (clientId && !isId(clientId)) return 400;
  return hasRoom() ? undefined : 503;
}

function refuseUpgrade(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function clientIdIn({ url = '' }: IncomingMessage): string | undefined {
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  return new URLSearchParams(query).get('clientId') ?? undefined;
}
