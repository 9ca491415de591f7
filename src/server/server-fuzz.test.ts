// Random valid and invalid requests to every route: the server does not crash, fails only where
// ComfyUI fails too, and touches no file outside of its folders.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { savingGraph, type TestServer, testServer } from '../../test/support/server.ts';
import type { Route, Schema } from './http/route.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 40);
const SEED = process.env.FUZZ_RUNS === undefined ? 8 : Date.now();
const SECRET = 'SECRET OUTSIDE OF THE FOLDERS';

let test: TestServer;
let port: number;
beforeAll(async () => {
  test = await testServer({ idle: true, maxUploadBytes: 1 << 20 });
  port = Number(new URL(await test.listen()).port);
  writeFileSync(join(test.root, 'secret.txt'), SECRET);
  writeFileSync(join(test.folders.output, 'a.txt'), 'a');
  mkdirSync(join(test.root, 'user', 'default'), { recursive: true });
});
afterAll(() => test.close());

/** The names in the root, which no route may change. */
const namesInRoot = (): string[] => readdirSync(test.root).sort();

const name = fc.oneof(
  fc.constantFrom(
    'a.txt',
    'checkpoints',
    'sub/a.txt',
    'input',
    'output',
    'TestSave',
    'default',
    '',
  ),
  fc.constantFrom(
    '..',
    '../secret.txt',
    '../../secret.txt',
    '/etc/passwd',
    'a/../../secret.txt',
    '..\\secret.txt',
    '....//secret.txt',
    '.',
  ),
  fc.constantFrom(
    'a.txt [input]',
    '../secret.txt [output]',
    'a\0b',
    '%2e%2e%2fsecret.txt',
    'C:\\x',
    '~',
    'x'.repeat(300),
    'ü€😀',
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const json = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constantFrom(
    '18446744073709551616',
    '1e999',
    'NaN',
    '-Infinity',
    '{"__proto__": {"a": 1}}',
    '[[[[]]]]',
    '',
    '{',
    '"\\ud800"',
    '\ufeff{}',
  ),
);

/** A value that a schema allows, or any value in one of five cases. */
function valueFor(schema: Schema): fc.Arbitrary<unknown> {
  const {
    type,
    properties,
    items,
    enum: choices,
  } = schema as {
    type?: string;
    properties?: Record<string, Schema>;
    items?: Schema;
    enum?: unknown[];
  };
  const exact: fc.Arbitrary<unknown> = choices
    ? fc.constantFrom(...choices)
    : type === 'object'
      ? fc.record(
          Object.fromEntries(
            Object.entries(properties ?? {}).map(([key, inner]) => [key, valueFor(inner)]),
          ),
          { requiredKeys: [] },
        )
      : type === 'array'
        ? fc.array(items ? valueFor(items) : fc.jsonValue(), { maxLength: 4 })
        : type === 'boolean'
          ? fc.boolean()
          : type === 'integer' || type === 'number'
            ? fc.oneof(fc.integer(), fc.double())
            : name;
  return fc.oneof({ weight: 4, arbitrary: exact }, { weight: 1, arbitrary: fc.jsonValue() });
}

/** Replaces unpaired surrogates, which cannot be in a URL. */
const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, '?');

