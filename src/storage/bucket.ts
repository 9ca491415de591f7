// A bucket of an S3-compatible service: signed requests, tried again while the service or the network fails, errors as sentences.
// After Amazon's S3 API reference; signing by aws4fetch.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsClient } from 'aws4fetch';
import { DarkroomError } from '../errors.ts';

export interface BucketObject {
  readonly key: string;
  readonly size: number;
  readonly modified: Date;
  readonly etag: string;
}

export interface Bucket {
  /** Endpoint and bucket, for messages and caches. */
  readonly address: string;
  head(key: string): Promise<BucketObject | undefined>;
  /** Undefined when there is none; `unchanged` when its ETag is the one that is given. */
  get(
    key: string,
    etag?: string,
  ): Promise<{ readonly object: BucketObject; readonly body: Response } | 'unchanged' | undefined>;
  /** The object is whole or absent. With `onlyNew`, false when there is one of that key, which stays. */
  put(key: string, bytes: Uint8Array, onlyNew: boolean): Promise<boolean>;
  /** The same for a large object, part by part: `part` gives so many bytes from a place on. */
  putLarge(
    key: string,
    size: number,
    part: (at: number, length: number) => Promise<Uint8Array>,
    onlyNew: boolean,
  ): Promise<boolean>;
  /** With `deep` also what lies in folders below the prefix. */
  list(prefix: string, deep?: boolean, limit?: number): Promise<BucketObject[]>;
}

export interface BucketOptions {
  readonly name: string;
  /** The environment variables of Amazon's tools. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly attempts?: number;
  /** Until the first of them is tried again; then twice as long each time. */
  readonly restMs?: number;
  /** A request that takes longer has failed. */
  readonly timeoutMs?: number;
  readonly partBytes?: number;
}

const ATTEMPTS = 5;
const REST_MS = 200;
const TIMEOUT_MS = 120_000;
const PART_BYTES = 16 * 2 ** 20;

/** A client for a bucket; nothing is asked yet. Throws DR_BAD_USAGE without credentials. */
export function createBucket(options: BucketOptions): Bucket {
  const {
    name,
    environment: env = process.env,
    attempts = ATTEMPTS,
    restMs = REST_MS,
    timeoutMs = TIMEOUT_MS,
  } = options;
  const partBytes = options.partBytes ?? PART_BYTES;
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1';
  const endpoint = env.S3_ENDPOINT || env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL;
  const address =
    endpoint === undefined
      ? `https://${name}.s3.${region}.amazonaws.com`
      : `${withScheme(endpoint)}/${name}`;
  if (!URL.canParse(address))
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `'${endpoint}' is no address of an S3 service`,
      hint: 'Set S3_ENDPOINT=https://…',
    });
  const client = clientOf(env, region);

  /** One request until it is answered; `known` are statuses that the caller understands. */
  const ask = async (
    what: string,
    url: string,
    init: RequestInit,
    known: readonly number[] = [],
  ): Promise<Response & { tries: number }> => {
    for (let tries = 1; ; tries++) {
      const signal = AbortSignal.timeout(timeoutMs);
      const answer = await client.fetch(url, { ...init, signal }).catch((error: Error) => error);
      if (answer instanceof Response) {
        if (answer.ok || known.includes(answer.status)) return Object.assign(answer, { tries });
        const failure = await failureOf(answer);
        if (!failure.passing || tries >= attempts)
          throw refused(what, address, answer.status, failure, region);
      } else if (tries >= attempts) throw unreachable(what, address, attempts, answer);
      await sleep(restMs * 2 ** (tries - 1) * (0.75 + Math.random() / 2));
    }
  };
  const urlOf = (key: string, query = ''): string =>
    `${address}/${key.split('/').map(encode).join('/')}${query && `?${query}`}`;
  const objectOf = (key: string, { headers }: Response): BucketObject => ({
    key,
    size: Number(headers.get('content-length') ?? 0),
    modified: new Date(headers.get('last-modified') ?? 0),
    etag: headers.get('etag') ?? '',
  });
  const head: Bucket['head'] = async (key) => {
    const answer = await ask(`look for ${key}`, urlOf(key), { method: 'HEAD' }, [404]);
    return answer.status === 404 ? undefined : objectOf(key, answer);
  };
  const newOnly = (onlyNew: boolean): Record<string, string> =>
    onlyNew ? { 'if-none-match': '*' } : {};

  return {
    address,
    head,
    get: async (key, etag) => {
      const headers = etag === undefined ? undefined : { 'if-none-match': etag };
      const body = await ask(`read ${key}`, urlOf(key), { headers }, [304, 404]);
      if (body.status === 200) return { object: objectOf(key, body), body };
      const said = await body.text();
      if (body.status === 304) return 'unchanged';
      // a bucket that is gone is no missing file
      if (said.includes('NoSuchBucket'))
        throw refused(
          `read ${key}`,
          address,
          404,
          { code: 'NoSuchBucket', passing: false },
          region,
        );
      return undefined;
    },
    put: async (key, bytes, onlyNew) => {
      const md5 = createHash('md5').update(bytes).digest('hex');
      const { body, headers } = signed(bytes);
      const init = { method: 'PUT', body, headers: { ...headers, ...newOnly(onlyNew) } };
      const answer = await ask(`write ${key}`, urlOf(key), init, onlyNew ? [409, 412] : []);
      await answer.body?.cancel();
      if (answer.ok) return true;
      // an earlier attempt may have been heard though its answer was lost
      return answer.tries > 1 && (await head(key))?.etag.includes(md5) === true;
    },
    putLarge: async (key, size, part, onlyNew) => {
      const what = `write ${key}`;
      const started = await (await ask(what, urlOf(key, 'uploads='), { method: 'POST' })).text();
      const upload = encode(unescaped(/<UploadId>([^<]*)<\/UploadId>/.exec(started)?.[1] ?? ''));
      try {
        const parts: string[] = [];
        for (let at = 0; at < size || at === 0; at += partBytes) {
          const query = `partNumber=${parts.length + 1}&uploadId=${upload}`;
          const init = { method: 'PUT', ...signed(await part(at, Math.min(partBytes, size - at))) };
          const answer = await ask(what, urlOf(key, query), init);
          parts.push(
            `<Part><PartNumber>${parts.length + 1}</PartNumber><ETag>${answer.headers.get('etag') ?? ''}</ETag></Part>`,
          );
          await answer.body?.cancel();
        }
        const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
        const done = await ask(
          what,
          urlOf(key, `uploadId=${upload}`),
          { method: 'POST', body, headers: newOnly(onlyNew) },
          [409, 412],
        );
        // a failure may come after the status
        const said = await done.text();
        if (done.ok && /<Error>/.test(said))
          throw refused(what, address, 200, { code: codeIn(said), passing: false }, region);
        if (!done.ok)
          await ask(what, urlOf(key, `uploadId=${upload}`), { method: 'DELETE' }, [404]);
        return done.ok;
      } catch (error) {
        await ask(what, urlOf(key, `uploadId=${upload}`), { method: 'DELETE' }, [404]).catch(
          () => undefined,
        );
        throw error;
      }
    },
    list: async (prefix, deep = false, limit = Number.POSITIVE_INFINITY) => {
      const found: BucketObject[] = [];
      let token = '';
      do {
        const query =
          `list-type=2&encoding-type=url&max-keys=${Math.min(limit, 1000)}&prefix=${encode(prefix)}` +
          `${deep ? '' : '&delimiter=%2F'}${token && `&continuation-token=${encode(token)}`}`;
        const page = await (
          await ask(`list ${prefix || 'its files'}`, `${address}/?${query}`, {})
        ).text();
        found.push(...objectsIn(page));
        token = unescaped(/<NextContinuationToken>([^<]*)</.exec(page)?.[1] ?? '');
      } while (token !== '' && found.length < limit);
      return found;
    },
  };
}

