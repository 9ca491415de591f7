// Builds zip archives for tests, in which every field can be wrong.
import { crc32, deflateRawSync } from 'node:zlib';

export interface EntryToZip {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** Bytes of padding, so that the data is aligned as torch does. */
  readonly padding?: number;
  /** Fields of the central directory that differ from the entry. */
  readonly directory?: Partial<
    Record<'name' | 'method' | 'flags' | 'size' | 'packed' | 'header' | 'crc', string | number>
  >;
}

/** Returns the bytes of an archive. `count`, `shift`: wrong values in its end record. */
export function zipOf(
  entries: readonly EntryToZip[],
  end: { count?: number; shift?: number } = {},
): Buffer {
  const parts: Buffer[] = [];
  const listed: Buffer[] = [];
  let at = 0;
  for (const { name, data, deflate, padding = 0, directory: fields = {} } of entries) {
    const packed = deflate ? deflateRawSync(data) : Buffer.from(data);
    const local = Buffer.alloc(30 + Buffer.byteLength(name) + padding);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(deflate ? 8 : 0, 8);
    local.writeUInt16LE(Buffer.byteLength(name), 26);
    local.writeUInt16LE(padding, 28);
    local.write(name, 30);
    const listedName = Buffer.from(String(fields.name ?? name));
    const central = Buffer.alloc(46 + listedName.length);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(Number(fields.flags ?? 0), 8);
    central.writeUInt16LE(Number(fields.method ?? (deflate ? 8 : 0)), 10);
    central.writeUInt32LE(Number(fields.crc ?? crc32(data)), 16);
    central.writeUInt32LE(Number(fields.packed ?? packed.length), 20);
    central.writeUInt32LE(Number(fields.size ?? data.length), 24);
    central.writeUInt16LE(listedName.length, 28);
    central.writeUInt32LE(Number(fields.header ?? at), 42);
    listedName.copy(central, 46);
    parts.push(local, packed);
    listed.push(central);
    at += local.length + packed.length;
  }
  const directory = Buffer.concat(listed);
  const last = Buffer.alloc(22);
  last.writeUInt32LE(0x06054b50, 0);
  last.writeUInt16LE(end.count ?? entries.length, 8);
  last.writeUInt16LE(end.count ?? entries.length, 10);
  last.writeUInt32LE(directory.length, 12);
  last.writeUInt32LE(at + (end.shift ?? 0), 16);
  return Buffer.concat([...parts, directory, last]);
}
