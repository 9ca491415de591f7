import { PassThrough, Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { createBodyMemory } from './body-memory.ts';
import type { Refusal } from './responses.ts';

const stream = (bytes: number) => Readable.from([Buffer.alloc(bytes, 'x')]);

it('returns the bytes, in whatever parts they arrive', async () => {
  const memory = createBodyMemory();
  const body = new PassThrough();
  const reading = memory.read(body);
  for (let i = 0; i < 50_000; i++) body.write(Buffer.from([i & 255]));
  body.end();
  const { bytes } = await reading;
  expect(bytes).toHaveLength(50_000);
  expect(bytes[40_001]).toBe(40_001 & 255);
});

it('refuses what all bodies together have no memory for, until one is released', async () => {
  const memory = createBodyMemory(100_000);
  const first = await memory.read(stream(60_000));
  await expect(memory.read(stream(60_000))).rejects.toMatchObject({
    response: { status: 503, headers: { 'retry-after': '5' } },
  } satisfies { response: Partial<Refusal['response']> });
  first.release();
  first.release();
  (await memory.read(stream(60_000))).release();
  (await memory.read(stream(100_000))).release();
});

it('releases the memory of a body that fails', async () => {
  const memory = createBodyMemory(100_000);
  const body = new PassThrough();
  const reading = memory.read(body);
  body.write(Buffer.alloc(90_000));
  await new Promise(setImmediate);
  body.destroy(new Error('cut off'));
  await expect(reading).rejects.toThrow('cut off');
  (await memory.read(stream(90_000))).release();
});
