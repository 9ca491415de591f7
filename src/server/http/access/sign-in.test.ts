import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../../../test/support/server.ts';
import { withoutToken } from './sign-in.ts';

const PAGE = { accept: 'text/html,application/xhtml+xml', 'sec-fetch-dest': 'document' };
const HOST = 'localhost:8188';

describe('a browser without the token', () => {
  let test: TestServer;
  beforeAll(async () => {
    test = await testServer({ noQueue: true, builtIn: true, token: 'sésame & co' });
  });
  afterAll(() => test.close());
  const send = (token: string, headers: Record<string, string> = {}) =>
    test.server.app.inject({
      method: 'POST',
      url: '/sign-in',
      payload: new URLSearchParams({ token }).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        host: HOST,
        origin: `http://${HOST}`,
        ...headers,
      },
    });

  it.each([
    ['/', 'sign-in'],
    ['/darkroom', 'sign-in'],
    ['/api/history?max_items=1', '../sign-in'],
  ])('is shown a form at %s', async (url, action) => {
    const { statusCode, headers, body } = await test.get(url, PAGE);
    expect(statusCode).toBe(401);
    expect(headers['content-type']).toContain('text/html');
    expect(headers['www-authenticate']).toBe('Bearer');
    expect(body).toContain(`<form method="post" action="${action}">`);
    // the browser says where the form comes from only with this policy
    expect(headers['referrer-policy']).toBe('same-origin');
  });

  it('is told in a sentence what a program needs', async () => {
    const { statusCode, body } = await test.get('/queue');
    expect(statusCode).toBe(401);
    expect(body).toContain('Authorization: Bearer');
    expect((await test.get('/', { ...PAGE, 'sec-fetch-dest': 'image' })).body).toBe(body);
  });

  it('exchanges the token for a cookie that opens everything', async () => {
    const { statusCode, headers } = await send(' sésame & co ');
    expect([statusCode, headers.location]).toEqual([303, './']);
    const cookie = (headers['set-cookie'] as string).split(';')[0];
    expect((await test.get('/', { ...PAGE, host: HOST, cookie })).statusCode).toBe(200);
  });

  it.each(['', 'wrong', 'sésame'])('is asked again after %j', async (token) => {
    const { statusCode, headers, body } = await send(token);
    expect(statusCode).toBe(401);
    expect(headers['set-cookie']).toBeUndefined();
    expect(body).toContain('not the token');
  });

  it('cannot be signed in by a page of another origin', async () => {
    const { statusCode, headers } = await send('sésame & co', { origin: 'http://evil.example' });
    expect([statusCode, headers['set-cookie']]).toEqual([403, undefined]);
  });

  it('has an address without the token afterwards', async () => {
    const token = encodeURIComponent('sésame & co');
    const { statusCode, headers } = await test.get(`/darkroom?a=1&token=${token}`, PAGE);
    expect([statusCode, headers.location]).toEqual([303, './darkroom?a=1']);
    expect(headers['set-cookie']).toContain('HttpOnly');
    // a program gets what it asked for
    expect((await test.get(`/darkroom?token=${token}`)).statusCode).toBe(200);
  });
});

it.each([
  ['/?token=a', './'],
  ['/?b=1&token=a&c=', './?b=1&c='],
  ['/x/y?token=a', './y'],
  ['//evil.example/?token=a', './'],
  ['/%2f%2fevil?token=a', './%2f%2fevil'],
])('the address %s without its token is %s', (url, expected) => {
  expect(withoutToken(url)).toBe(expected);
});

describe('a server without a token', () => {
  let test: TestServer;
  beforeAll(async () => {
    test = await testServer({ noQueue: true });
  });
  afterAll(() => test.close());

  it.each([
    ['studio.local:8188', '--allow-host studio.local,'],
    ['<b>', '--allow-host NAME,'],
  ])('says how the host %s is allowed', async (host, sentence) => {
    const { statusCode, body } = await test.get('/', { ...PAGE, host });
    expect(statusCode).toBe(403);
    expect(body).toContain(sentence);
  });

  it('says that another origin is not allowed', async () => {
    const { body } = await test.get('/', { host: 'localhost', origin: 'http://evil.example' });
    expect(body).toContain('--enable-cors-header');
  });
});
