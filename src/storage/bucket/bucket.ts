// A bucket of an S3-compatible service, after Amazon's S3 API reference.
import { createHash } from 'node:crypto';
import type { FileRange } from '../storage.ts';
import { type BucketOptions, type S3Requests, s3Requests } from './s3-requests.ts';
import { type BucketObject, elementText, listedObjects } from './s3-xml.ts';

export type { BucketOptions } from './s3-requests.ts';

export interface Bucket {
  /** Endpoint and bucket, for messages and caches. */
  readonly address: string;
  /** The size of the parts of large objects. */
  readonly partBytes: number;
  head(key: string): Promise<BucketObject | undefined>;
  /**
   * Returns undefined for no such object, 'unchanged' when its ETag equals the given one. With a
   * range, the body has these bytes only.
   */
  get(
    key: string,
    options?: { readonly etag?: string; readonly range?: FileRange },
  ): Promise<{ readonly object: BucketObject; readonly body: Response } | 'unchanged' | undefined>;
  /**
   * Writes an object whole or not at all. With `onlyNew`, returns false when there is one of that
   * key, which stays.
   */
  put(key: string, bytes: Uint8Array, onlyNew: boolean): Promise<boolean>;
  /** Writes a large object part by part; `part` returns the bytes at an offset. */
  putLarge(
    key: string,
    size: number,
    part: (offset: number, length: number) => Promise<Uint8Array>,
    onlyNew: boolean,
  ): Promise<boolean>;
  /** Removes an object; does nothing when there is none of that key. */
  remove(key: string): Promise<void>;
  /** Lists the objects with a prefix; with `deep` those of subfolders too. */
  list(prefix: string, deep?: boolean, limit?: number): Promise<BucketObject[]>;
}

const PART_BYTES = 16 * 2 ** 20;
const NOT_FOUND = 404;
/** The answers to a conditional write when the key exists, or is being written. */
const CONFLICT = [409, 412];

/**
 * Returns a client for a bucket, without sending a request. Throws DR_BAD_USAGE without
 * credentials.
 */
export function createBucket(options: BucketOptions): Bucket {
  const requests = s3Requests(options);
  const { address, send } = requests;
  const urlOf = (key: string, query = ''): string =>
    `${address}/${key.split('/').map(encode).join('/')}${query && `?${query}`}`;
  const head: Bucket['head'] = async (key) => {
    const answer = await send(`look for ${key}`, urlOf(key), { method: 'HEAD' }, [NOT_FOUND]);
    return answer.status === NOT_FOUND ? undefined : objectOf(key, answer);
  };
  return {
    address,
    partBytes: options.partBytes ?? PART_BYTES,
    head,
    get: async (key, { etag, range } = {}) => {
      const action = `read ${key}`;
      const headers = {
        ...(etag !== undefined && { 'if-none-match': etag }),
        ...(range && { range: `bytes=${range.start}-${range.end}` }),
      };
      const body = await send(action, urlOf(key), { headers }, [304, NOT_FOUND]);
      if (body.status === (range ? 206 : 200)) return { object: objectOf(key, body), body };
      const text = await body.text();
      if (body.status === 304) return 'unchanged';
      // a bucket that is gone is not a missing file
      if (text.includes('NoSuchBucket')) throw requests.refusal(action, NOT_FOUND, 'NoSuchBucket');
      return undefined;
    },
    put: async (key, bytes, onlyNew) => {
      const md5 = createHash('md5').update(bytes).digest('hex');
      const { body, headers } = signed(bytes);
      const init = { method: 'PUT', body, headers: { ...headers, ...condition(onlyNew) } };
      const answer = await send(`write ${key}`, urlOf(key), init, onlyNew ? CONFLICT : []);
      await answer.body?.cancel();
      if (answer.ok) return true;
      // an earlier attempt may have succeeded although its answer was lost
      return answer.tries > 1 && (await head(key))?.etag.includes(md5) === true;
    },
    putLarge: (key, size, part, onlyNew) =>
      putParts(requests, { key, size, part, onlyNew, partBytes: options.partBytes }, urlOf),
    remove: async (key) => {
      const answer = await send(`remove ${key}`, urlOf(key), { method: 'DELETE' }, [NOT_FOUND]);
      await answer.body?.cancel();
    },
    list: (prefix, deep = false, limit = Number.POSITIVE_INFINITY) =>
      listObjects(requests, prefix, deep, limit),
  };
}

