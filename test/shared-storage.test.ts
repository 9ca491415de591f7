// A server and a worker that share nothing but a PostgreSQL database and a bucket: pictures go both ways through the bucket.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBucketStorage } from '../src/storage/bucket-storage.ts';
import {
  startPostgres,
  type TestServer as TestPostgres,
  whyNoPostgres,
} from './support/postgres.ts';
import { BUCKET, startS3, type TestS3 } from './support/s3.ts';
import { type TestServer, testServer } from './support/server.ts';

const why = whyNoPostgres();
if (why) console.warn(`the test of a worker with a bucket is left out: ${why}`);

const PLACE = `s3://${BUCKET}/studio`;
const folder = () => mkdtempSync(join(tmpdir(), 'darkroom-shared-'));
const pixels = Buffer.from(Array.from({ length: 8 * 4 * 3 }, (_, i) => (i * 37) % 256));

interface Answer {
  readonly state: string;
  readonly error: unknown;
  readonly outputs: Readonly<
    Record<string, { readonly images: readonly { readonly filename: string }[] }>
  >;
}

describe.skipIf(why !== undefined)('server and worker with a bucket between them', () => {
  let postgres: TestPostgres;
  let s3: TestS3;
  let test: TestServer;
  let address: string;
  let database: string;
  beforeAll(async () => {
    [postgres, s3] = await Promise.all([startPostgres(), startS3()]);
    database = await postgres.database();
    const storage = await openBucketStorage(PLACE, {
      environment: s3.environment,
      cache: folder(),
    });
    test = await testServer({ builtIn: true, idle: true, queueOptions: { database }, storage });
    address = await test.listen();
  });
  afterAll(async () => {
    await test?.close();
    await Promise.all([postgres?.stop(), s3?.close()]);
  });

  it('a picture is uploaded here, used there, and its result seen here', async () => {
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const program = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
    const worker = spawn(
      process.execPath,
      ['--import', tsx, program, 'worker', '--database', database, '--storage', PLACE],
      {
        cwd: folder(),
        env: { ...process.env, ...s3.environment, DARKROOM_CACHE: folder() },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let said = '';
    worker.stderr.on('data', (data) => {
      said += data;
    });
    const exited = once(worker, 'exit');
    const form = new FormData();
    const png = await sharp(pixels, { raw: { width: 8, height: 4, channels: 3 } })
      .png()
      .toBuffer();
    form.set('image', new Blob([new Uint8Array(png)]), 'from here.png');
    form.set('subfolder', 'guests');
    expect(
      await (await fetch(`${address}/upload/image`, { method: 'POST', body: form })).json(),
    ).toEqual({
      ...{ name: 'from here.png', subfolder: 'guests', type: 'input' },
    });
    const prompt = {
      1: { class_type: 'LoadImage', inputs: { image: 'guests/from here.png' } },
      2: { class_type: 'ImageInvert', inputs: { image: ['1', 0] } },
      3: { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'far/negative' } },
      4: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    };
    const answer = await fetch(`${address}/prompt?wait=1`, {
      method: 'POST',
      body: JSON.stringify({ prompt }),
    });
    const result = (await answer.json()) as Answer;
    expect([answer.status, result.error], said).toEqual([200, null]);
    expect(result.outputs['3'].images).toEqual([
      { filename: 'negative_00001_.png', subfolder: 'far', type: 'output' },
    ]);
    const view = await fetch(`${address}/view?filename=negative_00001_.png&subfolder=far`);
    expect([view.status, view.headers.get('content-type')]).toEqual([200, 'image/png']);
    const shown = Buffer.from(await view.arrayBuffer());
    expect(Number(view.headers.get('content-length'))).toBe(shown.length);
    // 8 bits are cut, not rounded, when they are saved
    const bytes = [...(await sharp(shown).raw().toBuffer())];
    expect(
      Math.max(...bytes.map((byte, i) => Math.abs(byte - (255 - pixels[i])))),
    ).toBeLessThanOrEqual(1);
    const since = { 'if-modified-since': view.headers.get('last-modified')! };
    expect(
      (
        await fetch(`${address}/view?filename=negative_00001_.png&subfolder=far`, {
          headers: since,
        })
      ).status,
    ).toBe(304);
    expect(
      (
        await fetch(`${address}/view?filename=negative_00001_.png&subfolder=far&preview=webp`)
      ).headers.get('content-type'),
    ).toBe('image/webp');
    const [temp] = result.outputs['4'].images;
    expect((await fetch(`${address}/view?filename=${temp.filename}&type=temp`)).status).toBe(200);
    expect((await fetch(`${address}/view?filename=none.png`)).status).toBe(404);

    // what was made goes in again
    const again = {
      ...prompt,
      1: { class_type: 'LoadImage', inputs: { image: 'far/negative_00001_.png [output]' } },
    };
    const second = (await (
      await fetch(`${address}/prompt?wait=1`, {
        method: 'POST',
        body: JSON.stringify({ prompt: again }),
      })
    ).json()) as Answer;
    expect([second.state, second.outputs['3'].images[0].filename]).toEqual([
      'success',
      'negative_00002_.png',
    ]);
    const missing = {
      ...prompt,
      1: { class_type: 'LoadImage', inputs: { image: 'guests/other.png' } },
    };
    expect(
      (
        await fetch(`${address}/prompt`, {
          method: 'POST',
          body: JSON.stringify({ prompt: missing }),
        })
      ).status,
    ).toBe(400);

    // the bucket is gone while a job runs: the job fails with a sentence, and the server says 503
    const { port } = new URL(s3.environment.S3_ENDPOINT);
    await s3.close();
    expect((await fetch(`${address}/view?filename=negative_00001_.png&subfolder=far`)).status).toBe(
      503,
    );
    const grey = {
      1: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 5 } },
      3: { ...prompt[3], inputs: { ...prompt[3].inputs, images: ['1', 0] } },
    };
    const { promptId } = await test.queue.add({ prompt: JSON.stringify(grey), outputs: ['3'] });
    expect(await test.queue.waitForEnd(promptId)).toMatchObject({
      state: 'error',
      attempts: 1,
      error: expect.stringMatching(`DR_STORAGE.*127.0.0.1:${port}`),
    });
    worker.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});
