// Downloads from a server on this machine that breaks off, redirects, lies about lengths and asks
// for tokens.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type FileAnswer,
  type FileHost,
  fileAnswer,
  startFileHost,
} from '../../test/support/file-host.ts';
import { fixtureModel } from '../../test/support/golden.ts';
import { DarkroomError } from '../errors.ts';
import { downloadFile } from './download-file.ts';
import type { DownloadProgress } from './download-types.ts';
import type { FileHash } from './model-source.ts';
import { openPartial } from './partial-file.ts';
import { createWebClient } from './web-client.ts';

const BYTES = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) % 251));
const HASH: FileHash = { type: 'sha256', value: createHash('sha256').update(BYTES).digest('hex') };

let host: FileHost;
let root: string;
let target: string;
beforeAll(async () => {
  host = await startFileHost();
});
afterAll(() => host.close());
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-download-'));
  target = join(root, 'checkpoints', 'm.ckpt');
  host.seen.length = 0;
});
afterEach(() => rmSync(root, { recursive: true }));

interface Settings {
  readonly url?: string;
  readonly hash?: FileHash;
  readonly token?: string;
  readonly signal?: AbortSignal;
  readonly to?: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

const download = (settings: Settings = {}): Promise<void> =>
  downloadFile(
    { url: settings.url ?? `${host.origin}/m`, target: settings.to ?? target, hash: settings.hash },
    {
      client: createWebClient({ fetch: host.fetch, huggingFaceToken: settings.token }),
      signal: settings.signal ?? new AbortController().signal,
      onProgress: settings.onProgress,
      retries: 2,
      retryMs: 1,
    },
  );
const failureOf = async (settings: Settings = {}): Promise<DarkroomError> => {
  const error = await download(settings).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DarkroomError);
  return error as DarkroomError;
};
const serve = (options?: FileAnswer, bytes: Uint8Array = BYTES): void =>
  host.answer('/m', fileAnswer(bytes, options));
const filesIn = (): string[] => readdirSync(join(root, 'checkpoints')).sort();
const ranges = (): (string | undefined)[] => host.seen.map(({ headers }) => headers.range);

