// The header of .safetensors files, and the tensors that it names.
import { parseSafetensors } from '../../../src/formats/safetensors/safetensors.ts';
import { encodeSafetensors } from '../../../src/formats/safetensors/safetensors-write.ts';
import type { FuzzTarget } from '../target.ts';

const data = Float32Array.of(1, 2, 3, 4);
const tensor = { dtype: 'F32', shape: [2, 2], data } as const;

export const target: FuzzTarget = {
  run: async (input) => {
    const file = await parseSafetensors('input', input);
    for (const name of file.tensors.keys()) await file.read(name);
  },
  seeds: () => [
    Buffer.concat(encodeSafetensors({ a: tensor, b: { ...tensor, dtype: 'F16' } })),
    Buffer.concat(encodeSafetensors({ a: tensor }, { key: 'text' })),
  ],
  dictionary: [
    '"dtype":',
    '"F8_E4M3"',
    '"BF16"',
    '"shape":[',
    '"data_offsets":[0,',
    '__metadata__',
  ],
};
