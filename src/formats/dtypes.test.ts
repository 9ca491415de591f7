import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { type DTypeName, decodeFloat32, encodeFloat32 } from './dtypes.ts';

const bytesOf = (view: ArrayBufferView) =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const hash = (view: ArrayBufferView) =>
  createHash('sha256').update(bytesOf(view)).digest('hex').slice(0, 32);

// u16 = torch.arange(65536, dtype=torch.int32).to(torch.uint16); u8 = torch.arange(256,
//   dtype=torch.uint8)
// t = u16.view(torch.float16).float(); t = torch.where(torch.isnan(t), torch.tensor(12345.), t);
//   sha256(t.numpy().tobytes()).hexdigest()[:32]
it.each<[DTypeName, 1 | 2, string]>([
  ['F16', 2, '096857e82fd43c1a9d6008249cb9f8b8'],
  ['BF16', 2, '24266f21e2494fea4d981a86891ea107'],
  ['F8_E4M3', 1, '60efb1d40706a18a8834b00445a3e025'],
  ['F8_E5M2', 1, 'b4685286a46b100946d038bd06a9cf89'],
  ['I8', 1, 'd4b395f3f1dd71c698c5b272ddd914d7'],
  ['I16', 2, '1964bf18f139fa9ea0f1b008a5ac1c9d'],
  ['U16', 2, '00f2c484030d0c6a5f5a383847c4d056'],
  ['U8', 1, '04441b72253f49384e853fb46a81657e'],
])('converts every value of %s as torch does', (dtype, size, expected) => {
  const all =
    size === 1
      ? Uint8Array.from({ length: 256 }, (_, i) => i)
      : Uint16Array.from({ length: 65536 }, (_, i) => i);
  const values = decodeFloat32(dtype, bytesOf(all)).map((v) => (Number.isNaN(v) ? 12345 : v));
  expect(hash(values)).toBe(expected);
});

it('reads E4M3 without infinities', () => {
  // >>> torch.tensor([0x7e, 0x7f, 0xff, 1], dtype=torch.uint8).view(torch.float8_e4m3fn).float()
  expect(decodeFloat32('F8_E4M3', new Uint8Array([0x7e, 0x7f, 0xff, 1]))).toEqual(
    new Float32Array([448, Number.NaN, Number.NaN, 2 ** -9]),
  );
});

it('reads E5M2 with infinities', () => {
  expect(decodeFloat32('F8_E5M2', new Uint8Array([0x7b, 0x7c, 0xfc, 0x7d, 1]))).toEqual(
    new Float32Array([
      57344,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      2 ** -16,
    ]),
  );
});

it('rounds signed 64-bit integers once', () => {
  // >>> torch.tensor([2**60 + 2**36 + 1, 2**60 + 2**36, -(2**60 + 2**36 + 1), 2**53 + 1,
  //   9007200328482817, 2**63 - 1, -2**63, 16777217, 16777219]).float()
  const values = [
    2n ** 60n + 2n ** 36n + 1n,
    2n ** 60n + 2n ** 36n,
    -(2n ** 60n + 2n ** 36n + 1n),
    2n ** 53n + 1n,
    9007200328482817n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    16777217n,
    16777219n,
  ];
  expect([...decodeFloat32('I64', bytesOf(BigInt64Array.from(values)))]).toEqual([
    2 ** 60 + 2 ** 37,
    2 ** 60,
    -(2 ** 60 + 2 ** 37),
    2 ** 53,
    9007200328482816,
    2 ** 63,
    -(2 ** 63),
    16777216,
    16777220,
  ]);
});

it('rounds unsigned and 32-bit integers', () => {
  expect([...decodeFloat32('U64', bytesOf(BigUint64Array.from([2n ** 64n - 1n, 5n])))]).toEqual([
    2 ** 64,
    5,
  ]);
  expect([...decodeFloat32('I32', bytesOf(Int32Array.from([-(2 ** 31), 16777217])))]).toEqual([
    -(2 ** 31),
    16777216,
  ]);
  expect([...decodeFloat32('U32', bytesOf(Uint32Array.from([2 ** 32 - 1])))]).toEqual([2 ** 32]);
});

it('rounds doubles to nearest, ties to even, with subnormals and infinities', () => {
  // >>> torch.tensor([1e-46, 2**-150, 1.5 * 2**-149, 3.4028235677973366e38, 3.40282356779733e38,
  //   .1], dtype=torch.float64).float()
  const values = [
    1e-46,
    2 ** -150,
    1.5 * 2 ** -149,
    3.4028235677973366e38,
    3.40282356779733e38,
    0.1,
    Number.POSITIVE_INFINITY,
    Number.NaN,
  ];
  expect([...decodeFloat32('F64', bytesOf(Float64Array.from(values)))]).toEqual([
    0,
    0,
    2.802596928649634e-45,
    Number.POSITIVE_INFINITY,
    3.4028234663852886e38,
    0.10000000149011612,
    Number.POSITIVE_INFINITY,
    Number.NaN,
  ]);
});

it('reads bytes of any alignment', () => {
  const bytes = new Uint8Array([9, 0, 0, 128, 63, 0, 0, 0, 192]).subarray(1);
  expect(decodeFloat32('F32', bytes)).toEqual(new Float32Array([1, -2]));
});

it('reads BOOL as 0 or 1', () => {
  expect(decodeFloat32('BOOL', new Uint8Array([0, 1, 7]))).toEqual(new Float32Array([0, 1, 1]));
});

it('rounds float32 to F16 and BF16 as torch does', () => {
  // b = torch.arange(0, 2**32, 65537 * 13); f = b as the bits of float32, without NaN; f.half(),
  //   f.bfloat16(): sha256 of their bytes
  const bits = Uint32Array.from(
    { length: Math.ceil(2 ** 32 / (65537 * 13)) },
    (_, i) => i * 65537 * 13,
  );
  const values = new Float32Array(bits.buffer).filter((v) => !Number.isNaN(v));
  expect(values.length).toBe(5022);
  expect(hash(encodeFloat32('F16', values))).toBe('2662e891bd6708deec2bfed683cf2f7d');
  expect(hash(encodeFloat32('BF16', values))).toBe('5863cff696508829bcbc62ecc9f1debd');
});

it('rounds to F16 at the ends of its range as torch does', () => {
  // >>> torch.tensor([65519.996, 65520., -65520., 2**-24, 2**-25, 2**-25 * 1.0000001, 2**-14 *
  //   .99999994, 2049., 2051., 6.1e-5]).half()
  const edges = new Float32Array([
    65519.996,
    65520,
    -65520,
    2 ** -24,
    2 ** -25,
    2 ** -25 * 1.0000001,
    2 ** -14 * 0.99999994,
    2049,
    2051,
    6.1e-5,
  ]);
  expect([...new Uint16Array(encodeFloat32('F16', edges).buffer)]).toEqual([
    0x7bff, 0x7c00, 0xfc00, 1, 0, 1, 0x400, 0x6800, 0x6802, 0x3ff,
  ]);
});

it.each(['F16', 'BF16'] as const)('writes NaN as NaN in %s', (dtype) => {
  expect(decodeFloat32(dtype, encodeFloat32(dtype, Float32Array.of(Number.NaN)))[0]).toBeNaN();
});
