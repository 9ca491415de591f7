// Files of torch.save, zipped and sequential: archive, pickle, storages, tensors.
import { memorySource } from '../../../src/formats/byte-source.ts';
import { tensorReader } from '../../../src/formats/tensor-file.ts';
import { locateTensors } from '../../../src/formats/torch/tensor-locations.ts';
import { readTorchLegacy, readTorchZip } from '../../../src/formats/torch/torch-file.ts';
import { filesOf, scratchFolder } from '../inputs.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: async (input) => {
    const source = memorySource('input', input);
    const read = input[0] === 0x50 ? readTorchZip : readTorchLegacy;
    const torch = await read(source);
    const tensors = await locateTensors(source, torch, { cache: scratchFolder() });
    const file = tensorReader(source, { tensors, metadata: torch.metadata });
    for (const name of tensors.keys()) await file.read(name);
  },
  seeds: () => filesOf('test/fixtures/torch', /\.(pt|bin|ckpt)$/, 20_000),
  dictionary: ['PK\x03\x04', 'PK\x01\x02', 'PK\x05\x06', 'archive/data.pkl', 'FloatStorage\n'],
  maxBytes: 20_000,
};