describe('a download', () => {
  it('is written whole, with nothing beside it', async () => {
    serve();
    const phases = new Set<string>();
    await download({ hash: HASH, onProgress: ({ phase }) => phases.add(phase) });
    expect(readFileSync(target).equals(BYTES)).toBe(true);
    expect(filesIn()).toEqual(['m.ckpt']);
    expect([...phases]).toEqual(['downloading', 'checking']);
  });

  it('goes on where the connection broke, if the file is the same', async () => {
    serve({ breakAfter: 100_000, breaks: 2, etag: '"a"' });
    await download({ hash: HASH });
    expect(readFileSync(target).equals(BYTES)).toBe(true);
    expect(ranges()).toEqual([undefined, 'bytes=100000-', 'bytes=200000-']);
    expect(host.seen[1].headers['if-range']).toBe('"a"');
  });

  it('gives up after some attempts without a byte; the next one goes on', async () => {
    serve({ breakAfter: 0 });
    const error = await failureOf();
    expect(error).toMatchObject({ code: 'DR_DOWNLOAD' });
    expect(error.message).toContain("can't be downloaded: ");
    expect(host.seen).toHaveLength(3);
    serve({ breakAfter: 100_000, breaks: 1 });
    host.answer('/m', fileAnswer(BYTES, { breakAfter: 100_000, ranges: true, breaks: 1 }));
    await download();
    expect(readFileSync(target).equals(BYTES)).toBe(true);
  });

  it('stops on a signal, keeps what it has, and goes on with the next call', async () => {
    serve();
    const controller = new AbortController();
    const error = await failureOf({
      signal: controller.signal,
      onProgress: ({ done }) => done > 0 && controller.abort(),
    });
    expect(error.code).toBe('DR_INTERRUPTED');
    expect(filesIn()).toEqual(['.m.ckpt.part', '.m.ckpt.part.json']);
    await download({ hash: HASH });
    expect(ranges()[1]).toMatch(/^bytes=\d+-$/);
    expect(filesIn()).toEqual(['m.ckpt']);
    expect(readFileSync(target).equals(BYTES)).toBe(true);
  });

  const stopHalfway = async (): Promise<void> => {
    const controller = new AbortController();
    serve({ breakAfter: 100_000 });
    await failureOf({
      signal: controller.signal,
      onProgress: ({ phase }) => phase === 'waiting' && controller.abort(),
    });
    expect(
      readFileSync(join(root, 'checkpoints/.m.ckpt.part')).equals(BYTES.subarray(0, 100_000)),
    ).toBe(true);
    host.seen.length = 0;
  };

  it('starts again when the file has changed', async () => {
    await stopHalfway();
    const other = Buffer.from(BYTES).fill(9);
    serve({}, other);
    await download();
    expect(readFileSync(target).equals(other)).toBe(true);
  });

  it('starts again where the host knows no ranges', async () => {
    await stopHalfway();
    serve({ ranges: false });
    await download({ hash: HASH });
    expect(readFileSync(target).equals(BYTES)).toBe(true);
  });

  it('starts again when the parts do not fit together', async () => {
    await stopHalfway();
    const other = Buffer.from(BYTES).fill(9);
    const etag = `"${createHash('md5').update(BYTES).digest('hex')}"`;
    serve({ etag }, other);
    const hash: FileHash = {
      type: 'sha256',
      value: createHash('sha256').update(other).digest('hex'),
    };
    await download({ hash });
    expect(readFileSync(target).equals(other)).toBe(true);
  });

  it('is refused while another one writes the file', async () => {
    await stopHalfway();
    const partial = await openPartial(target);
    expect((await failureOf()).message).toBe('m.ckpt is being downloaded by another process');
    await partial.close();
  });
});

describe('hosts that lie', () => {
  it('more bytes are said than sent: nothing half appears', async () => {
    serve({ length: BYTES.length + 1000, ranges: false });
    const error = await failureOf({ hash: HASH });
    expect(error.code).toBe('DR_DOWNLOAD');
    expect(existsSync(target)).toBe(false);
  });

  it('fewer bytes are said than there are: the hash tells', async () => {
    serve({ length: 1000, ranges: false });
    const error = await failureOf({ hash: HASH });
    expect(error.message).toContain('is not the file that is expected: its sha256 is ');
    expect(filesIn()).toEqual([]);
  });

  it('without a hash, a safetensors file that is too short is not kept', async () => {
    const model = readFileSync(fixtureModel('tinyti'));
    serve({ length: model.length - 8, ranges: false }, model);
    const error = await failureOf({ to: join(root, 'checkpoints', 'ti.safetensors') });
    expect(error.message).toMatch(/leads to a broken file: ti\.safetensors is not a valid/);
    expect(filesIn()).toEqual([]);
  });

  it('another file than that of the hash is not kept', async () => {
    serve({}, Buffer.from('something else'));
    const error = await failureOf({ hash: HASH });
    expect(error).toMatchObject({ code: 'DR_DOWNLOAD', hint: expect.stringMatching(/^The file/) });
    expect(filesIn()).toEqual([]);
  });

  it.each([
    ['text/html', '<html>Log in</html>', 'leads to a web page, not to a file'],
    ['application/octet-stream', '<!DOCTYPE html><html>Log in</html>', 'is a web page (HTML)'],
    ['text/plain', 'version https://git-lfs.github.com/spec/v1\n', 'is a Git LFS pointer'],
  ])('%s of a page is no model', async (type, content, message) => {
    host.answer('/m', (_, response) =>
      response.writeHead(200, { 'content-type': type }).end(content),
    );
    expect((await failureOf()).message).toContain(message);
    expect(filesIn()).toEqual([]);
  });

  it('a size that no disk has is refused before anything is loaded', async () => {
    serve({ length: 9e15, ranges: false });
    expect(await failureOf()).toMatchObject({ code: 'DR_OUTPUT_UNWRITABLE' });
  });

  it.each([
    [404, 'is not there: '],
    [401, 'needs a login (401)'],
    [403, 'needs a login (403)'],
  ])('status %d', async (status, message) => {
    host.answer('/m', (_, response) => response.writeHead(status).end());
    expect((await failureOf()).message).toContain(message);
    expect(host.seen).toHaveLength(1);
  });

  it('an error of the server is tried again', async () => {
    let count = 0;
    host.answer('/m', (request, response) => {
      if (count++ === 0) response.writeHead(503, { 'retry-after': '0' }).end();
      else fileAnswer(BYTES)(request, response);
    });
    await download({ hash: HASH });
    expect(readFileSync(target).equals(BYTES)).toBe(true);
  });
});

