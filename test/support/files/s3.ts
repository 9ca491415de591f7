// A small S3-compatible service for tests: objects in memory, signatures (AWS4-HMAC-SHA256) are
// verified, so that unsigned requests fail.
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Stored {
  readonly bytes: Buffer;
  readonly modified: Date;
  readonly etag?: string;
}

export interface TestS3 {
  readonly environment: Record<string, string>;
  readonly objects: Map<string, Stored>;
  /** The methods of all requests so far: `GET`, `PUT` … */
  readonly requests: string[];
  /**
   * Failures of the next requests: a status, or a connection that is closed before or after the
   * request is handled.
   */
  readonly failures: (number | 'cut' | 'cut after')[];
  /** Ignores If-None-Match, as old services do. */
  overwrites: boolean;
  close(): Promise<void>;
}

const KEY = 'test-key';
const SECRET = 'test/secret+key';
const REGION = 'eu-test-1';
export const BUCKET = 'pictures';
const PAGE = 3;

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer =>
  createHmac('sha256', key).update(data).digest();
const quoted = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
const md5 = (bytes: Buffer): Buffer => createHash('md5').update(bytes).digest();
const etagOf = (bytes: Buffer): string => `"${md5(bytes).toString('hex')}"`;
/** The ETag of an object that was written part by part. */
const etagOfParts = (parts: readonly Buffer[]): string =>
  `"${md5(Buffer.concat(parts.map(md5))).toString('hex')}-${parts.length}"`;

