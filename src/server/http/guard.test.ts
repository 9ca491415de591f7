import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../../test/support/server.ts';

let test: TestServer;
const start = (options: Parameters<typeof testServer>[0]) => {
  beforeAll(async () => {
    test = await testServer({ noQueue: true, ...options });
  });
  afterAll(() => test.close());
};
const statusOf = async (headers: Record<string, string>, url = '/features') =>
  (await test.get(url, headers)).statusCode;
const preflightStatus = async (headers: Record<string, string>) =>
  (await test.server.app.inject({ method: 'OPTIONS', url: '/features', headers })).statusCode;

describe('without a token', () => {
  start({});

  it.each([
    [{ host: 'localhost:8188', origin: 'http://localhost:8188' }, 200],
    [{ host: '127.0.0.1:8188', origin: 'http://127.0.0.1' }, 200],
    [{ host: 'localhost:8188', origin: 'http://localhost:3000' }, 403],
    [{ host: 'localhost:8188', origin: 'https://evil.example' }, 403],
    [{ host: 'localhost:8188', origin: 'null' }, 403],
    [{ host: 'evil.example', origin: 'http://evil.example' }, 403],
    [{ host: '[::1]:8188' }, 200],
  ])('%o: %i', async (headers, status) => {
    expect(await statusOf(headers)).toBe(status);
  });

  it('responds to preflight requests', async () => {
    expect(await preflightStatus({})).toBe(200);
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

  it('turns a token in the query into a cookie', async () => {
    const page = await test.get(`/?token=${encodeURIComponent('sésame')}`);
    expect(page.statusCode).toBe(200);
    const cookie = (page.headers['set-cookie'] as string).split(';')[0];
    expect(await statusOf({ cookie })).toBe(200);
  });

  it('reports its health without a token: the queue is not open', async () => {
    expect(await statusOf({}, '/healthz')).toBe(503);
  });
});
