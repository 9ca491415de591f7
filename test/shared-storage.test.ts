// A server and a worker that share only a PostgreSQL database and a bucket: images go both ways
// through the bucket. The tests build on one another, in order.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBucketStorage } from '../src/storage/bucket/bucket-storage.ts';
import { BUCKET, startS3, type TestS3 } from './support/files/s3.ts';
import { FROM_SOURCE } from './support/from-source.ts';
import {
  startPostgres,
  type TestServer as TestPostgres,
  whyNoPostgres,
} from './support/queue/postgres.ts';
import { type TestServer, testServer } from './support/server.ts';

const skipReason = whyNoPostgres();
if (skipReason) console.warn(`the test of a worker with a bucket is skipped: ${skipReason}`);

const STORAGE = `s3://${BUCKET}/studio`;
const folder = () => mkdtempSync(join(tmpdir(), 'darkroom-shared-'));
const pixels = Buffer.from(Array.from({ length: 8 * 4 * 3 }, (_, i) => (i * 37) % 256));

interface JobResult {
  readonly state: string;
  readonly error: unknown;
  readonly outputs: Readonly<
    Record<string, { readonly images: readonly { readonly filename: string }[] }>
  >;
}

/** Inverts `image`, saves the result and shows the original. */
const invert = (image: string) => ({
  1: { class_type: 'LoadImage', inputs: { image } },
  2: { class_type: 'ImageInvert', inputs: { image: ['1', 0] } },
  3: { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'far/negative' } },
  4: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
});

describe.skipIf(skipReason !== undefined)('server and worker with a bucket between them', () => {
  let postgres: TestPostgres;
  let s3: TestS3;
  let test: TestServer;
  let address: string;
  let worker: ChildProcess;
  let workerLog = '';
  let result: JobResult;

  const get = (path: string, init?: RequestInit) => fetch(`${address}/${path}`, init);
  const run = (prompt: object) =>
    get('prompt?wait=1', { method: 'POST', body: JSON.stringify({ prompt }) });
  const viewSaved = (more = '', init?: RequestInit) =>
    get(`view?filename=negative_00001_.png&subfolder=far${more}`, init);

  beforeAll(async () => {
    [postgres, s3] = await Promise.all([startPostgres(), startS3()]);
    const database = await postgres.database();
    const storage = await openBucketStorage(STORAGE, {
      environment: s3.environment,
      cache: folder(),
    });
    test = await testServer({ builtIn: true, idle: true, queueOptions: { database }, storage });
    address = await test.listen();
    worker = startWorkerProcess(database);
  });
  afterAll(async () => {
    worker?.kill('SIGKILL');
    await test?.close();
    await Promise.all([postgres?.stop(), s3?.close()]);
  });

  function startWorkerProcess(database: string): ChildProcess {
    const program = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
    const started = spawn(
      process.execPath,
      [...FROM_SOURCE, program, 'worker', '--database', database, '--storage', STORAGE],
      {
        cwd: folder(),
        env: { ...process.env, ...s3.environment, DARKROOM_CACHE: folder() },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    started.stderr?.on('data', (data) => {
      workerLog += data;
    });
    return started;
  }

  it('stores an upload in the bucket', async () => {
    const png = await sharp(pixels, { raw: { width: 8, height: 4, channels: 3 } })
      .png()
      .toBuffer();
    const form = new FormData();
    form.set('image', new Blob([new Uint8Array(png)]), 'from here.png');
    form.set('subfolder', 'guests');
    const response = await get('upload/image', { method: 'POST', body: form });
    expect(await response.json()).toEqual({
      name: 'from here.png',
      subfolder: 'guests',
      type: 'input',
    });
  });

  it('runs a job on the worker, which reads the upload and saves to the bucket', async () => {
    const response = await run(invert('guests/from here.png'));
    result = (await response.json()) as JobResult;
    expect({ status: response.status, error: result.error }, workerLog).toEqual({
      status: 200,
      error: null,
    });
    expect(result.outputs['3'].images).toEqual([
      { filename: 'negative_00001_.png', subfolder: 'far', type: 'output' },
    ]);
  });

  it('serves the saved image, unchanged and as a preview', async () => {
    const view = await viewSaved();
    const body = Buffer.from(await view.arrayBuffer());
    expect({ status: view.status, type: view.headers.get('content-type') }).toEqual({
      status: 200,
      type: 'image/png',
    });
    expect(Number(view.headers.get('content-length'))).toBe(body.length);
    // 8 bits are truncated, not rounded, when they are saved
    const bytes = [...(await sharp(body).raw().toBuffer())];
    const worst = Math.max(...bytes.map((byte, i) => Math.abs(byte - (255 - pixels[i]))));
    expect(worst).toBeLessThanOrEqual(1);

    const since = { 'if-modified-since': view.headers.get('last-modified')! };
    expect((await viewSaved('', { headers: since })).status).toBe(304);
    const preview = await viewSaved('&preview=webp');
    expect(preview.headers.get('content-type')).toBe('image/webp');
  });

  it('serves temporary images, and 404 for missing ones', async () => {
    const [temp] = result.outputs['4'].images;
    expect((await get(`view?filename=${temp.filename}&type=temp`)).status).toBe(200);
    expect((await get('view?filename=none.png')).status).toBe(404);
  });

  it('reads an output as an input of another job, and refuses missing images', async () => {
    const response = await run(invert('far/negative_00001_.png [output]'));
    const { state, outputs } = (await response.json()) as JobResult;
    expect({ state, filename: outputs['3'].images[0].filename }).toEqual({
      state: 'success',
      filename: 'negative_00002_.png',
    });
    expect((await run(invert('guests/other.png'))).status).toBe(400);
  });

  it('fails the job with a message, and responds with 503, when the bucket is gone', async () => {
    const { port } = new URL(s3.environment.S3_ENDPOINT);
    await s3.close();
    expect((await viewSaved()).status).toBe(503);
    const grey = {
      1: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 5 } },
      3: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'far/negative' } },
    };
    const { promptId } = await test.queue.add({ prompt: JSON.stringify(grey), outputs: ['3'] });
    expect(await test.queue.waitForEnd(promptId)).toMatchObject({
      state: 'error',
      attempts: 1,
      error: expect.stringMatching(`DR_STORAGE.*127.0.0.1:${port}`),
    });
  });

  it('ends the worker on SIGTERM', async () => {
    const exited = once(worker, 'exit');
    worker.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});
