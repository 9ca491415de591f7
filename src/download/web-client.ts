// Requests for files: redirects, which may lead to http(s) addresses only and take no token along,
// and errors that say what to do.
import { DarkroomError, interrupted } from '../errors.ts';
import { maskSecrets, maskUrl } from '../mask-secrets.ts';
import { isHuggingFace, repositoryOf } from './hugging-face.ts';

export interface RefusalHints {
  /** Where a host requires a login. */
  readonly login: string;
  /** Where nothing is at an address. */
  readonly missing: string;
}

/** What authorizes requests to one host. */
export interface Credentials {
  /** `https://example.com:8443` */
  readonly origin: string;
  /** The header: `Basic …`. */
  readonly authorization: string;
}

export interface WebClientOptions {
  /** Makes a request; by default the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Is sent to Hugging Face, and nowhere else. */
  readonly huggingFaceToken?: string;
  /** Are sent to their own host, and nowhere else. */
  readonly credentials?: Credentials;
  /** What to do about refused requests; by default what helps with models. */
  readonly hints?: RefusalHints;
  /** How long a host may take to answer, in milliseconds. */
  readonly timeoutMs?: number;
}

export interface WebRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Is called with the headers of each redirect. */
  readonly onRedirect?: (headers: Headers) => void;
}

export interface WebClient {
  /**
   * Requests a file, and follows redirects. Throws DR_DOWNLOAD for a status that will not change,
   * DR_INTERRUPTED, and a TemporaryFailure where the next attempt may succeed.
   */
  get(request: WebRequest): Promise<Response>;
}

/** A failure after which an attempt is made again. */
export class TemporaryFailure extends Error {
  /** How long the host asks to wait. */
  readonly waitMs?: number;

  constructor(message: string, waitMs?: number) {
    super(message);
    this.waitMs = waitMs;
  }
}

const MAX_REDIRECTS = 10;
const TIMEOUT_MS = 30_000;
const MAX_WAIT_SECONDS = 60;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function createWebClient(options: WebClientOptions = {}): WebClient {
  return {
    get: async ({ url, headers, signal, onRedirect }) => {
      const first = new URL(url);
      let target = first;
      // the token is for the host that was named, until a request goes to another one
      let authorization = authorizationOf(options, first);
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
        if (target.origin !== first.origin) authorization = undefined;
        const all = {
          'accept-encoding': 'identity',
          ...headers,
          ...(authorization !== undefined && { authorization }),
        };
        const response = await request(options, target, all, signal);
        const location = response.headers.get('location');
        if (!REDIRECTS.has(response.status) || location === null)
          return checkStatus(response, first, {
            login: loginHint(first, authorization !== undefined),
            missing: MOVED,
            ...options.hints,
          });
        await response.body?.cancel();
        onRedirect?.(response.headers);
        target = redirectTarget(target, location);
      }
      throw failure(first, 'redirects too often', 'Check the address in a browser.');
    },
  };
}

/** The token for Hugging Face, over https only, or the credentials of the address's own host. */
function authorizationOf(
  { huggingFaceToken, credentials }: WebClientOptions,
  { hostname, origin, protocol }: URL,
): string | undefined {
  if (credentials?.origin === origin) return credentials.authorization;
  const isForToken = isHuggingFace(hostname) && protocol === 'https:';
  return huggingFaceToken && isForToken ? `Bearer ${huggingFaceToken}` : undefined;
}

async function request(
  { fetch: send = fetch, timeoutMs = TIMEOUT_MS }: WebClientOptions,
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  if (signal.aborted) throw interrupted();
  // ends the wait for an answer, not the body
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), timeoutMs);
  try {
    return await send(url, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.any([signal, waiting.signal]),
    });
  } catch (error) {
    if (signal.aborted) throw interrupted();
    if (waiting.signal.aborted) throw new TemporaryFailure(`${url.host} does not answer`);
    throw new TemporaryFailure(`${url.host} can't be reached: ${causeOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** The reason that fetch hides behind "fetch failed". */
export function causeOf(error: unknown): string {
  const { message, cause } = error as Error;
  return maskSecrets(cause instanceof Error ? cause.message || cause.name : message);
}

function redirectTarget(from: URL, location: string): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!target || !/^https?:$/.test(target.protocol))
    throw failure(from, 'redirects to no http(s) address', 'Check the address in a browser.');
  if (from.protocol === 'https:' && target.protocol === 'http:')
    throw failure(
      from,
      `redirects from https to http (${target.host})`,
      'Check the address in a browser.',
    );
  return target;
}

function checkStatus(response: Response, url: URL, hints: RefusalHints): Response {
  const { status } = response;
  // 416: the requested range does not exist
  if (response.ok || status === 416) return response;
  void response.body?.cancel();
  if (status === 429 || status === 408 || status >= 500)
    throw new TemporaryFailure(`${url.host} answered ${status}`, waitOf(response));
  if (status === 401 || status === 403)
    throw failure(url, `needs a login (${status})`, hints.login);
  throw failure(url, `is not there: ${url.host} answered ${status}`, hints.missing);
}

const MOVED = 'The file was moved or removed; look for it in a browser.';

function loginHint(url: URL, withToken: boolean): string {
  const repository = repositoryOf(url);
  if (repository === undefined)
    return 'Download it in a browser and put it into the models folder.';
  return withToken
    ? `The token in HF_TOKEN has no access; accept the terms at https://huggingface.co/${repository}.`
    : `Accept the terms at https://huggingface.co/${repository}, and set HF_TOKEN to a token of ` +
        'your account (https://huggingface.co/settings/tokens).';
}

/** `Retry-After` in milliseconds. */
function waitOf({ headers }: Response): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return seconds >= 0 ? 1000 * Math.min(seconds, MAX_WAIT_SECONDS) : undefined;
}

/** DR_DOWNLOAD: `what` continues a sentence that begins with the address. */
export const failure = (url: URL, what: string, hint: string): DarkroomError =>
  new DarkroomError('DR_DOWNLOAD', { message: `${maskUrl(url.href)} ${what}`, hint });
