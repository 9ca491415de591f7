// Archives: the directory and the entries.
import { memorySource } from '../../../src/formats/byte-source.ts';
import { readEntry, readZip } from '../../../src/formats/zip.ts';
import { zipOf } from '../../support/files/zip.ts';
import type { FuzzTarget } from '../target.ts';

const LIMIT = 1 << 20;

export const target: FuzzTarget = {
  run: async (input) => {
    const source = memorySource('input', input);
    for (const entry of (await readZip(source)).values()) await readEntry(source, entry, LIMIT);
  },
  seeds: () => [
    zipOf([{ name: 'a/data.pkl', data: Buffer.from('abc') }]),
    zipOf([
      { name: 'x', data: Buffer.alloc(200, 'y') },
      { name: 'z', data: Buffer.alloc(0) },
    ]),
  ],
  dictionary: ['PK\x03\x04', 'PK\x01\x02', 'PK\x05\x06', 'PK\x06\x06', 'PK\x06\x07'],
};
