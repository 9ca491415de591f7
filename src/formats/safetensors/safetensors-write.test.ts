import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openSafetensors } from './safetensors.ts';
import { writeSafetensors } from './safetensors-write.ts';

const dir = mkdtempSync(join(tmpdir(), 'safetensors-write-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('writes the bytes of the reference library', async () => {
  // safetensors.torch.save({'b': torch.tensor([[1., 2.5]]), 'é"': torch.tensor([1., -2.],
  //   dtype=torch.float16), 'a': torch.arange(3),
  //   'z': torch.tensor([True, False, True]), '10': torch.tensor([7], dtype=torch.uint8), '9':
  //   torch.tensor(3., dtype=torch.bfloat16)}, metadata={'format': 'pt'})
  const file = join(dir, 'a.safetensors');
  await writeSafetensors(
    file,
    {
      b: { dtype: 'F32', shape: [1, 2], data: new Float32Array([1, 2.5]) },
      'é"': { dtype: 'F16', shape: [2], data: new Float32Array([1, -2]) },
      a: { dtype: 'I64', shape: [3], data: new BigInt64Array([0n, 1n, 2n]) },
      z: { dtype: 'BOOL', shape: [3], data: new Uint8Array([1, 0, 1]) },
      '10': { dtype: 'U8', shape: [1], data: new Uint8Array([7]) },
      '9': { dtype: 'BF16', shape: [], data: new Uint16Array([0x4040]) },
    },
    { format: 'pt' },
  );
  const bytes = readFileSync(file);
  const header =
    '{"__metadata__":{"format":"pt"},' +
    '"a":{"dtype":"I64","shape":[3],"data_offsets":[0,24]},' +
    '"b":{"dtype":"F32","shape":[1,2],"data_offsets":[24,32]},' +
    '"9":{"dtype":"BF16","shape":[],"data_offsets":[32,34]},' +
    '"é\\"":{"dtype":"F16","shape":[2],"data_offsets":[34,38]},' +
    '"10":{"dtype":"U8","shape":[1],"data_offsets":[38,39]},' +
    '"z":{"dtype":"BOOL","shape":[3],"data_offsets":[39,42]}} ';
  expect(Number(bytes.readBigUInt64LE(0))).toBe(368);
  expect(bytes.subarray(8, 376).toString()).toBe(header);
  expect(bytes.subarray(376).toString('hex')).toBe(
    '0000000000000000010000000000000002000000000000000000803f000020404040003c00c007010001',
  );
});

it('writes a file without tensors', async () => {
  const file = join(dir, 'empty.safetensors');
  await writeSafetensors(file, {});
  const empty = await openSafetensors(file);
  expect(empty.tensors.size).toBe(0);
  expect(empty.metadata).toEqual({});
  await empty.close();
});

it('reads back what it wrote', async () => {
  const file = join(dir, 'b.safetensors');
  const data = Float32Array.from({ length: 6 }, (_, i) => i / 4);
  await writeSafetensors(
    file,
    { x: { dtype: 'F16', shape: [2, 3], data }, y: { dtype: 'F32', shape: [6], data } },
    { made: 'by a test' },
  );
  const st = await openSafetensors(file);
  expect(await st.read('x')).toEqual({ shape: [2, 3], data });
  expect(await st.read('y')).toEqual({ shape: [6], data });
  expect(st.metadata).toEqual({ made: 'by a test' });
  await st.close();
});

it('leaves the old file and no other when a write fails', async () => {
  const before = readdirSync(dir);
  await expect(writeSafetensors(join(dir, 'none', 'c.safetensors'), {})).rejects.toMatchObject({
    code: 'DR_OUTPUT_UNWRITABLE',
  });
  await expect(writeSafetensors(dir, {})).rejects.toMatchObject({
    code: 'DR_OUTPUT_UNWRITABLE',
    hint: expect.any(String),
  });
  await expect(
    writeSafetensors(join(dir, 'a.safetensors'), {
      x: { dtype: 'F32', shape: [3], data: new Float32Array(2) },
    }),
  ).rejects.toThrow('internal');
  expect(readdirSync(dir)).toEqual(before);
});
