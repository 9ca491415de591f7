// Raw bodies and query strings for the routes that read them, through the server. Workflows, which
// the server reads in threads, have targets of their own.
import { ask } from '../../soak/http-request.ts';
import { testServer } from '../../support/server.ts';
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

let address: Promise<string> | undefined;
const started = (): Promise<string> => {
  address ??= testServer({ idle: true }).then((server) => server.listen());
  return address;
};

/**
 * Statuses of 500 that ComfyUI gives too: bodies that are not JSON, parameters that are no number.
 */
const isDeclared = (body: string): boolean => body.includes('500 Internal Server Error');

export const target: FuzzTarget = {
  run: async (input) => {
    const [method, path, type] = ROUTES[(input[0] ?? 0) % ROUTES.length];
    const rest = input.subarray(1);
    const query = method === 'GET' ? `?${encodeURI(rest.toString('latin1'))}` : '';
    const { status, body } = await ask(`${await started()}${path}${query}`, {
      method,
      ...(method === 'POST' && { body: rest, headers: { 'content-type': type } }),
    });
    if (status > 500 || (status === 500 && !isDeclared(`${body}`)))
      throw new Error(`${method} ${path} responded ${status}: ${body.toString('utf8', 0, 200)}`);
  },
  // the server may close a connection before it has read the whole body
  expected: (error) => ['ECONNRESET', 'EPIPE'].includes(String((error as { code?: unknown }).code)),
  prepare: async () => ask(`${await started()}/object_info`),
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