/** Lists the objects with a prefix page by page, at least `limit` of them if there are so many. */
async function listObjects(
  { address, send }: S3Requests,
  prefix: string,
  deep: boolean,
  limit: number,
): Promise<BucketObject[]> {
  const objects: BucketObject[] = [];
  let token = '';
  do {
    const query = [
      `list-type=2&encoding-type=url&max-keys=${Math.min(limit, 1000)}`,
      `prefix=${encode(prefix)}`,
      ...(deep ? [] : ['delimiter=%2F']),
      ...(token === '' ? [] : [`continuation-token=${encode(token)}`]),
    ].join('&');
    const page = await send(`list ${prefix || 'its files'}`, `${address}/?${query}`);
    const xml = await page.text();
    objects.push(...listedObjects(xml));
    token = elementText(xml, 'NextContinuationToken');
  } while (token !== '' && objects.length < limit);
  return objects;
}

interface LargeObject {
  readonly key: string;
  readonly size: number;
  readonly part: (offset: number, length: number) => Promise<Uint8Array>;
  readonly onlyNew: boolean;
  readonly partBytes?: number;
}

/** Writes an object by a multipart upload, which is aborted when it fails. */
async function putParts(
  { send, refusal }: S3Requests,
  { key, size, part, onlyNew, partBytes = PART_BYTES }: LargeObject,
  urlOf: (key: string, query?: string) => string,
): Promise<boolean> {
  const action = `write ${key}`;
  const started = await (await send(action, urlOf(key, 'uploads='), { method: 'POST' })).text();
  const upload = encode(elementText(started, 'UploadId'));
  const abort = (): Promise<Response> =>
    send(action, urlOf(key, `uploadId=${upload}`), { method: 'DELETE' }, [NOT_FOUND]);
  try {
    const parts: string[] = [];
    for (let offset = 0; offset < size || offset === 0; offset += partBytes) {
      const number = parts.length + 1;
      const bytes = await part(offset, Math.min(partBytes, size - offset));
      const url = urlOf(key, `partNumber=${number}&uploadId=${upload}`);
      const answer = await send(action, url, { method: 'PUT', ...signed(bytes) });
      const etag = answer.headers.get('etag') ?? '';
      parts.push(`<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`);
      await answer.body?.cancel();
    }
    const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
    const init = { method: 'POST', body, headers: condition(onlyNew) };
    const completed = await send(action, urlOf(key, `uploadId=${upload}`), init, CONFLICT);
    // a failure may be reported after the status
    const text = await completed.text();
    if (completed.ok && /<Error>/.test(text)) throw refusal(action, 200, elementText(text, 'Code'));
    if (!completed.ok) await abort();
    return completed.ok;
  } catch (error) {
    await abort().catch(() => undefined);
    throw error;
  }
}

const objectOf = (key: string, { headers }: Response): BucketObject => ({
  key,
  size: Number(headers.get('content-length') ?? 0),
  modified: new Date(headers.get('last-modified') ?? 0),
  etag: headers.get('etag') ?? '',
});

const condition = (onlyNew: boolean): Record<string, string> =>
  onlyNew ? { 'if-none-match': '*' } : {};

const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** Returns a body with its hash, which the service compares with the signature. */
const signed = (bytes: Uint8Array) => ({
  body: bytes as Uint8Array<ArrayBuffer>,
  headers: { 'x-amz-content-sha256': createHash('sha256').update(bytes).digest('hex') },
});
