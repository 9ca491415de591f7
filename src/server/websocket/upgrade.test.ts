// Who may open a WebSocket, and how many; what ends one.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type TestServer, testServer } from '../../../test/support/server.ts';

let test: TestServer;
let address: string;
beforeAll(async () => {
  test = await testServer({ noQueue: true });
  address = await test.listen();
});
afterAll(() => test.close());

describe('an upgrade', () => {
  /** 101 when the connection is accepted. */
  const statusOf = (url: string, headers: Record<string, string> = {}): Promise<number> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url.replace('http', 'ws'), { headers });
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
      socket.on('open', () => {
        socket.close();
        resolve(101);
      });
      socket.on('error', reject);
    });

  it('is accepted from pages of the server', async () => {
    expect(await statusOf(`${address}/ws`, { origin: address })).toBe(101);
  });

  it('is refused to pages of other origins, to other host names and at other paths', async () => {
    expect(await statusOf(`${address}/ws`, { origin: 'http://evil.example' })).toBe(403);
    expect(await statusOf(`${address}/ws`, { host: 'evil.example' })).toBe(403);
    expect(await statusOf(`${address}/elsewhere`)).toBe(404);
  });

  it('is refused with an id that is too long, and above a number of connections', async () => {
    expect(await statusOf(`${address}/ws?clientId=${'x'.repeat(1024)}`)).toBe(101);
    expect(await statusOf(`${address}/ws?clientId=${'x'.repeat(1025)}`)).toBe(400);
    const crowded = await testServer({ noQueue: true });
    const url = await crowded.listen();
    const open = async (): Promise<number> => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/ws?clientId=same`);
      socket.on('error', () => undefined);
      return new Promise((resolve) => {
        socket.on('open', () => resolve(101));
        socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
      });
    };
    const statuses = await Promise.all(Array.from({ length: 502 }, open));
    expect(statuses.filter((status) => status === 101)).toHaveLength(500);
    expect(statuses.filter((status) => status === 503)).toHaveLength(2);
    await crowded.close();
  });

  it('a message that is too long ends the connection', async () => {
    const socket = new WebSocket(`${address.replace('http', 'ws')}/ws`);
    await once(socket, 'open');
    socket.send('x'.repeat(2 ** 20 + 1));
    expect((await once(socket, 'close'))[0]).toBe(1009);
  });

  it('needs the token of the server, if there is one', async () => {
    const guarded = await testServer({ token: 'secret', noQueue: true });
    try {
      const url = await guarded.listen();
      expect(await statusOf(`${url}/ws`)).toBe(401);
      expect(await statusOf(`${url}/ws`, { authorization: 'Bearer wrong' })).toBe(401);
      expect(await statusOf(`${url}/ws`, { authorization: 'Bearer secret' })).toBe(101);
      expect(await statusOf(`${url}/ws?clientId=a&token=secret`)).toBe(101);
    } finally {
      await guarded.close();
    }
  });
});
