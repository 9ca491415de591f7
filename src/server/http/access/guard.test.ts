import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type TestServer, testServer } from '../../../../test/support/server.ts';

let test: TestServer;
let address: string;
const start = (options: Parameters<typeof testServer>[0]) => {
  beforeAll(async () => {
    test = await testServer({ noQueue: true, ...options });
    address = await test.listen();
  });
  afterAll(() => test.close());
};
const statusOf = async (headers: Record<string, string>, url = '/features') =>
  (await test.get(url, headers)).statusCode;
const preflightStatus = async (headers: Record<string, string>) =>
  (await test.server.app.inject({ method: 'OPTIONS', url: '/features', headers })).statusCode;

/** What browsers send when a link is opened. */
const navigation = (site: string) => ({
  'sec-fetch-site': site,
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
});

describe('without a token', () => {
  start({});

  it.each([
    [{ host: 'localhost:8188', origin: 'http://localhost:8188' }, 200],
    [{ host: 'localhost', origin: 'https://localhost' }, 200],
    [{ host: 'localhost:80', origin: 'http://localhost' }, 200],
    [{ host: '127.0.0.1:8188', origin: 'http://127.0.0.1' }, 403],
    [{ host: 'localhost', origin: 'http://localhost:3000' }, 403],
    [{ host: 'localhost:8188', origin: 'http://localhost:3000' }, 403],
    [{ host: 'localhost:8188', origin: 'https://evil.example' }, 403],
    [{ host: 'localhost:8188', origin: 'null' }, 403],
    [{ host: 'evil.example', origin: 'http://evil.example' }, 403],
    [{ host: '[::1]:8188' }, 200],
    [{ host: '[::1]:8188', origin: 'http://[::1]:8188' }, 200],
    [{ host: 'localhost:80:80' }, 400],
    [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    [{ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }, 200],
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [navigation('cross-site'), 200],
    [{ ...navigation('cross-site'), 'sec-fetch-dest': 'iframe' }, 403],
  ])('%o: %i', async (headers, status) => {
    expect(await statusOf(headers)).toBe(status);
  });

  it('responds to preflight requests', async () => {
    expect(await preflightStatus({})).toBe(200);
  });
});

describe('over a socket', () => {
  start({});

  it.each([
    ['GET /features', 'Host: localhost\r\nHost: localhost\r\n'],
    ['GET /features', 'Host: localhost\r\nhOST: evil.example\r\n'],
    ['GET /ws', `Host: a\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`],
    ['GET /features', ''],
  ])('refuses %s with %j', async (request, headers) => {
    const port = Number(new URL(address).port);
    const socket = createConnection(port, '127.0.0.1');
    socket.end(`${request} HTTP/1.1\r\n${headers}\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe('with an allowed origin and host', () => {
  const origin = 'https://app.example';
  start({ corsOrigin: origin, hosts: ['studio.example'] });

  it('allows the origin', async () => {
    const response = await test.get('/features', { host: 'studio.example', origin });
    expect(response.statusCode).toBe(200);
    expect(response.headers['access-control-allow-origin']).toBe(origin);
  });

  it('responds to preflight requests', async () => {
    expect(await preflightStatus({ origin })).toBe(200);
    expect(await preflightStatus({ origin: 'https://evil.example' })).toBe(403);
  });

  it('its pages may show images', async () => {
    const image = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
    expect(await statusOf({ ...image, referer: `${origin}/page` })).toBe(200);
    expect(await statusOf({ ...image, referer: 'https://evil.example/' })).toBe(403);
    expect(await statusOf(image)).toBe(403);
    const response = await test.get('/features');
    expect(response.headers['cross-origin-resource-policy']).toBe('cross-origin');
  });

  it.each([
    ['https://evil.example', 'localhost'],
    ['https://evil.example', 'studio.example'],
    ['null', 'studio.example'],
    [`${origin}:444`, 'studio.example'],
  ])('refuses the origin %s at %s', async (other, host) => {
    expect(await statusOf({ host, origin: other })).toBe(403);
  });
});

describe.each([
  ['--allow-host', { hosts: ['studio.example'] }],
  ['--insecure', { hosts: ['*'] }],
  ['--enable-cors-header', { corsOrigin: 'https://good.example', hosts: ['*'] }],
  ['--token', { token: 'sésame' }],
])('with %s', (_, options) => {
  start(options);
  const authorization = 'Bearer sésame';

  it('refuses pages of other origins', async () => {
    const headers = { host: 'studio.example', authorization };
    expect(await statusOf({ ...headers, origin: 'http://evil.example' })).toBe(403);
    expect(await statusOf({ ...headers, origin: 'http://studio.example' })).toBe(200);
    expect(await statusOf(headers)).toBe(200);
  });

  it.each([
    ['http://evil.example', 403],
    ['null', 403],
    [undefined, 101],
    ['own', 101],
  ])('sockets of pages of %s: %i', async (origin, status) => {
    const socket = new WebSocket(`${address.replace('http', 'ws')}/ws`, {
      headers: { authorization },
      origin: origin === 'own' ? address : origin,
    });
    socket.on('error', () => undefined);
    const received = await new Promise<number | undefined>((resolve) => {
      socket.on('open', () => resolve(101));
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    });
    expect(received).toBe(status);
    socket.terminate();
  });
});

describe('with all origins allowed, and a token', () => {
  start({ corsOrigin: '*', token: 'secret' });

  it('the token is needed, a cookie is not enough', async () => {
    const page = await test.get('/?token=secret');
    const cookie = (page.headers['set-cookie'] as string).split(';')[0];
    const origin = 'https://any.example';
    expect(await statusOf({ origin, authorization: 'Bearer secret' })).toBe(200);
    expect(await statusOf({ origin, cookie })).toBe(401);
    expect(await statusOf({ cookie, origin: 'http://localhost' })).toBe(200);
  });
});

describe('with a token', () => {
  start({ token: 'sésame' });
  const authorization = 'Bearer sésame';

  it.each(['/features', '/api/view?filename=x', '/'])('refuses %s without it', async (url) => {
    expect(await statusOf({}, url)).toBe(401);
  });

  it('refuses a wrong token', async () => {
    expect(await statusOf({ authorization: 'Bearer wrong' })).toBe(401);
  });

  it('allows the token, under any host name', async () => {
    expect(await statusOf({ authorization })).toBe(200);
    expect(await statusOf({ authorization, host: 'anything.example' })).toBe(200);
  });

  const cookieAt = async (host: string): Promise<string> => {
    const page = await test.get(`/?token=${encodeURIComponent('sésame')}`, { host });
    expect(page.statusCode).toBe(200);
    return (page.headers['set-cookie'] as string).split(';')[0];
  };

  it('turns a token in the query into a cookie that does not contain it', async () => {
    const cookie = await cookieAt('localhost:8188');
    expect(cookie).toMatch(/^darkroom_8188=[0-9a-f]{64}$/);
    expect(await statusOf({ cookie, host: 'localhost:8188' })).toBe(200);
  });

  it('a cookie is of one origin only', async () => {
    const cookie = (await cookieAt('localhost:8188')).replace('8188', '9000');
    expect(await statusOf({ cookie, host: 'localhost:9000' })).toBe(401);
  });

  const host = 'localhost:8188';
  const own = { origin: 'http://localhost:8188' };
  it.each([
    ['GET', own, 200],
    ['GET', {}, 200],
    ['GET', { 'sec-fetch-site': 'same-origin' }, 200],
    ['GET', navigation('same-site'), 200],
    ['GET', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }, 401],
    ['GET', { referer: 'http://localhost:3000/page' }, 401],
    ['GET', { referer: 'http://localhost:8188/page' }, 200],
    ['GET', { origin: 'http://localhost:3000' }, 403],
    ['POST', own, 200],
    ['POST', { 'sec-fetch-site': 'same-origin' }, 200],
    ['POST', {}, 401],
    ['POST', { origin: 'http://localhost:3000' }, 403],
    ['POST', { 'sec-fetch-site': 'same-site' }, 401],
    ['POST', { 'sec-fetch-site': 'same-site', authorization }, 200],
  ] as const)('%s with a cookie and %o: %i', async (method, headers, status) => {
    const cookie = await cookieAt(host);
    const url = method === 'GET' ? '/features' : '/impact/wildcards';
    const payload = method === 'GET' ? undefined : '{"text": "a"}';
    const all = { host, cookie, ...headers };
    const response = await test.server.app.inject({ method, url, headers: all, payload });
    expect(response.statusCode).toBe(status);
  });

  it('lets no other page show its images', async () => {
    const { headers } = await test.get('/features', { authorization });
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
  });

  it('reports its health without a token: the queue is not open', async () => {
    expect(await statusOf({}, '/healthz')).toBe(503);
  });
});
