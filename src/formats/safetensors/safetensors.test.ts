import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fixtureModel } from '../../../test/support/golden.ts';
import { DarkroomError } from '../../errors.ts';
import { openSafetensors, parseSafetensors } from './safetensors.ts';
import { encodeSafetensors } from './safetensors-write.ts';

const dir = mkdtempSync(join(tmpdir(), 'safetensors-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/**
 * Writes a file of a header and `data` (bytes, or a number of zeros). `claimed` replaces the length
 * of the header.
 */
function fileOf(
  name: string,
  header: string | Uint8Array,
  data: number | Uint8Array = 0,
  claimed?: bigint,
): string {
  const text = typeof header === 'string' ? Buffer.from(header) : header;
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(claimed ?? BigInt(text.length));
  const file = join(dir, `${name}.safetensors`);
  writeFileSync(
    file,
    Buffer.concat([start, text, typeof data === 'number' ? Buffer.alloc(data) : data]),
  );
  return file;
}

const entry = (dtype: string, shape: unknown, offsets: unknown) =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

describe('invalid files', () => {
  const corpus: Record<
    string,
    [header: string | Uint8Array, data: number, message: RegExp, claimed?: bigint]
  > = {
    'header beyond the file': ['{}', 0, /a length of 500 bytes/, 500n],
    'header of 2^64-1': ['{}', 0, /at most 100000000/, 2n ** 64n - 1n],
    'header over 100 MB': ['{}', 0, /at most 100000000/, 100_000_001n],
    'not UTF-8': [new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 0, /not UTF-8/],
    'an array': ['[]', 0, /does not begin with/],
    'a byte order mark': ['\ufeff{}', 0, /does not begin with/],
    'an error page': ['<html>not found</html>', 0, /does not begin with/],
    'an empty header': ['', 0, /does not begin with/],
    'truncated JSON': ['{"a":', 0, /line 1 column/],
    'text behind the object': ['{} {}', 0, /extra data/],
    'a tensor twice': [
      `{"a":${entry('U8', [1], [0, 1])},"a":${entry('U8', [1], [0, 1])}}`,
      1,
      /key "a" twice/,
    ],
    'a tensor twice by escapes': [
      `{"a":${entry('U8', [1], [0, 1])},"\\u0061":${entry('U8', [1], [0, 1])}}`,
      1,
      /key "a" twice/,
    ],
    'dtype twice': [
      '{"a":{"dtype":"U8","dtype":"F32","shape":[1],"data_offsets":[0,1]}}',
      1,
      /twice/,
    ],
    overlap: [`{"a":${entry('U8', [4], [0, 4])},"b":${entry('U8', [4], [2, 6])}}`, 6, /overlaps/],
    'the same bytes twice': [
      `{"a":${entry('U8', [4], [0, 4])},"b":${entry('U8', [4], [0, 4])}}`,
      4,
      /overlaps/,
    ],
    'a hole': [`{"a":${entry('U8', [4], [0, 4])},"b":${entry('U8', [4], [5, 9])}}`, 9, /hole/],
    'a hole at the start': [`{"a":${entry('U8', [4], [1, 5])}}`, 5, /hole/],
    'bytes behind the last tensor': [`{"a":${entry('U8', [4], [0, 4])}}`, 5, /1 bytes follow/],
    'bytes and no tensor': ['{}', 3, /3 bytes follow/],
    'a range outside the file': [`{"a":${entry('U8', [4], [0, 4])}}`, 3, /the file has/],
    'size against shape': [`{"a":${entry('F32', [2], [0, 4])}}`, 4, /needs 8 bytes/],
    'a reversed range': [`{"a":${entry('U8', [0], [4, 0])}}`, 4, /has -4/],
    'a negative size': [`{"a":${entry('U8', [-1, -4], [0, 4])}}`, 4, /list of sizes/],
    'a fractional size': [`{"a":${entry('U8', [0.5, 8], [0, 4])}}`, 4, /list of sizes/],
    'a float size': ['{"a":{"dtype":"U8","shape":[4.0],"data_offsets":[0,4]}}', 4, /list of sizes/],
    'a size beyond 2^53': [
      '{"a":{"dtype":"U8","shape":[18446744073709551620],"data_offsets":[0,4]}}',
      4,
      /list of sizes/,
    ],
    'a size whose product overflows': [
      `{"a":${entry('U8', [2 ** 52, 2 ** 52, 2 ** 52], [0, 4])}}`,
      4,
      /needs/,
    ],
    'a product that wraps to the size in 64 bits': [
      `{"a":${entry('U8', [2 ** 32, 2 ** 32], [0, 0])}}`,
      0,
      /needs/,
    ],
    'negative offsets': [`{"a":${entry('U8', [4], [-4, 0])}}`, 4, /two positions/],
    'three offsets': [`{"a":${entry('U8', [4], [0, 4, 8])}}`, 4, /two positions/],
    'text offsets': [`{"a":${entry('U8', [4], ['0', '4'])}}`, 4, /two positions/],
    'no offsets': ['{"a":{"dtype":"U8","shape":[4]}}', 4, /two positions/],
    'no shape': ['{"a":{"dtype":"U8","data_offsets":[0,4]}}', 4, /list of sizes/],
    'an unknown dtype': [`{"a":${entry('F4', [8], [0, 4])}}`, 4, /unknown dtype F4/],
    'a dtype named like an object method': [
      `{"a":${entry('toString', [4], [0, 4])}}`,
      4,
      /unknown dtype toString/,
    ],
    'a tensor that is a list': ['{"a":[1,2]}', 0, /not described by an object/],
    'a tensor that is null': ['{"a":null}', 0, /not described by an object/],
    'metadata of numbers': ['{"__metadata__":{"a":1}}', 0, /not a string/],
    'metadata that is text': ['{"__metadata__":"x"}', 0, /not an object/],
    'deep nesting': [`{"a":${'['.repeat(100_000)}`, 0, /nesting/],
  };
  it.each(Object.entries(corpus))(
    'are refused: %s',
    async (name, [header, data, message, claimed]) => {
      const file = fileOf(name.replaceAll(/\W/g, '_'), header, data, claimed);
      const error = await openSafetensors(file).then(
        () => undefined,
        (e: unknown) => e as DarkroomError,
      );
      expect(error).toBeInstanceOf(DarkroomError);
      expect(error).toMatchObject({
        code: 'DR_SAFETENSORS_INVALID',
        file,
        hint: expect.stringMatching(/\w/),
      });
      expect(error!.message).toContain(file);
      expect(error!.message).toMatch(message);
    },
  );

  it('are refused with fewer than 8 bytes', async () => {
    for (const bytes of [0, 1, 7]) {
      const file = join(dir, `short${bytes}.safetensors`);
      writeFileSync(file, Buffer.alloc(bytes));
      await expect(openSafetensors(file)).rejects.toMatchObject({
        code: 'DR_SAFETENSORS_INVALID',
        file,
      });
    }
  });

  it('are reported when missing, or folders', async () => {
    await expect(openSafetensors(join(dir, 'none.safetensors'))).rejects.toMatchObject({
      code: 'DR_FILE_MISSING',
    });
    await expect(openSafetensors(dir)).rejects.toMatchObject({ code: 'DR_FILE_UNREADABLE' });
  });

  it('are refused when truncated at any byte', async () => {
    const whole = fileOf(
      'whole',
      `{"a":${entry('F32', [2], [0, 8])},"b":${entry('F16', [2], [8, 12])}}`,
      12,
    );
    const bytes = readFileSync(whole);
    await (await openSafetensors(whole)).close();
    for (let n = 0; n < bytes.length; n++) {
      writeFileSync(whole, bytes.subarray(0, n));
      await expect(openSafetensors(whole), `cut at ${n}`).rejects.toMatchObject({
        code: 'DR_SAFETENSORS_INVALID',
      });
    }
  });
});

describe('openSafetensors', () => {
  it('reads unusual names, scalars, empty tensors, padding and unknown keys', async () => {
    const header =
      '{"__metadata__":{"__proto__":"x","format":"pt"},' +
      `"b":${entry('U8', [2], [4, 6])},` +
      `"__proto__":${entry('F32', [], [0, 4])},` +
      '"constructor":{"dtype":"F32","shape":[0,3],"data_offsets":[6,6],"extra":1}}   ';
    const file = fileOf('odd', header, new Uint8Array([0, 0, 128, 63, 7, 9]));
    const st = await openSafetensors(file);
    expect([...st.tensors.keys()]).toEqual(['b', '__proto__', 'constructor']);
    expect(await st.read('__proto__')).toEqual({ shape: [], data: new Float32Array([1]) });
    expect(await st.read('b')).toEqual({ shape: [2], data: new Float32Array([7, 9]) });
    expect(await st.read('constructor')).toEqual({ shape: [0, 3], data: new Float32Array(0) });
    expect(await st.readRaw('b')).toEqual(new Uint8Array([7, 9]));
    expect(st.metadata.format).toBe('pt');
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
    await expect(st.read('toString')).rejects.toMatchObject({ code: 'DR_MODEL_PART_MISSING' });
    await st.close();
  });

  it('reads single rows of an unaligned F16 tensor', async () => {
    const header = `{"pad":${entry('U8', [1], [0, 1])},"t":${entry('F16', [3, 2], [1, 13])}}`;
    const float16Bytes = Buffer.from(
      new Uint16Array([0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600]).buffer,
    ); // 1 2 3 4 5 6
    const file = fileOf('rows', header, Buffer.concat([Buffer.from([0]), float16Bytes]));
    const st = await openSafetensors(file);
    expect(st.tensors.get('t')!.offset).toBe(8 + header.length + 1);
    expect(await st.readRows('t', [2, 0, 2])).toEqual({
      shape: [3, 2],
      data: new Float32Array([5, 6, 1, 2, 5, 6]),
    });
    await expect(st.readRows('t', [3])).rejects.toThrow('internal: row 3');
    await st.close();
  });

  it('opens a header of 3000 tensors', async () => {
    const names = Array.from(
      { length: 3000 },
      (_, i) => `model.diffusion_model.input_blocks.${i}.transformer_blocks.0.attn1.to_q.weight`,
    );
    const file = fileOf(
      'many',
      `{${names.map((n, i) => `"${n}":${entry('F16', [1, 1], [2 * i, 2 * i + 2])}`).join(',')}}`,
      6000,
    );
    const st = await openSafetensors(file);
    expect(st.tensors.size).toBe(3000);
    await st.close();
  });
});

it('reads rows of a fixture model equal to those of the whole tensor', async () => {
  const st = await openSafetensors(fixtureModel('tiny_sd1'));
  const name = 'cond_stage_model.transformer.text_model.embeddings.token_embedding.weight';
  const whole = await st.read(name);
  expect(whole.shape).toEqual([49408, 128]);
  const rows = await st.readRows(name, [320, 49406]);
  expect(rows.data).toEqual(
    Float32Array.from([
      ...whole.data.subarray(320 * 128, 321 * 128),
      ...whole.data.subarray(49406 * 128, 49407 * 128),
    ]),
  );
  await st.close();
});

describe('parseSafetensors', () => {
  const data = new Float32Array([1, -2.5]);
  const bytes = Buffer.concat(
    encodeSafetensors(
      { x: { dtype: 'F32', shape: [2], data }, y: { dtype: 'U8', shape: [1], data: Buffer.of(7) } },
      { made: 'by a test' },
    ),
  );

  it('reads a file in memory into arrays of its own', async () => {
    const tensors = await parseSafetensors('x.safetensors', bytes);
    expect(tensors.metadata).toEqual({ made: 'by a test' });
    const { data: read } = await tensors.read('x');
    expect(read).toEqual(data);
    expect(read.buffer.byteLength).toBe(8);
    expect(await tensors.readRaw('y')).toEqual(new Uint8Array([7]));
  });

  it('refuses a truncated file', async () => {
    await expect(
      parseSafetensors('x.safetensors', bytes.subarray(0, bytes.length - 1)),
    ).rejects.toMatchObject({ code: 'DR_SAFETENSORS_INVALID', file: 'x.safetensors' });
  });
});
