// The wire format against the examples of the Protocol Buffers documentation ("Encoding").
import { describe, expect, it } from 'vitest';
import { floatField, intField, messageField, packedInts, textField, varint } from './protobuf.ts';

describe('protobuf', () => {
  it('writes varints', () => {
    expect([...varint(0)]).toEqual([0]);
    expect([...varint(127)]).toEqual([127]);
    expect([...varint(150)]).toEqual([0x96, 0x01]);
    expect([...varint(-2)]).toEqual([0xfe, ...new Array(8).fill(0xff), 0x01]);
    expect([...varint(2n ** 63n - 1n)]).toEqual([...new Array(8).fill(0xff), 0x7f]);
  });

  it('writes fields', () => {
    expect([...intField(1, 150)]).toEqual([0x08, 0x96, 0x01]);
    expect([...textField(2, 'testing')]).toEqual([0x12, 0x07, ...Buffer.from('testing')]);
    expect([...messageField(3, [intField(1, 150)])]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
    expect([...packedInts(6, [3, 270, 86942])]).toEqual([
      0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05,
    ]);
    expect([...floatField(16, 1)]).toEqual([0x85, 0x01, 0, 0, 0x80, 0x3f]);
  });
});