describe('redirects and tokens', () => {
  const MODEL = 'https://huggingface.co/o/r/resolve/main/m.ckpt';
  const redirect = (path: string, location: string): void =>
    host.answer(path, (_, response) => response.writeHead(302, { location }).end());
  const tokens = (): [string, string | undefined][] =>
    host.seen.map(({ url, headers }) => [url, headers.authorization]);

  it('the token goes to Hugging Face, and not on to another host', async () => {
    redirect('/o/r/resolve/main/m.ckpt', 'https://cdn.example/file');
    host.answer('/file', fileAnswer(BYTES));
    await download({ url: MODEL, token: 'hf_x', hash: HASH });
    expect(tokens()).toEqual([
      [MODEL, 'Bearer hf_x'],
      ['https://cdn.example/file', undefined],
    ]);
  });

  it('not to a subdomain that is redirected to, and not back from there', async () => {
    redirect('/o/r/resolve/main/m.ckpt', 'https://cas.huggingface.co/a');
    redirect('/a', 'https://huggingface.co/b');
    host.answer('/b', fileAnswer(BYTES));
    await download({ url: MODEL, token: 'hf_x' });
    expect(tokens().map(([, token]) => token)).toEqual(['Bearer hf_x', undefined, undefined]);
  });

  it.each([
    'https://example.com/m',
    'https://huggingface.co.example.com/m',
    'https://nothuggingface.co/m',
    'http://huggingface.co/m',
  ])('not to %s', async (url) => {
    serve();
    await download({ url, token: 'hf_x' });
    expect(tokens()).toEqual([[url, undefined]]);
  });

  it('a page of Hugging Face about a file leads to the file', async () => {
    host.answer('/o/r/resolve/main/m.ckpt', fileAnswer(BYTES));
    await download({ url: MODEL.replace('resolve', 'blob'), token: 'hf_x' });
    expect(tokens()).toEqual([[MODEL, 'Bearer hf_x']]);
  });

  it.each([
    [undefined, /set HF_TOKEN to a token of your account/],
    [
      'hf_x',
      /The token in HF_TOKEN has no access; accept the terms at https:\/\/huggingface\.co\/o\/r/,
    ],
  ])('a gated file, with the token %s', async (token, hint) => {
    host.answer('/o/r/resolve/main/m.ckpt', (_, response) => response.writeHead(401).end());
    const error = await failureOf({ url: MODEL, token });
    expect(error.hint).toMatch(hint);
    expect(JSON.stringify(error)).not.toContain('hf_x');
  });

  it.each([
    ['file:///etc/passwd', 'redirects to no http(s) address'],
    ['ftp://example.com/m', 'redirects to no http(s) address'],
    ['http://example.com/m', 'redirects from https to http (example.com)'],
    [MODEL, 'redirects too often'],
  ])('a redirect to %s is not followed', async (location, message) => {
    redirect('/o/r/resolve/main/m.ckpt', location);
    expect((await failureOf({ url: MODEL })).message).toContain(message);
  });
});
