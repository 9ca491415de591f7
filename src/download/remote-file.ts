// What a host says about a file before it is downloaded: its size, its hash, its licence.
import { DarkroomError } from '../errors.ts';
import { fileAddress, licenceIn, repositoryApi, repositoryOf } from './hugging-face.ts';
import { type FileHash, fileHash } from './model-source.ts';
import { TemporaryFailure, type WebClient } from './web-client.ts';

export interface RemoteFile {
  /** In bytes. */
  readonly size?: number;
  /** Undefined where the host does not say. */
  readonly licence?: string;
  /** The hash that Hugging Face states. */
  readonly hash?: FileHash;
  /** Why it can't be downloaded. */
  readonly error?: DarkroomError;
}

const MAX_API_BYTES = 4 * 1024 * 1024;

/** Asks the host of a file about it. Throws DR_INTERRUPTED only. */
export async function describeRemote(
  client: WebClient,
  url: string,
  signal: AbortSignal,
): Promise<RemoteFile> {
  const [file, licence] = await Promise.all([
    requestSize(client, url, signal),
    requestLicence(client, url, signal),
  ]);
  return { ...file, licence };
}

async function requestSize(
  client: WebClient,
  url: string,
  signal: AbortSignal,
): Promise<RemoteFile> {
  let linked: FileHash | undefined;
  try {
    const response = await client.get({
      url: fileAddress(url),
      headers: { range: 'bytes=0-0' },
      signal,
      onRedirect: (headers) => {
        linked ??= fileHash(headers.get('x-linked-etag')?.replaceAll('"', ''));
      },
    });
    await response.body?.cancel();
    return { size: totalOf(response), hash: linked };
  } catch (error) {
    if (error instanceof TemporaryFailure) return {};
    if (error instanceof DarkroomError && error.code !== 'DR_INTERRUPTED') return { error };
    throw error;
  }
}

/** The size of a whole file: of `Content-Range`, else `Content-Length` of a whole response. */
export function totalOf({ status, headers }: Response): number | undefined {
  const range = /\/(\d+)$/.exec(headers.get('content-range') ?? '');
  if (range) return Number(range[1]);
  const length = headers.get('content-length');
  return status === 200 && length !== null && /^\d+$/.test(length) ? Number(length) : undefined;
}

async function requestLicence(
  client: WebClient,
  url: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const address = new URL(url);
  const repository = repositoryOf(address);
  if (repository === undefined) return undefined;
  try {
    const response = await client.get({ url: repositoryApi(address, repository), signal });
    return licenceIn(JSON.parse(await textOf(response)));
  } catch (error) {
    if (error instanceof DarkroomError && error.code === 'DR_INTERRUPTED') throw error;
    return undefined;
  }
}

/** The text of an answer. Throws for a long one. */
export async function textOf(response: Response, limit = MAX_API_BYTES): Promise<string> {
  return Buffer.from(await bytesOf(response, limit)).toString('utf8');
}

/** The bytes of an answer. Throws for a long one. */
export async function bytesOf(response: Response, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > limit) throw new Error(`the answer has more than ${limit} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
