// Ultralytics' .pt files: the modules in a pickle, and the network that they make.
import { recordingRuntime } from '../../../src/models/inspect/network-memory.ts';
import { loadUltralytics } from '../../../src/models/ultralytics/load.ts';
import { asFile, filesOf } from '../inputs.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: async (input) => {
    const specs: Parameters<typeof recordingRuntime>[0] = [];
    await loadUltralytics(asFile(input, 'input.pt'), recordingRuntime(specs) as never);
    for (const { build } of specs) await build();
  },
  seeds: () => [
    ...filesOf('test/golden/ultralytics', /\.pt(\.gz)?$/, 400_000),
    ...filesOf('test/fixtures/torch', /^(inversion_module|zip_2|legacy_2)/, 20_000),
  ],
  dictionary: [
    'ultralytics.nn.modules.block\n',
    'ctorch.nn.modules.conv\nConv2d\n',
    '_modules',
    'yaml',
  ],
  maxBytes: 100_000,
};
