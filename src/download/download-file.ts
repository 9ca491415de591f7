// Downloads one file: resumes what was broken off, checks length and hash, and lets the file appear
// whole or not at all.
import { statfs } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkAborted, DarkroomError, interrupted } from '../errors.ts';
import { formatSize } from '../format-size.ts';
import { makeFolder } from '../make-folder.ts';
import { unwritableError } from '../write-errors.ts';
import { checkContent, TRY_AGAIN } from './check-content.ts';
import type { Download, DownloadOptions, DownloadRequest } from './download-types.ts';
import { fileAddress } from './hugging-face.ts';
import { openPartial, type PartialFile, type PartialState } from './partial-file.ts';
import { totalOf } from './remote-file.ts';
import { causeOf, failure, TemporaryFailure } from './web-client.ts';

/**
 * Downloads a file. What was loaded stays when the download is stopped or broken off, and the next
 * call goes on from there. Throws DR_DOWNLOAD, DR_OUTPUT_UNWRITABLE and DR_INTERRUPTED.
 */
export async function downloadFile(
  request: DownloadRequest,
  options: DownloadOptions,
): Promise<void> {
  checkAborted(options.signal);
  const partial = await openTarget(request);
  const download: Download = {
    ...options,
    request,
    partial,
    address: new URL(fileAddress(request.url)),
  };
  const wasResumed = partial.size() > 0;
  try {
    await loadAll(download);
    let problem = await checkContent(download);
    if (problem && wasResumed) {
      // the first part may be of another version of the file
      await partial.restart();
      await loadAll(download);
      problem = await checkContent(download);
    }
    if (problem) {
      await partial.remove();
      throw problem;
    }
    await partial.finish();
  } catch (error) {
    await partial.close().catch(() => undefined);
    throw withCause(error, request);
  }
}

async function openTarget(request: DownloadRequest): Promise<PartialFile> {
  try {
    makeFolder(dirname(request.target));
    return await openPartial(request.target);
  } catch (error) {
    throw withCause(error, request);
  }
}

/** Errors of the file system as DR_OUTPUT_UNWRITABLE. */
function withCause(error: unknown, { target, option = '--models' }: DownloadRequest): unknown {
  if (error instanceof DarkroomError || !(error as NodeJS.ErrnoException).code) return error;
  return unwritableError(dirname(target), error as NodeJS.ErrnoException, option);
}

const RETRIES = 5;
const RETRY_MS = 1000;

/** Makes attempts until all bytes are there; counts those that bring none. */
async function loadAll(download: Download): Promise<void> {
  const { partial, signal, retries = RETRIES, retryMs = RETRY_MS, onProgress } = download;
  for (let failures = 0; ; ) {
    const before = partial.size();
    try {
      await attempt(download);
      return;
    } catch (error) {
      if (!(error instanceof TemporaryFailure)) throw error;
      failures = partial.size() > before ? 0 : failures + 1;
      if (failures > retries) throw gaveUp(download, error);
      const { message: reason, waitMs = retryMs * 2 ** Math.max(0, failures - 1) } = error;
      onProgress?.({ phase: 'waiting', done: partial.size(), reason });
      await sleep(waitMs, undefined, { signal }).catch(() => {
        throw interrupted();
      });
    }
  }
}

function gaveUp({ partial, address }: Download, { message }: TemporaryFailure): DarkroomError {
  const size = partial.size();
  const loaded = size > 0 ? `; ${formatSize(size)} are kept, and the next attempt goes on` : '';
  return failure(address, `can't be downloaded: ${message}`, `Try again later${loaded}.`);
}

