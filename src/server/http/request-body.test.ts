// Bodies over sockets: sizes, encodings, slow and unread ones.
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type TestServer, testServer } from '../../../test/support/server.ts';
import { openBody } from './request-body.ts';

const MAX_JSON = 4096;
const MAX_UPLOAD = 8192;
let test: TestServer;
let address: string;
beforeAll(async () => {
  test = await testServer({ noQueue: true, maxJsonBytes: MAX_JSON, maxUploadBytes: MAX_UPLOAD });
  address = await test.listen();
});
afterAll(() => test.close());

const post = async (path: string, body: string | Buffer, headers: Record<string, string> = {}) => {
  const response = await fetch(address + path, {
    method: 'POST',
    body: new Uint8Array(Buffer.from(body)),
    headers,
  });
  return { status: response.status, text: await response.text() };
};
const TOO_LARGE = {
  status: 413,
  text: expect.stringContaining(
    `"the body is larger than ${MAX_JSON} bytes, the limit for JSON", ` +
      '"details": "--max-json-size changes the limit."',
  ),
};
const large = JSON.stringify({ text: 'x'.repeat(MAX_JSON) });

describe('JSON', () => {
  const routes = [
    '/prompt',
    '/api/prompt',
    '/queue',
    '/history',
    '/interrupt',
    '/free',
    '/users',
    '/settings',
    '/settings/a',
    '/impact/wildcards',
  ];
  it.each(routes)('%s refuses a body above the limit', async (path) => {
    expect(await post(path, large)).toEqual(TOO_LARGE);
  });

  it.each([
    'application/json',
    'text/plain',
    'multipart/form-data; boundary=X',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
  ])('is limited as %s', async (type) => {
    expect(await post('/prompt', large, { 'content-type': type })).toEqual(TOO_LARGE);
  });

  it('is limited without a Content-Length', async () => {
    const body = new Blob([large]).stream();
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    expect((await fetch(`${address}/prompt`, init)).status).toBe(413);
  });

  it('is limited to 1 MB where it is read in the server’s own thread', async () => {
    const small = await testServer({ noQueue: true });
    const body = JSON.stringify({ text: 'x'.repeat(1 << 20) });
    expect((await small.post('/settings', body)).statusCode).toBe(413);
    expect((await small.post('/settings', body.slice(0, 1 << 20))).statusCode).toBe(400);
    expect((await small.post('/impact/wildcards', body)).statusCode).toBe(200);
    await small.close();
  });

  it('is limited in depth', async () => {
    const { status, text } = await post('/prompt', `{"prompt": ${'['.repeat(1000)}`);
    expect(status).toBe(413);
    expect(text).toContain('nesting deeper than 900');
  });
});

