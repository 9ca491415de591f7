// The body of a request as a stream: decoded (Content-Encoding, as aiohttp does), limited in size,
// and refused when it arrives too slowly.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { empty, errorBody, json, Refusal, type RouteResponse, refuse } from './responses.ts';

export interface BodyLimit {
  /** The size of the body, and of the decoded body. */
  readonly maxBytes: number;
  /** How the refusal calls what is limited: `JSON`, `uploads`. */
  readonly content: string;
  /** The option that changes the limit. */
  readonly option?: string;
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** A body may take this long, and a second more for each `MIN_BYTES_PER_SECOND` that arrived. */
const GRACE_MS = 20_000;
const MIN_BYTES_PER_SECOND = 16 * 1024;
const CHECK_MS = 1000;
const TIMED_OUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/**
 * The decoded body. Refuses with 415 an unknown encoding, with 413 a body that is too large, with
 * 400 one that is cut off or cannot be decoded; the stream fails with the Refusal.
 */
export function openBody(raw: IncomingMessage, limit: BodyLimit): Readable {
  const { headers } = raw;
  if (Number(headers['content-length'] ?? 0) > limit.maxBytes) refuse(tooLarge(limit));
  const decoder = decoderOf(headers);
  const body = arriving(raw, limit);
  if (!decoder) return withoutReader(body);
  const decoded = new SizeLimiter(limit);
  // the first error of a stream is the one that counts
  decoder.on('error', (error) => {
    if (isDamage(error)) decoded.destroy(new Refusal(DAMAGED));
  });
  pipeline(body, decoder, decoded, () => undefined);
  return withoutReader(decoded);
}

/** A body that nobody reads yet, or any more, may fail: its connection can be cut at any time. */
const withoutReader = (body: Readable): Readable => body.on('error', () => undefined);

function decoderOf(headers: IncomingHttpHeaders): Transform | undefined {
  const encoding = headers['content-encoding']?.trim().toLowerCase() || 'identity';
  if (encoding === 'identity') return undefined;
  if (Object.hasOwn(DECODERS, encoding)) return DECODERS[encoding]();
  const known = Object.keys(DECODERS).join(', ');
  return refuse(
    json(errorBody('unknown_encoding', 'unknown Content-Encoding', `Use one of: ${known}.`), 415),
  );
}

/** The bytes as they arrive. Closes the connection when they arrive too slowly. */
function arriving(raw: IncomingMessage, limit: BodyLimit): Readable {
  const body = new SizeLimiter(limit);
  const start = performance.now();
  const timer = setInterval(() => {
    const allowed = GRACE_MS + (body.size / MIN_BYTES_PER_SECOND) * 1000;
    if (performance.now() - start < allowed) return;
    raw.socket.end(TIMED_OUT);
    raw.destroy();
  }, CHECK_MS);
  const disconnected = (): void => void body.destroy(new Refusal(empty(400)));
  raw.on('error', disconnected).on('aborted', disconnected);
  // the response may be sent although the rest is not read
  body.on('close', () => {
    clearInterval(timer);
    raw.unpipe(body).resume();
  });
  return raw.pipe(body);
}

/** Passes bytes on; fails with a Refusal when there are too many. */
class SizeLimiter extends Transform {
  size = 0;
  readonly #limit: BodyLimit;

  constructor(limit: BodyLimit) {
    super();
    this.#limit = limit;
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.size += chunk.length;
    if (this.size > this.#limit.maxBytes) done(new Refusal(tooLarge(this.#limit)));
    else done(null, chunk);
  }
}

const isDamage = ({ code }: NodeJS.ErrnoException): boolean => code?.startsWith('Z_') === true;

const DAMAGED = json(
  errorBody('invalid_body', 'the body is not what its Content-Encoding says', ''),
  400,
);

const MEGABYTE = 1024 * 1024;

/** The refusal of a body, or of a part of it. */
export function tooLarge({ maxBytes, content, option }: BodyLimit): RouteResponse {
  const size = maxBytes < MEGABYTE ? `${maxBytes} bytes` : `${Math.floor(maxBytes / MEGABYTE)} MB`;
  const message = `the body is larger than ${size}, the limit for ${content}`;
  const hint = option === undefined ? 'Send less at once.' : `${option} changes the limit.`;
  return json(errorBody('body_too_large', message, hint), 413);
}
