import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type PostOptions, postJson } from './post.ts';
import { createWebhookPolicy } from './webhook-policy.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function listen(handle: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return { server, port: (server.address() as AddressInfo).port };
}

const options = (more: Partial<PostOptions> = {}): PostOptions => ({
  policy: createWebhookPolicy(['127.0.0.1']),
  signal: new AbortController().signal,
  ...more,
});

it('sends the body, the host and the credentials of the URL', async () => {
  const seen: unknown[] = [];
  const { port } = await listen((request, response) => {
    request.on('data', (data) => {
      const { host, authorization } = request.headers;
      seen.push(String(data), host, authorization);
      response.end();
    });
  });
  await postJson(new URL(`http://me:pw@127.0.0.1:${port}/`), '{"é":1}', options());
  expect(seen).toEqual(['{"é":1}', `127.0.0.1:${port}`, `Basic ${btoa('me:pw')}`]);
});

it('connects to the address that was checked, whatever the name resolves to later', async () => {
  let host: string | undefined;
  const { port } = await listen((request, response) => {
    host = request.headers.host;
    response.end();
  });
  let lookups = 0;
  const resolve = async () => {
    lookups++;
    return [{ address: '127.0.0.1', family: 4 }];
  };
  await postJson(new URL(`http://hooks.invalid:${port}/`), '{}', options({ resolve }));
  expect({ host, lookups }).toEqual({ host: `hooks.invalid:${port}`, lookups: 1 });
});

it('sends nothing when one of the addresses is not allowed', async () => {
  let requests = 0;
  const { port } = await listen((_, response) => {
    requests++;
    response.end();
  });
  const resolve = async () => [
    { address: '127.0.0.1', family: 4 },
    { address: '10.0.0.1', family: 4 },
  ];
  const url = new URL(`http://hooks.invalid:${port}/`);
  await expect(postJson(url, '{}', options({ resolve }))).rejects.toMatchObject({
    code: 'DR_BAD_USAGE',
    message: expect.stringContaining('hooks.invalid, which is 10.0.0.1'),
  });
  expect(requests).toBe(0);
});

it('does not follow a redirect', async () => {
  const paths: (string | undefined)[] = [];
  const { port } = await listen((request, response) => {
    paths.push(request.url);
    response.writeHead(307, { location: '/other' }).end();
  });
  await expect(postJson(new URL(`http://127.0.0.1:${port}/a`), '{}', options())).rejects.toThrow(
    'answered 307; redirects are not followed',
  );
  expect(paths).toEqual(['/a']);
});

it('names neither the path nor the query of an address in its errors', async () => {
  const { port } = await listen((_, response) => void response.writeHead(500).end());
  const url = new URL(`http://me:pw@127.0.0.1:${port}/services/s3cret?token=t`);
  await expect(postJson(url, '{}', options())).rejects.toThrow(
    new Error(`http://127.0.0.1:${port} answered 500`),
  );
});

it('gives up when there is no answer', async () => {
  const { port } = await listen(() => undefined);
  const answer = postJson(new URL(`http://127.0.0.1:${port}/`), '{}', options({ answerMs: 100 }));
  await expect(answer).rejects.toThrow('has not answered in 0.1 s');
});

it('gives up when the name is not resolved', async () => {
  const resolve = () => new Promise<never>(() => undefined);
  const answer = postJson(new URL('http://a.invalid/'), '{}', options({ resolve, connectMs: 100 }));
  await expect(answer).rejects.toThrow("can't be reached in 0.1 s");
});

it('gives up when TLS is not negotiated', async () => {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await expect(postJson(url, '{}', options({ connectMs: 100 }))).rejects.toThrow(
    "can't be reached",
  );
  for (const socket of sockets) socket.destroy();
});

it('reads only the beginning of an endless answer', async () => {
  let written = 0;
  const { port } = await listen((_, response) => {
    const write = (): void => {
      written += 65_536;
      if (!response.destroyed) response.write(Buffer.alloc(65_536), () => setImmediate(write));
    };
    write();
  });
  await postJson(new URL(`http://127.0.0.1:${port}/`), '{}', options());
  expect(written).toBeLessThan(32 * 2 ** 20);
});

it('ends with its signal', async () => {
  const { port } = await listen(() => undefined);
  const stop = new AbortController();
  const answer = postJson(
    new URL(`http://127.0.0.1:${port}/`),
    '{}',
    options({ signal: stop.signal }),
  );
  setTimeout(() => stop.abort(new Error('stopped')), 50);
  await expect(answer).rejects.toThrow('stopped');
});
