// An HTTP server on this machine that serves one file as good and bad hosts do, and a `fetch` that
// reaches it under any host name.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  /** `https://huggingface.co/…`: the requested address. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface FileHost {
  readonly seen: SeenRequest[];
  /** The address of the server itself. */
  readonly origin: string;
  readonly fetch: typeof fetch;
  /** Answers at a path from now on. */
  answer(path: string, answer: Answer): void;
  close(): Promise<void>;
}

export async function startFileHost(): Promise<FileHost> {
  const answers = new Map<string, Answer>();
  const seen: SeenRequest[] = [];
  const server: Server = createServer({ keepAliveTimeout: 100 }, (request, response) => {
    const url = String(request.headers['x-test-url'] ?? request.url);
    seen.push({ url, headers: request.headers });
    const answer = answers.get(request.url!.split('?')[0]);
    if (answer) answer(request, response);
    else response.writeHead(404).end('no such file');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    seen,
    origin,
    fetch: (input, init) => {
      const url = new URL(String(input));
      const headers = new Headers(init?.headers);
      headers.set('x-test-url', url.href);
      return fetch(`${origin}${url.pathname}${url.search}`, { ...init, headers });
    },
    answer: (path, answer) => void answers.set(path, answer),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface FileAnswer {
  readonly etag?: string;
  readonly ranges?: boolean;
  /** The connection is destroyed after this many bytes, each time one less often. */
  readonly breakAfter?: number;
  /** How many responses are broken off; all of them by default. */
  readonly breaks?: number;
  /** `Content-Length`, where it is not the true one. */
  readonly length?: number;
}

/** Serves bytes with ranges, unless the options say otherwise. */
export function fileAnswer(bytes: Uint8Array, options: FileAnswer = {}): Answer {
  const { etag = `"${createHash('md5').update(bytes).digest('hex')}"`, ranges = true } = options;
  let breaks = options.breaks ?? Number.POSITIVE_INFINITY;
  return ({ headers }, response) => {
    const isCurrent = headers['if-range'] === undefined || headers['if-range'] === etag;
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
    const start = ranges && isCurrent && range ? Number(range[1]) : 0;
    const end = ranges && isCurrent && range?.[2] ? Number(range[2]) + 1 : bytes.length;
    if (start >= bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
      return;
    }
    const isPart = ranges && isCurrent && range !== null;
    response.writeHead(isPart ? 206 : 200, {
      etag,
      'content-length': options.length ?? end - start,
      ...(isPart && { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` }),
    });
    const rest = bytes.subarray(start, end);
    if (options.breakAfter === undefined || breaks <= 0 || rest.length <= options.breakAfter) {
      response.end(rest);
      return;
    }
    breaks--;
    response.write(rest.subarray(0, options.breakAfter), () => {
      setTimeout(() => response.destroy(), 20);
    });
  };
}