describe('Content-Encoding', () => {
  const body = '{"text": "a"}';
  it.each([
    ['gzip', gzipSync(body)],
    ['x-gzip', gzipSync(body)],
    ['deflate', deflateSync(body)],
    ['br', brotliCompressSync(body)],
    ['Identity', Buffer.from(body)],
  ])('%s is decoded', async (encoding, bytes) => {
    const response = await post('/impact/wildcards', bytes, { 'content-encoding': encoding });
    expect(response).toEqual({ status: 200, text: '{"text": "a"}' });
  });

  it('the decoded size is limited', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '));
    // it is decoded as it arrives, so the bytes that are sent count too
    const start = gzipSync(Buffer.alloc(MAX_JSON + 1, ' '));
    expect(await post('/prompt', start, { 'content-encoding': 'gzip' })).toEqual(TOO_LARGE);
    expect((await post('/prompt', bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
  });

  it.each([
    ['compress', 415],
    ['gzip, gzip', 415],
    ['constructor', 415],
    ['gzip', 400],
  ])('%s of other bytes: %i', async (encoding, status) => {
    expect((await post('/prompt', body, { 'content-encoding': encoding })).status).toBe(status);
  });

  it('a form may be encoded', async () => {
    const form = new Response(formWith('image', 'zipped.txt', 'content'));
    const type = form.headers.get('content-type')!;
    const bytes = gzipSync(Buffer.from(await form.arrayBuffer()));
    const headers = { 'content-type': type, 'content-encoding': 'gzip' };
    expect((await post('/upload/image', bytes, headers)).status).toBe(200);
    expect(readFileSync(join(test.folders.input, 'zipped.txt'), 'utf8')).toBe('content');
  });
});

const formWith = (name: string, filename: string, content: string): FormData => {
  const form = new FormData();
  form.append(name, new Blob([content]), filename);
  return form;
};
const postForm = async (form: FormData): Promise<number> =>
  (await fetch(`${address}/upload/image`, { method: 'POST', body: form })).status;
const temporaryFiles = (): string[] =>
  readdirSync(test.folders.input).filter((name) => name.includes('.tmp-'));

describe('uploads', () => {
  it('are limited, and leave nothing when they are refused', async () => {
    const content = 'x'.repeat(MAX_UPLOAD + 1);
    expect(await postForm(formWith('image', 'large.bin', content))).toBe(413);
    expect(await postForm(formWith('image', 'right.bin', content.slice(1)))).toBe(200);
    expect((await post('/userdata/large.bin', content)).status).toBe(413);
    const encoded = { 'content-encoding': 'gzip' };
    expect((await post('/userdata/large.bin', gzipSync(content), encoded)).status).toBe(413);
    expect(existsSync(join(test.folders.input, 'large.bin'))).toBe(false);
    expect(readdirSync(join(test.root, 'user', 'default'))).toEqual([]);
    expect(temporaryFiles()).toEqual([]);
  });

  it('have a limited number of files, fields, and characters of a field', async () => {
    const files = formWith('image', 'many.bin', 'x');
    for (let i = 0; i < 5; i++) files.append(`file${i}`, new Blob(['x']), 'x');
    expect(await postForm(files)).toBe(413);
    const fields = formWith('image', 'many.bin', 'x');
    for (let i = 0; i < 33; i++) fields.append(`field${i}`, 'x');
    expect(await postForm(fields)).toBe(413);
    const long = formWith('image', 'many.bin', 'x');
    long.append('subfolder', 'x'.repeat(100_000));
    expect(await postForm(long)).toBe(413);
    expect(existsSync(join(test.folders.input, 'many.bin'))).toBe(false);
    expect(temporaryFiles()).toEqual([]);
  });

  it('that end in the middle leave nothing', async () => {
    const head = 'Content-Type: multipart/form-data; boundary=X\r\nContent-Length: 5000\r\n';
    const part = 'Content-Disposition: form-data; name="image"; filename="cut.bin"';
    const socket = await connect('/upload/image', head, `--X\r\n${part}\r\n\r\nstart`);
    await expect.poll(temporaryFiles).toHaveLength(1);
    socket.destroy();
    await expect.poll(temporaryFiles).toEqual([]);
    expect(existsSync(join(test.folders.input, 'cut.bin'))).toBe(false);
  });

  it('of user data may be of any content type', async () => {
    const headers = { 'content-type': 'multipart/form-data; boundary=X' };
    expect((await post('/userdata/a.txt', 'as it is', headers)).status).toBe(200);
    expect(readFileSync(join(test.root, 'user', 'default', 'a.txt'), 'utf8')).toBe('as it is');
  });
});

describe('slow bodies', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const openSlowBody = () => {
    const raw = Object.assign(new PassThrough(), { headers: {}, socket: { end: vi.fn() } });
    const limit = { maxBytes: 1 << 30, content: 'JSON', option: '' };
    const body = openBody(raw as unknown as IncomingMessage, limit);
    body.on('error', () => undefined).resume();
    return { raw, send: (bytes: number) => void raw.write(Buffer.alloc(bytes)) };
  };

  it('are refused', async () => {
    const { raw, send } = openSlowBody();
    send(1000);
    await vi.advanceTimersByTimeAsync(22_000);
    expect(raw.destroyed).toBe(true);
    expect(raw.socket.end.mock.calls[0][0]).toContain('408');
  });

  it('may take longer the more has arrived', async () => {
    const { raw, send } = openSlowBody();
    for (let i = 0; i < 600; i++) {
      send(20 * 1024);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(raw.destroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(raw.destroyed).toBe(true);
  });
});

it('connections are limited in number, and in the time that headers may take', () => {
  const { headersTimeout, maxConnections } = test.server.app.server;
  expect({ headersTimeout, maxConnections }).toEqual({
    headersTimeout: 20_000,
    maxConnections: 2000,
  });
});

it('a connection without a complete request is closed', async () => {
  const { server } = test.server.app;
  const { headersTimeout } = server;
  server.headersTimeout = 500;
  const socket = createConnection(Number(new URL(address).port), '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
  socket.resume().on('error', () => undefined);
  await once(socket, 'close');
  server.headersTimeout = headersTimeout;
});

/** Sends the begin of a request. */
async function connect(path: string, headers: string, body: string): Promise<Socket> {
  const socket = createConnection(Number(new URL(address).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n${body}`);
  return socket;
}

it('a connection is used again after a body that was not read to its end', async () => {
  const socket = await connect('/prompt', `Content-Length: ${MAX_JSON + 1}\r\n`, '');
  let received = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
  });
  await expect.poll(() => received).toContain(' 413 ');
  socket.write(`${' '.repeat(MAX_JSON + 1)}GET /features HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await expect.poll(() => received).toContain('max_upload_size');
  socket.destroy();
});

it('a connection whose body is not sent is closed after the response', async () => {
  const socket = await connect('/prompt', `Content-Length: ${MAX_JSON + 1}\r\n`, '');
  socket.resume();
  await once(socket, 'close');
});

describe('a body that nobody reads', () => {
  it.each(['/upload/image', '/upload/mask'])('may be cut off: %s', async (path) => {
    const socket = await connect(path, 'Content-Type: text/plain\r\nContent-Length: 99\r\n', '{');
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
    });
    await expect.poll(() => received).toContain(' 400 ');
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;
    // an error without a listener would end the process here
    expect((await fetch(`${address}/features`)).status).toBe(200);
  });

  it('is closed with the stream that failed', async () => {
    const raw = Object.assign(new PassThrough(), { headers: {}, socket: { end: vi.fn() } });
    const body = openBody(raw as unknown as IncomingMessage, { maxBytes: 99, content: 'JSON' });
    raw.emit('aborted');
    await expect.poll(() => body.closed).toBe(true);
  });
});

it('a server that is closed does not wait for a client that does not read', async () => {
  const closing = await testServer({ noQueue: true });
  const port = Number(new URL(await closing.listen()).port);
  const socket = createConnection(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  socket.write('GET /object_info HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20));
  // until no buffer has room for more
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await closing.close();
  socket.destroy();
});
