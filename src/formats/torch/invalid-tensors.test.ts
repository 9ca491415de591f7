// Tensors whose shapes, strides or storages can't be right, or would fill the disk or the memory.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as p from '../../../test/support/files/pickle.ts';
import { asZip, folder } from '../../../test/support/files/refused-pickles.ts';
import { torchFile } from '../../../test/support/files/torch-file.ts';
import { openModelFile } from '../model-file.ts';

const { GLOBAL, text, REDUCE, pickle } = p;

describe('invalid tensors', () => {
  const f32 = (bytes: number) =>
    ({ dtype: 'F32', shape: [bytes / 4], bytes: new Uint8Array(bytes) }) as const;
  const cases: Readonly<Record<string, readonly [tensor: object, message: RegExp]>> = {
    'a shape beyond the storage': [{ ...f32(16), shape: [5] }, /extends beyond its storage: a/],
    'strides beyond the storage': [
      { ...f32(16), shape: [2, 2], strides: [4, 1] },
      /extends beyond its storage: a/,
    ],
    'a negative stride': [{ ...f32(16), shape: [4], strides: [-1] }, /without a shape: a/],
    'a negative size': [{ ...f32(16), shape: [-4] }, /without a shape: a/],
    'sizes whose product is infinite': [
      { ...f32(16), shape: Array(60).fill(2 ** 52), strides: Array(60).fill(0) },
      /tensor of Infinity elements/,
    ],
    'a terabyte out of four bytes': [
      { ...f32(4), shape: [2 ** 20, 2 ** 18], strides: [0, 0] },
      /of 274877906944 elements over a storage of 4 bytes/,
    ],
    'more strides than sizes': [{ ...f32(16), shape: [4], strides: [1, 1] }, /without a shape: a/],
    '65 dimensions': [{ ...f32(4), shape: Array(65).fill(1) }, /without a shape: a/],
  };
  it.each(Object.entries(cases))('are refused: %s', async (_, [tensor, message]) => {
    for (const sequential of [false, true]) {
      const file = join(folder, 'tensor.pt');
      writeFileSync(file, torchFile({ a: tensor as ReturnType<typeof f32> }, { sequential }));
      await expect(openModelFile(file)).rejects.toMatchObject({
        code: 'DR_MODEL_INVALID',
        message: expect.stringMatching(message),
      });
    }
  });

  it('are refused when many expanded tensors would fill the disk', async () => {
    const file = join(folder, 'many.pt');
    const one = { dtype: 'F32', shape: [2 ** 20], strides: [0], bytes: new Uint8Array(4) } as const;
    writeFileSync(
      file,
      torchFile(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`t${i}`, one]))),
    );
    await expect(openModelFile(file)).rejects.toMatchObject({
      code: 'DR_MODEL_INVALID',
      message: expect.stringMatching(/zip bomb: its tensors would take 167772160 bytes/),
    });
  });

  it('are refused when compressed storages would fill the memory', async () => {
    const file = join(folder, 'zeros.pt');
    const zeros = { dtype: 'F32', shape: [1], bytes: new Uint8Array(2 ** 25) } as const;
    writeFileSync(file, torchFile({ a: zeros, b: zeros, c: zeros }, { deflate: true }));
    await expect(openModelFile(file)).rejects.toMatchObject({
      code: 'DR_MODEL_INVALID',
      message: expect.stringMatching(/zip bomb: its tensors would take 100663296 bytes/),
    });
  });

  it('are refused with the name of an unsupported kind', async () => {
    const file = join(folder, 'kinds.pt');
    const quantised = [GLOBAL('torch._utils', '_rebuild_qtensor'), p.EMPTY_TUPLE, REDUCE];
    writeFileSync(file, asZip(pickle(p.dict(text('a.weight'), Buffer.concat(quantised)))));
    await expect(openModelFile(file)).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message: expect.stringContaining('a.weight is quantised'),
    });
  });
});