function clientOf(env: NodeJS.ProcessEnv, region: string): AwsClient {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  if (accessKeyId && secretAccessKey)
    return new AwsClient({
      accessKeyId,
      secretAccessKey,
      sessionToken: sessionToken || undefined,
      service: 's3',
      region,
      retries: 0,
    });
  throw new DarkroomError('DR_BAD_USAGE', {
    message: 'a bucket needs credentials',
    hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for another service than Amazon’s also S3_ENDPOINT=https://…',
  });
}

const withScheme = (endpoint: string): string =>
  (/^https?:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`).replace(/\/+$/, '');
const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** A body that the service compares with what was signed. */
const signed = (bytes: Uint8Array) => ({
  body: bytes as Uint8Array<ArrayBuffer>,
  headers: { 'x-amz-content-sha256': createHash('sha256').update(bytes).digest('hex') },
});

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};
const unescaped = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) =>
    name === undefined
      ? String.fromCodePoint(Number.parseInt(decimal ?? hex, decimal ? 10 : 16))
      : (ENTITIES[name] ?? whole),
  );

function objectsIn(page: string): BucketObject[] {
  const isEncoded = /<EncodingType>url</.test(page);
  const keyOf = (text: string): string =>
    isEncoded ? decodeURIComponent(text.replaceAll('+', ' ')) : text;
  return [...page.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, entry]) => {
    const field = (name: string): string =>
      unescaped(new RegExp(`<${name}>([^<]*)</${name}>`).exec(entry)?.[1] ?? '');
    return {
      key: keyOf(field('Key')),
      size: Number(field('Size')),
      modified: new Date(field('LastModified')),
      etag: field('ETag'),
    };
  });
}

interface Failure {
  /** S3's word for it. */
  readonly code: string;
  /** Trying again may help. */
  readonly passing: boolean;
}

const codeIn = (body: string): string => unescaped(/<Code>([^<]*)<\/Code>/.exec(body)?.[1] ?? '');
const PASSING = new Set(['RequestTimeout', 'SlowDown', 'InternalError', 'OperationAborted']);

async function failureOf(answer: Response): Promise<Failure> {
  const code = codeIn(await answer.text().catch(() => ''));
  return { code, passing: answer.status >= 500 || answer.status === 429 || PASSING.has(code) };
}

function refused(
  what: string,
  address: string,
  status: number,
  { code }: Failure,
  region: string,
): DarkroomError {
  const hints: Readonly<Record<number, string>> = {
    301: `The bucket is in another region than ${region}: set AWS_REGION.`,
    400: `See that AWS_REGION (${region}) and S3_ENDPOINT are right.`,
    401: 'See that AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are right.',
    403: 'See that AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are right and may list, read and write there; and the clock of this machine.',
    404: 'There is no such bucket: make it, or correct its name.',
  };
  return new DarkroomError('DR_STORAGE', {
    message: `the bucket ${address} did not ${what}: ${status}${code && ` ${code}`}`,
    hint: hints[status] ?? 'The service has a problem; try again later.',
    file: address,
  });
}

const unreachable = (
  what: string,
  address: string,
  attempts: number,
  error: Error,
): DarkroomError =>
  new DarkroomError('DR_STORAGE', {
    message: `the bucket ${address} can't be reached to ${what}: ${((error.cause as Error) ?? error).message || error.message} (${attempts} attempts)`,
    hint: 'See that the network is there and that S3_ENDPOINT is right.',
    file: address,
    cause: error,
  });
