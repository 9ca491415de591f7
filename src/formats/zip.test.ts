// Archives with contradictory or hostile fields: each is refused with a message that names the
// defect.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type EntryToZip, zipOf } from '../../test/support/files/zip.ts';
import { openSource } from './byte-source.ts';
import { readEntry, readZip } from './zip.ts';

const folder = mkdtempSync(join(tmpdir(), 'zip-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function open<T>(
  bytes: Uint8Array,
  work: (source: Awaited<ReturnType<typeof openSource>>) => Promise<T>,
): Promise<T> {
  const file = join(folder, 'file.zip');
  writeFileSync(file, bytes);
  const source = await openSource(file);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

const data = Buffer.from('0123456789'.repeat(20));
const one: EntryToZip = { name: 'a/data.pkl', data };
const two: EntryToZip = { name: 'a/data/0', data, deflate: true };
/** An archive whose table of contents differs from its first entry in the given fields. */
const contradictory = (directory: EntryToZip['directory'], entry = one): Buffer =>
  zipOf([
    { ...entry, directory },
    { name: 'a/z', data },
  ]);

describe('readZip', () => {
  it('reads stored and deflated entries, with padding and folders', async () => {
    const bytes = zipOf([{ ...one, padding: 21 }, two, { name: 'a/empty', data: Buffer.alloc(0) }]);
    await open(bytes, async (source) => {
      const entries = await readZip(source);
      expect([...entries.keys()]).toEqual(['a/data.pkl', 'a/data/0', 'a/empty']);
      const [stored, packed, empty] = [...entries.values()];
      expect(bytes.subarray(stored.offset, stored.offset + stored.size)).toEqual(data);
      for (const entry of [stored, packed])
        expect(Buffer.from(await readEntry(source, entry))).toEqual(data);
      expect(await readEntry(source, empty)).toEqual(new Uint8Array(0));
      await expect(readEntry(source, stored, 10)).rejects.toMatchObject({
        code: 'DR_MODEL_INVALID',
      });
    });
  });

  const corpus: Readonly<Record<string, readonly [bytes: Buffer, message: RegExp]>> = {
    'a name that leads out': [
      contradictory({ name: '../data.pkl' }),
      /outside of its folder: "\.\.\/data\.pkl"/,
    ],
    'an absolute name': [zipOf([{ name: '/etc/passwd', data }]), /outside of its folder/],
    'a name of a drive': [zipOf([{ name: 'C:x', data }]), /outside of its folder/],
    'a name with backslashes': [zipOf([{ name: 'a\\b', data }]), /outside of its folder/],
    'a name with a zero': [zipOf([{ name: 'a\0b', data }]), /outside of its folder/],
    'no name': [zipOf([{ name: '', data }]), /outside of its folder/],
    'a name twice': [
      zipOf([one, { ...one, data: Buffer.from('else') }]),
      /contains a\/data\.pkl twice/,
    ],
    'another name in its own header': [
      contradictory({ name: 'a/data.pk1' }),
      /a\/data\.pk1 is not where/,
    ],
    'another method in its own header': [contradictory({ method: 8 }), /is not where/],
    'two sizes of a stored entry': [contradictory({ size: 199 }), /has two sizes/],
    'an entry over another': [
      contradictory({ packed: 230, size: 230 }),
      /zip bomb: a\/data\.pkl overlaps other entries/,
    ],
    'an entry over the table of contents': [
      zipOf([{ ...one, directory: { packed: 220, size: 220 } }]),
      /zip bomb/,
    ],
    'two entries of the same bytes': [
      zipOf([one, { ...one, directory: { header: 0 } }]),
      /overlaps other entries/,
    ],
    'a ratio that deflate never reaches': [
      contradictory({ size: 2 ** 31 }, two),
      /zip bomb: a\/data\/0 is said to unpack from \d+ to 2147483648 bytes/,
    ],
    'an entry beyond the file': [contradictory({ header: 2 ** 31 }), /has no a\/data\.pkl/],
    'a header inside of another entry': [contradictory({ header: 7 }), /is not where/],
    'a password': [contradictory({ flags: 1 }), /with a password/],
    'an unknown compression': [
      contradictory({ method: 12 }),
      /compressed in a way that is not supported \(12\)/,
    ],
    'more entries than there are': [zipOf([one], { count: 2 }), /table of contents is damaged/],
    'fewer entries than there are': [
      zipOf([one, two], { count: 1 }),
      /table of contents is damaged/,
    ],
    'a shifted table of contents': [zipOf([one], { shift: -1 }), /not where it should be/],
    'a program before it': [
      Buffer.concat([Buffer.from('#!/bin/sh\n'), zipOf([one])]),
      /not where it should be/,
    ],
    'bytes after its end': [Buffer.concat([zipOf([one]), Buffer.from('x')]), /without its end/],
    'only its beginning': [zipOf([one]).subarray(0, 100), /without its end/],
    nothing: [Buffer.alloc(0), /without its end/],
  };
  it.each(Object.entries(corpus))('refuses %s', async (_, [bytes, message]) => {
    await open(bytes, async (source) => {
      await expect(readZip(source)).rejects.toMatchObject({
        code: 'DR_MODEL_INVALID',
        message: expect.stringMatching(message),
        file: source.file,
      });
    });
  });

  it('refuses to read an entry whose size or checksum is wrong', async () => {
    for (const directory of [{ crc: 1 }, { size: 199 }, { size: 201 }])
      await open(contradictory(directory, two), async (source) => {
        const entry = (await readZip(source)).get('a/data/0')!;
        await expect(readEntry(source, entry)).rejects.toMatchObject({
          code: 'DR_MODEL_INVALID',
          message: expect.stringMatching(/damaged/),
        });
      });
  });

  it('refuses a zip64 table of contents with a wrong field', async () => {
    const bytes = readFileSync(new URL('../../test/fixtures/torch/zip_2.pt', import.meta.url));
    const at = bytes.indexOf('PK\x06\x06', 'latin1');
    expect(at).toBeGreaterThan(0);
    for (const [field, value] of [
      [24, 1],
      [40, 1],
      [48, 1],
      [16, 1],
      [4, 99],
    ]) {
      const broken = Buffer.from(bytes);
      broken[at + field] ^= value;
      await open(broken, (source) =>
        expect(readZip(source)).rejects.toMatchObject({ code: 'DR_MODEL_INVALID' }),
      );
    }
  });
});
