// One POST to an address that was checked after it was resolved: the connection is made to exactly
// that address, so that a name that resolves differently the next time (DNS rebinding) leads
// nowhere. Redirects are not followed, and proxies of the environment are not used.
import { promises as dns } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { hostOf, type WebhookPolicy } from './webhook-policy.ts';

export interface PostOptions {
  readonly policy: WebhookPolicy;
  /** Ends the request. */
  readonly signal: AbortSignal;
  /** Resolves a name to addresses (the system's resolver). */
  readonly resolve?: (host: string) => Promise<readonly ResolvedAddress[]>;
  /** The time to resolve, connect, send and receive the headers (10000). */
  readonly answerMs?: number;
  /** The time to resolve and connect, within that (5000). */
  readonly connectMs?: number;
}

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

const ANSWER_MS = 10_000;
const CONNECT_MS = 5000;
/** What is read of an answer's body, so that the other side can finish sending a short one. */
const BODY_BYTES = 4096;
const BODY_MS = 1000;
const USER_AGENT = 'darkroom';

/**
 * Sends JSON to a URL. Resolves when it is answered with a status from 200 to 299. Throws
 * DR_BAD_USAGE when the address is not allowed, else an error that says what happened.
 */
export async function postJson(url: URL, body: string, options: PostOptions): Promise<void> {
  const { policy, signal, resolve = lookUp } = options;
  const { answerMs = ANSWER_MS, connectMs = CONNECT_MS } = options;
  const connecting = timer(connectMs, `${url.origin} can't be reached in ${connectMs / 1000} s`);
  const answering = timer(answerMs, `${url.origin} has not answered in ${answerMs / 1000} s`);
  const all = AbortSignal.any([signal, connecting.signal, answering.signal]);
  try {
    const addresses = await Promise.race([resolve(hostOf(url)), rejected(all)]);
    for (const { address } of addresses) policy.checkAddress(url, address);
    const response = await send(url, body, addresses, all, connecting.end);
    const status = response.statusCode ?? 0;
    await discard(response);
    if (status >= 300 && status < 400)
      throw new Error(`${url.origin} answered ${status}; redirects are not followed`);
    if (status < 200 || status >= 300) throw new Error(`${url.origin} answered ${status}`);
  } finally {
    connecting.end();
    answering.end();
  }
}

function send(
  url: URL,
  body: string,
  addresses: readonly ResolvedAddress[],
  signal: AbortSignal,
  onConnect: () => void,
): Promise<http.IncomingMessage> {
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': USER_AGENT,
        connection: 'close',
      },
      // a connection of its own, which no agent keeps or sends through a proxy
      agent: false,
      lookup: only(addresses),
      signal,
    });
    outgoing.on('socket', (socket) =>
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', onConnect),
    );
    outgoing.on('response', resolve);
    outgoing.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    outgoing.end(body);
  });
}

/** A lookup that returns addresses that were resolved before. */
const only =
  (addresses: readonly ResolvedAddress[]): LookupFunction =>
  (_host, { all }, done) => {
    if (all) done(null, [...addresses]);
    else done(null, addresses[0].address, addresses[0].family);
  };

async function lookUp(host: string): Promise<readonly ResolvedAddress[]> {
  const family = isIP(host);
  return family === 0 ? await dns.lookup(host, { all: true }) : [{ address: host, family }];
}

/** Reads the beginning of a body and ends the connection. */
async function discard(response: http.IncomingMessage): Promise<void> {
  const timeout = setTimeout(() => response.destroy(), BODY_MS);
  let bytes = 0;
  try {
    for await (const chunk of response) {
      bytes += (chunk as Buffer).length;
      if (bytes > BODY_BYTES) break;
    }
  } catch {
    // the status has been received, which is all that counts
  } finally {
    clearTimeout(timeout);
    response.destroy();
  }
}

/** A signal that is aborted after a time, unless it is ended before. */
function timer(milliseconds: number, message: string): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const timeout = setTimeout(() => controller.abort(new Error(message)), milliseconds);
  return { signal: controller.signal, end: () => clearTimeout(timeout) };
}

const rejected = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