const FORM = 'multipart/form-data; boundary=X';
const formBody = fc
  .record({
    filename: name,
    subfolder: name,
    type: name,
    overwrite: fc.constantFrom('true', '1', 'x'),
    original_ref: json,
    cut: fc.boolean(),
  })
  .map(({ filename, cut, ...fields }) => {
    const clean = (text: string): string => text.replace(/[\r\n"]/g, '');
    const part = (disposition: string, content: string): string =>
      `--X\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;
    const parts = Object.entries(fields).map(([key, value]) => part(`name="${key}"`, value));
    const file = part(`name="image"; filename="${clean(filename)}"`, 'file');
    return `${parts.join('')}${file}${cut ? '' : '--X--\r\n'}`;
  });
const raw = fc.string({ unit: 'binary', maxLength: 100 });

interface GeneratedRequest {
  readonly url: string;
  readonly payload: string;
  readonly headers: Record<string, string>;
}

function requests({ path, query = {}, body, only }: Route): fc.Arbitrary<GeneratedRequest> {
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]);
  const values = fc.record({
    prefix: only === 'root' ? fc.constant('') : fc.constantFrom('', '/api'),
    params: fc.tuple(...names.map(() => name)),
    encode: fc.boolean(),
    query: fc.record(
      Object.fromEntries(
        Object.keys(query).map((key) => [key, fc.oneof(name, fc.integer().map(String))]),
      ),
      {
        requiredKeys: [],
      },
    ),
    body:
      body === 'multipart'
        ? fc.oneof({ weight: 4, arbitrary: formBody }, { weight: 1, arbitrary: raw })
        : body === 'raw' || body === 'stream'
          ? raw
          : fc.oneof(
              {
                weight: 4,
                arbitrary: valueFor(body ?? {}).map((value) => JSON.stringify(value) ?? ''),
              },
              { weight: 1, arbitrary: json },
            ),
    user: fc.option(
      name.map((text) => text.replace(/[^\x20-\x7e]/g, '?')),
      { nil: undefined },
    ),
  });
  return values.map(({ prefix, params, encode, query, body: content, user }) => {
    const rest = [...params];
    // without encoding, the URL must still be a valid request line
    const part = (text: string): string =>
      encode
        ? encodeURIComponent(wellFormed(text))
        : encodeURI(wellFormed(text)).replace(/[?#]/g, '');
    const where = path.replace(/\{[^}]+\}/g, () => part(rest.shift() ?? ''));
    const search = new URLSearchParams(
      Object.entries(query).filter((e): e is [string, string] => e[1] !== undefined),
    ).toString();
    const headers: Record<string, string> =
      body === 'multipart' ? { 'content-type': FORM } : { 'content-type': 'application/json' };
    return {
      url: `${prefix}${where}?${search}`,
      payload: content,
      headers: user === undefined ? headers : { ...headers, 'comfy-user': user },
    };
  });
}

/** Routes that fail in ComfyUI too, for a number that is invalid. */
const MAY_FAIL = new Set(['GET /history', 'GET /impact/segs/picker/view']);

it('routes respond to random requests without failing or leaving their folders', async () => {
  const before = namesInRoot();
  for (const route of test.server.routes) {
    const label = `${route.method} ${route.path}`;
    await fc.assert(
      fc.asyncProperty(requests(route), async ({ url, payload, headers }) => {
        const body = route.method === 'GET' ? {} : { payload };
        const response = await test.server.app.inject({
          method: route.method,
          url,
          headers,
          ...body,
        });
        const details = `${label}: ${url} ${payload.slice(0, 200)} -> ${response.statusCode}`;
        const isExpected =
          route.responses[response.statusCode] !== undefined ||
          (MAY_FAIL.has(label) && url.includes('='));
        if (response.statusCode >= 500) expect(isExpected, details).toBe(true);
        expect(response.body.includes(SECRET), details).toBe(false);
        expect(namesInRoot(), details).toEqual(before);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  }
  expect(readFileSync(join(test.root, 'secret.txt'), 'utf8')).toBe(SECRET);
  expect(existsSync(join(test.root, 'escaped'))).toBe(false);
  expect((await test.server.app.inject({ url: '/healthz' })).statusCode).toBe(200);
});

it('invalid prompts are refused in ComfyUI’s shape', async () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.tuple(fc.constantFrom('1', '2', '9'), fc.integer({ min: -2, max: 9 })),
    fc.constant({ __value__: [1] }),
  );
  const node = fc.record(
    {
      class_type: fc.oneof(
        fc.constantFrom('TestNumber', 'TestSave', 'TestValues', 'TestAdd', 'TestTotal'),
        fc.jsonValue(),
      ),
      inputs: fc.dictionary(
        fc.constantFrom('value', 'a', 'b', 'int', 'items', 'filename_prefix', 'image'),
        value,
      ),
    },
    { requiredKeys: [] },
  );
  const prompt = fc.oneof(
    fc.dictionary(
      fc.constantFrom('1', '2', '3', 'x:y', '__proto__'),
      fc.oneof({ weight: 9, arbitrary: node }, { weight: 1, arbitrary: fc.jsonValue() }),
    ),
    fc.constant(savingGraph(1)),
  );
  const body = fc.record(
    {
      prompt,
      client_id: fc.jsonValue(),
      prompt_id: fc.jsonValue(),
      number: fc.jsonValue(),
      front: fc.jsonValue(),
      extra_data: fc.oneof(
        fc.jsonValue(),
        fc.record({
          extra_pnginfo: fc.jsonValue(),
          webhook: fc.jsonValue(),
          idempotency_key: fc.jsonValue(),
        }),
      ),
      partial_execution_targets: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(body, async (randomBody) => {
      const response = await test.server.app.inject({
        method: 'POST',
        url: '/prompt',
        payload: JSON.stringify(randomBody),
      });
      const details = `${JSON.stringify(randomBody)} -> ${response.statusCode} ${response.body}`;
      expect([200, 400], details).toContain(response.statusCode);
      const { error, node_errors, prompt_id } = response.json();
      expect(typeof node_errors, details).toBe('object');
      if (response.statusCode === 200) expect(typeof prompt_id, details).toBe('string');
      else
        expect(error, details).toMatchObject({
          type: expect.any(String),
          message: expect.any(String),
          details: expect.any(String),
        });
    }),
    { numRuns: 8 * RUNS, seed: SEED },
  );
  await test.queue.clear();
});

it('invalid HTTP gets a response, or the connection is closed', async () => {
  const send = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => socket.write(text, 'latin1'));
      let received = '';
      socket.on('data', (data) => {
        received += data.toString('latin1');
      });
      socket.setTimeout(300, () => socket.destroy());
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(received));
    });
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  const get = (path: string, headers: string): string =>
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
  const post = (headers: string, body: string): string =>
    `POST /prompt HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n${body}`;
  for (const text of [
    '\0\0\0\0',
    'GET\r\n\r\n',
    'GET /%ff%zz HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /ws HTTP/1.1\r\nHost: \r\n\r\n',
    get('/ws', upgrade),
    get('/prompt', upgrade),
    get('/ws', `${upgrade}Sec-WebSocket-Version: 99\r\nSec-WebSocket-Key: x\r\n`),
    post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    post('Content-Type: ;;;\r\nContent-Length: 2\r\n', '{}'),
  ])
    expect(await send(text), text).not.toContain(' 500 ');
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
});
