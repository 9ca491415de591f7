// Raw bodies and query strings for the routes that read them, through the server. Workflows, which
// the server reads in threads, have targets of their own.
import { type TestServer, testServer } from '../../support/server.ts';
import type { FuzzTarget } from '../target.ts';

const ROUTES = [
  ['POST', '/upload/image', 'multipart/form-data; boundary=B'],
  ['POST', '/upload/mask', 'multipart/form-data; boundary=B'],
  ['POST', '/queue', 'application/json'],
  ['POST', '/history', 'application/json'],
  ['POST', '/free', 'application/json'],
  ['POST', '/settings', 'application/json'],
  ['GET', '/internal/logs', ''],
  ['GET', '/view', ''],
  ['GET', '/history', ''],
  ['GET', '/userdata', ''],
] as const;

let server: Promise<TestServer> | undefined;
const started = (): Promise<TestServer> => {
  server ??= testServer({ idle: true, maxUploadBytes: 1 << 20 });
  return server;
};

/** Statuses of 500 that ComfyUI gives too: bodies that are not JSON, parameters that are no number. */
const isDeclared = (body: string): boolean => body.includes('500 Internal Server Error');

export const target: FuzzTarget = {
  run: async (input) => {
    const { app } = (await started()).server;
    const [method, path, type] = ROUTES[(input[0] ?? 0) % ROUTES.length];
    const rest = input.subarray(1);
    const url = method === 'GET' ? `${path}?${encodeURI(rest.toString('latin1'))}` : path;
    const response = await app.inject(
      method === 'GET'
        ? { method, url }
        : { method, url, payload: rest, headers: { 'content-type': type } },
    );
    if (response.statusCode > 500 || (response.statusCode === 500 && !isDeclared(response.body)))
      throw new Error(
        `${method} ${path} responded ${response.statusCode}: ${response.body.slice(0, 200)}`,
      );
  },
  prepare: async () => (await started()).server.app.inject({ url: '/object_info' }),
  seeds: () => [
    '\x00--B\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nx\r\n--B--\r\n',
    '\x01--B\r\nContent-Disposition: form-data; name="original_ref"\r\n\r\n{"filename": "a"}\r\n--B--\r\n',
    '\x02{"delete": ["a"], "clear": false}',
    '\x04{"unload_models": true}',
    '\x05{"a.b": 1}',
    '\x07filename=a.png&type=input&subfolder=b&preview=webp;90&channel=rgb',
    '\x08max_items=1&offset=2',
  ],
  dictionary: [
    '--B\r\n',
    '--B--',
    'name="image"',
    'filename="',
    '{"',
    '":',
    'filename=',
    '%00',
    'type=',
  ],
};
