// Quantised blocks against ComfyUI-GGUF: default arithmetic and float32.
import { describe, expect, it } from 'vitest';
import { expectExact, golden } from '../../../test/support/golden.ts';
import { BLOCK_TYPES, isBlockType } from './block-types.ts';
import { decodeBlocks } from './decode-blocks.ts';

describe('decodeBlocks', () => {
  const g = golden('weights', 'gguf');
  const cases = g.cases.filter(({ params }) => isBlockType(params.type));

  it('has the sizes of all types of the original', () => {
    expect(cases.map(({ params }) => params.type).sort()).toEqual(Object.keys(BLOCK_TYPES).sort());
  });

  it.each(cases)('$id', ({ id, params, inputs, outputs }) => {
    expect(BLOCK_TYPES[params.type as 'Q8_0']).toEqual({
      values: params.block_size,
      bytes: params.type_size,
    });
    const bytes = g.tensor(inputs.bytes).data as Uint8Array;
    expectExact(g, id, outputs.default, decodeBlocks(params.type, bytes, 'f16'));
    expectExact(g, id, outputs.float32, decodeBlocks(params.type, bytes, 'f32'));
  });
});
