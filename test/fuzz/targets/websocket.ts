// Messages of clients on a socket.
import { EventEmitter } from 'node:events';
import { WebSocketClient } from '../../../src/server/websocket/websocket-client.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: (input) => {
    const socket = Object.assign(new EventEmitter(), {
      ...{ OPEN: 1, readyState: 1, bufferedAmount: 0 },
      ...{ send: () => undefined, terminate: () => undefined, ping: () => undefined },
    });
    const client = new WebSocketClient(socket as never, { max_upload_size: 1 } as never);
    for (const isBinary of [false, true]) socket.emit('message', input, isBinary);
    void client.supportsPreviews;
    client.ping();
  },
  seeds: () => ['{"type": "feature_flags", "data": {"supports_preview_metadata": true}}', '5'],
  dictionary: ['"type":', '"feature_flags"', '"data":', '[[', 'null'],
};