/** Requests what is missing and writes it. Returns when all is there. */
async function attempt(download: Download): Promise<void> {
  const { client, partial, address, signal } = download;
  const state = partial.readState(address.href);
  if (partial.size() > 0 && !canResume(download, state)) await partial.restart();
  const start = partial.size();
  const response = await client.get({
    url: address.href,
    signal,
    headers: start > 0 ? rangeHeaders(start, state) : {},
  });
  if (isComplete(response, start)) return;
  const isRest = response.status === 206 && rangeStart(response) === start;
  const total = totalOf(response);
  const isOther = state?.total !== undefined && total !== undefined && state.total !== total;
  if (response.status === 416 || (start > 0 && (!isRest || isOther))) {
    await partial.restart();
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new TemporaryFailure('the file has changed; it is loaded from the start');
    }
  }
  refusePage(download, response);
  await checkSpace(download, total);
  partial.writeState({ url: address.href, validator: validatorOf(response), total });
  await writeBody(download, response, total);
}

/** Without a validator, only a hash can show afterwards that the file has not changed. */
const canResume = ({ request }: Download, state: PartialState | undefined): boolean =>
  state !== undefined && (state.validator !== undefined || request.hash !== undefined);

const rangeHeaders = (start: number, state: PartialState | undefined): Record<string, string> => ({
  range: `bytes=${start}-`,
  ...(state?.validator !== undefined && { 'if-range': state.validator }),
});

const rangeStart = ({ headers }: Response): number =>
  Number(/^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1] ?? Number.NaN);

/** 416 with the size that is there: nothing is missing. */
const isComplete = (response: Response, start: number): boolean =>
  response.status === 416 && start > 0 && totalOf(response) === start;

function validatorOf({ headers }: Response): string | undefined {
  const etag = headers.get('etag');
  return etag && !etag.startsWith('W/') ? etag : (headers.get('last-modified') ?? undefined);
}

function refusePage({ address }: Download, { headers, body }: Response): void {
  if (!/^text\/html\b/i.test(headers.get('content-type') ?? '')) return;
  void body?.cancel();
  throw failure(
    address,
    'leads to a web page, not to a file',
    'Open it in a browser: it may need a login, or lead to a page about the file.',
  );
}

async function checkSpace({ request, partial }: Download, total = 0): Promise<void> {
  const folder = dirname(request.target);
  const space = await statfs(folder).catch(() => undefined);
  const needed = total - partial.size();
  if (!space || needed <= space.bavail * space.bsize) return;
  throw new DarkroomError('DR_OUTPUT_UNWRITABLE', {
    message:
      `${basename(request.target)} needs ${formatSize(needed)}, and ${folder} has ` +
      `${formatSize(space.bavail * space.bsize)} free`,
    hint:
      request.option === undefined
        ? 'Free space, or name another models folder with --models.'
        : `Free space, or name another folder with ${request.option}.`,
    file: folder,
  });
}

const IDLE_MS = 60_000;

async function writeBody(
  { partial, signal, onProgress, idleMs = IDLE_MS, address }: Download,
  response: Response,
  total: number | undefined,
): Promise<void> {
  let done = partial.size();
  onProgress?.({ phase: 'downloading', done, total });
  for await (const part of partsOf(response, address, signal, idleMs)) {
    await partial.append(part);
    done += part.length;
    onProgress?.({ phase: 'downloading', done, total });
  }
  if (total === undefined || done === total) return;
  if (done < total) throw new TemporaryFailure(`${address.host} sent ${done} of ${total} bytes`);
  await partial.restart();
  throw failure(address, `is longer than the ${total} bytes that it is said to have`, TRY_AGAIN);
}

/** The parts of a body. Throws a TemporaryFailure where it is broken off, or nothing comes. */
async function* partsOf(
  response: Response,
  { host }: URL,
  signal: AbortSignal,
  idleMs: number,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  let timer: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      timer = setTimeout(() => void reader.cancel(new Error('idle')), idleMs);
      const { done, value } = await reader.read().catch((error: unknown) => {
        if (signal.aborted) throw interrupted();
        throw new TemporaryFailure(`${host} broke the connection: ${causeOf(error)}`);
      });
      clearTimeout(timer);
      if (done) return;
      yield value;
    }
  } finally {
    clearTimeout(timer);
    await reader.cancel().catch(() => undefined);
  }
}
