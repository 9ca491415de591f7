// A connection to PostgreSQL that can be cut as an administrator, a firewall or a restarted pooler
// cuts it: the client notices when it sends its next statement.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What a client that sends on a cut connection gets: the server's last message with this SQLSTATE,
 * or only the end of the connection.
 */
export type Cut = '57P01' | '57P05' | 'silent';

export interface PostgresProxy {
  /** The database's URL through the proxy. */
  readonly url: string;
  /** How many connections were made. */
  connections(): number;
  /** Cuts all connections that are open, at their next statement. */
  cut(how: Cut): void;
  /** Cuts them at the next answer, once the server has done what a statement says. */
  cutAtAnswer(): void;
  close(): Promise<void>;
}

/** PostgreSQL's ErrorResponse. */
function lastMessage(sqlstate: string): Buffer {
  const fields = ['SFATAL', 'VFATAL', `C${sqlstate}`, 'Mterminating connection', ''];
  const body = Buffer.from(fields.map((field) => `${field}\0`).join(''));
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from('E'), length, body]);
}

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  cut?: Cut | 'at answer';
}

/** `delayMs`: the time that a connection takes to be made. */
export async function startPostgresProxy(database: string, delayMs = 0): Promise<PostgresProxy> {
  const target = new URL(database);
  const open = new Set<Connection>();
  let count = 0;
  const server = createServer(async (client) => {
    count++;
    if (delayMs > 0) await sleep(delayMs);
    const connection: Connection = {
      client,
      server: connect(Number(target.port || 5432), target.hostname),
    };
    open.add(connection);
    forward(connection, () => open.delete(connection));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(database);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cutAll = (how: Connection['cut']): void => {
    for (const connection of open) connection.cut = how;
  };
  return {
    url: url.href,
    connections: () => count,
    cut: cutAll,
    cutAtAnswer: () => cutAll('at answer'),
    close: async () => {
      for (const { client, server: other } of open)
        for (const one of [client, other]) one.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function forward(connection: Connection, onEnd: () => void): void {
  const { client, server } = connection;
  const end = (): void => {
    onEnd();
    client.end();
    server.destroy();
  };
  client.on('data', (data) => {
    if (connection.cut === undefined || connection.cut === 'at answer') server.write(data);
    else {
      if (connection.cut !== 'silent') client.write(lastMessage(connection.cut));
      end();
    }
  });
  server.on('data', (data) => {
    if (connection.cut === 'at answer') end();
    else client.write(data);
  });
  for (const one of [client, server]) one.on('close', end).on('error', end);
}