/** Returns S3's error code for a wrong signature; undefined for a right one. */
function wrongWith(request: IncomingMessage, url: URL, body: Buffer): string | undefined {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)$/.exec(
      request.headers.authorization ?? '',
    );
  if (!found) return 'AccessDenied';
  const [, key, day, region, names, signature] = found;
  if (key !== KEY) return 'InvalidAccessKeyId';
  const date = String(request.headers['x-amz-date']);
  const signed = names.split(';');
  // all significant headers must be signed
  const needed = [
    'host',
    ...Object.keys(request.headers).filter(
      (name) => name.startsWith('x-amz-') || name === 'if-none-match',
    ),
  ];
  if (!needed.every((name) => signed.includes(name))) return 'AccessDenied';
  const given = String(request.headers['x-amz-content-sha256']);
  if (given !== 'UNSIGNED-PAYLOAD' && given !== sha256(body)) return 'XAmzContentSHA256Mismatch';
  const path = decodeURIComponent(url.pathname).split('/').map(quoted).join('/');
  const query = [...url.searchParams]
    .map(([name, value]) => `${quoted(name)}=${quoted(value)}`)
    .sort();
  const headers = signed
    .map((name) => `${name}:${String(request.headers[name] ?? '').trim()}\n`)
    .join('');
  const canonical = [request.method, path, query.join('&'), headers, names, given].join('\n');
  const toSign = [
    'AWS4-HMAC-SHA256',
    date,
    `${day}/${region}/s3/aws4_request`,
    sha256(canonical),
  ].join('\n');
  const secret = ['s3', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${SECRET}`, day), region));
  if (region !== REGION || !date.startsWith(day)) return 'AuthorizationHeaderMalformed';
  return hmac(secret, toSign).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch';
}

export async function startS3(): Promise<TestS3> {
  const objects: TestS3['objects'] = new Map();
  const uploads = new Map<string, Map<number, Buffer>>();
  const requests: string[] = [];
  const failures: TestS3['failures'] = [];
  const self = { overwrites: false };

  const answer = (
    response: ServerResponse,
    status: number,
    body: string | Buffer = '',
    headers: Record<string, string> = {},
  ): ServerResponse => {
    response.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers });
    return response.end(body);
  };
  const fail = (response: ServerResponse, status: number, code: string): ServerResponse =>
    answer(response, status, `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);

  const handle = (
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    body: Buffer,
  ): ServerResponse => {
    const wrong = wrongWith(request, url, body);
    if (wrong) return fail(response, 403, wrong);
    const [, bucket, ...rest] = decodeURIComponent(url.pathname).split('/');
    if (bucket !== BUCKET) return fail(response, 404, 'NoSuchBucket');
    const [key, query, method] = [rest.join('/'), url.searchParams, request.method ?? ''];
    const object = objects.get(key);
    const keeps =
      request.headers['if-none-match'] === '*' && object !== undefined && !self.overwrites;
    if (method === 'GET' && query.has('list-type'))
      return answer(response, 200, listed(query, objects));
    if (method === 'GET' || method === 'HEAD') {
      if (!object) return fail(response, 404, 'NoSuchKey');
      const etag = object.etag ?? etagOf(object.bytes);
      const headers = {
        etag,
        'last-modified': object.modified.toUTCString(),
        'content-length': String(object.bytes.length),
      };
      if (request.headers['if-none-match'] === etag) return answer(response, 304, '', { etag });
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
      const part = range && object.bytes.subarray(Number(range[1]), Number(range[2]) + 1);
      if (method === 'GET' && part)
        return answer(response, 206, part, { ...headers, 'content-length': String(part.length) });
      if (method === 'GET') return answer(response, 200, object.bytes, headers);
      response.writeHead(200, headers);
      return response.end();
    }
    if (method === 'POST' && query.has('uploads')) {
      uploads.set('u&1', new Map());
      return answer(
        response,
        200,
        '<InitiateMultipartUploadResult><UploadId>u&amp;1</UploadId></InitiateMultipartUploadResult>',
      );
    }
    const upload = uploads.get(query.get('uploadId') ?? '');
    if (query.has('uploadId') && !upload) return fail(response, 404, 'NoSuchUpload');
    if (method === 'PUT' && upload) {
      upload.set(Number(query.get('partNumber')), body);
      return answer(response, 200, '', { etag: etagOf(body) });
    }
    if (method === 'DELETE' && upload) {
      uploads.clear();
      return answer(response, 204);
    }
    if (keeps) return fail(response, 412, 'PreconditionFailed');
    if (method === 'POST' && upload) {
      const told = [
        ...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]+)<\/ETag>/g),
      ];
      const parts = told.map(([, number]) => upload.get(Number(number)) ?? Buffer.alloc(0));
      if (!told.every(([, , etag], i) => etag === etagOf(parts[i])))
        return fail(response, 400, 'InvalidPart');
      const etag = etagOfParts(parts);
      objects.set(key, { bytes: Buffer.concat(parts), modified: new Date(), etag });
      uploads.clear();
      return answer(response, 200, '<CompleteMultipartUploadResult/>');
    }
    if (method === 'DELETE') {
      objects.delete(key);
      return answer(response, 204);
    }
    if (method !== 'PUT') return fail(response, 405, 'MethodNotAllowed');
    objects.set(key, { bytes: body, modified: new Date() });
    return answer(response, 200, '', { etag: etagOf(body) });
  };

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      requests.push(request.method ?? '');
      const next = failures.shift();
      const url = new URL(request.url ?? '/', 'http://s3');
      if (next === 'cut') request.socket.destroy();
      else if (next === 'cut after') {
        handle(
          request,
          { writeHead: () => undefined, end: () => undefined } as unknown as ServerResponse,
          url,
          Buffer.concat(parts),
        );
        request.socket.destroy();
      } else if (next !== undefined) fail(response, next, 'SlowDown');
      else handle(request, response, url, Buffer.concat(parts));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(self, {
    ...{ objects, requests, failures },
    environment: {
      S3_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: KEY,
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_REGION: REGION,
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

/** A page of ListObjectsV2; pages are short, so that a client has to request the next. */
function listed(query: URLSearchParams, objects: TestS3['objects']): string {
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter')];
  const keys = [...objects.keys()].filter(
    (key) =>
      key.startsWith(prefix) &&
      !(delimiter && key.slice(prefix.length).includes(delimiter)) &&
      key > (query.get('continuation-token') ?? ''),
  );
  const page = keys.sort().slice(0, Math.min(PAGE, Number(query.get('max-keys') ?? PAGE)));
  const more =
    keys.length > page.length
      ? `<NextContinuationToken>${page.at(-1)?.replaceAll('&', '&amp;')}</NextContinuationToken>`
      : '';
  const entries = page.map((key) => {
    const { bytes, modified, etag = etagOf(bytes) } = objects.get(key)!;
    const date = modified.toISOString();
    return `<Contents><Key>${quoted(key).replaceAll('%20', '+')}</Key><LastModified>${date}</LastModified><ETag>${etag.replaceAll('"', '&quot;')}</ETag><Size>${bytes.length}</Size></Contents>`;
  });
  return `<ListBucketResult><EncodingType>url</EncodingType>${more}${entries.join('')}</ListBucketResult>`;
}
