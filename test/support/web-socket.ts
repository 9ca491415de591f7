// A WebSocket client for tests that collects what it receives.
import { WebSocket } from 'ws';

type Data = Record<string, unknown>;

export interface TestSocket {
  readonly socket: WebSocket;
  /** Text messages so far, parsed. */
  readonly messages: { readonly type: string; readonly data: Data }[];
  /** Binary messages so far. */
  readonly frames: Buffer[];
  /** Waits for the first message of a type that matches, and returns its data. */
  until(type: string, matches?: (data: Data) => boolean): Promise<Data>;
}

const WAIT_MS = 120_000;

/** Connects to a server; `address` is its URL. */
export async function openSocket(
  address: string,
  clientId?: string,
  path = '/ws',
): Promise<TestSocket> {
  const query = clientId === undefined ? '' : `?clientId=${clientId}`;
  const socket = new WebSocket(`${address.replace('http', 'ws')}${path}${query}`);
  const messages: TestSocket['messages'] = [];
  const frames: Buffer[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) frames.push(data);
    else messages.push(JSON.parse(String(data)));
    socket.emit('received');
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const until: TestSocket['until'] = (type, matches = () => true) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.off('received', check);
        const types = messages.map((message) => message.type).join(', ');
        reject(new Error(`no message ${type}; received: ${types}`));
      }, WAIT_MS);
      const check = (): void => {
        const found = messages.find(({ type: other, data }) => other === type && matches(data));
        if (!found) return;
        clearTimeout(timer);
        socket.off('received', check);
        resolve(found.data);
      };
      socket.on('received', check);
      check();
    });
  return { socket, messages, frames, until };
}
