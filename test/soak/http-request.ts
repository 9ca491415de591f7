// One HTTP request per connection, so that no connection is left open by the soak itself.
import { request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

export interface RequestOptions {
  readonly method?: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;

/** Rejects when the connection breaks, or when there is no answer within the time. */
export function ask(url: string, options: RequestOptions = {}): Promise<Answer> {
  const { method = 'GET', body, headers = {}, timeoutMs = TIMEOUT_MS } = options;
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method, agent: false, headers: { ...length, ...headers } });
    const timer = setTimeout(
      () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    sent.on('error', fail);
    sent.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', fail);
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) });
      });
    });
    sent.end(body);
  });
}

/** As `ask`; the answer's body is JSON. */
export async function askJson<T>(
  url: string,
  options?: RequestOptions,
): Promise<{ readonly status: number; readonly value: T }> {
  const { status, body } = await ask(url, options);
  return { status, value: JSON.parse(body.toString() || 'null') as T };
}

export const postJson = <T>(url: string, value: unknown, options: RequestOptions = {}) =>
  askJson<T>(url, { method: 'POST', body: JSON.stringify(value), ...options });
