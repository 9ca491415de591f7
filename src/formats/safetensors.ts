// Reads .safetensors: 8 bytes of header length, a JSON header, the tensors' bytes (github.com/huggingface/safetensors, format section).
// Only the header is read on opening; tensors and rows are read by ranges. Nothing in a file is trusted before it is checked.
import { type FileHandle, open } from 'node:fs/promises';
import { endianness } from 'node:os';
import { DarkroomError } from '../errors.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import { DTYPES, type DTypeName, decodeFloat32, isDType } from './dtypes.ts';
import { entriesOf, isJsonObject, type Json, type JsonObject, parseJson } from './json.ts';

export interface TensorInfo {
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  /** Absolute byte offset in the file. */
  readonly offset: number;
  readonly byteLength: number;
}

export interface Safetensors {
  readonly file: string;
  /** By name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /** A whole tensor as float32. Throws DR_MODEL_PART_MISSING for an unknown name. */
  read(name: string): Promise<Tensor>;
  /** Rows of a tensor [R, C] as float32 [rows.length, C]; a row may be asked for twice. */
  readRows(name: string, rows: readonly number[]): Promise<Tensor>;
  /** The bytes as they lie in the file. */
  readRaw(name: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

const MAX_HEADER = 100_000_000;

/** Opens a .safetensors file and checks its header. Throws DR_FILE_MISSING, DR_FILE_UNREADABLE or DR_SAFETENSORS_INVALID. Close it after use. */
export async function openSafetensors(file: string): Promise<Safetensors> {
  const handle = await openFile(file);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw unreadable(file, new Error('it is not a file'));
    return reader(file, handle, await readHeader(file, handle, stat.size));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

interface Header {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
}

function reader(file: string, handle: FileHandle, header: Header): Safetensors {
  const infoOf = (name: string): TensorInfo => {
    const info = header.tensors.get(name);
    if (info) return info;
    throw new DarkroomError('DR_MODEL_PART_MISSING', {
      message: `${file} has no tensor ${name}`,
      hint: 'The file is of another kind, or not complete.',
      file,
    });
  };
  const bytesAt = async (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length);
    await readFully(file, handle, bytes, offset);
    return bytes;
  };
  return {
    file,
    ...header,
    async read(name) {
      const { dtype, shape, offset, byteLength } = infoOf(name);
      const bytes = await bytesAt(offset, byteLength);
      const data = dtype === 'F32' && endianness() === 'LE' ? new Float32Array(bytes.buffer as ArrayBuffer) : decodeFloat32(dtype, bytes);
      return { shape, data };
    },
    async readRows(name, rows) {
      const { dtype, shape, offset } = infoOf(name);
      if (shape.length !== 2) throw new Error(`internal: rows of ${name} with shape [${shape}]`);
      const [count, width] = shape;
      const rowBytes = width * DTYPES[dtype].size;
      const data = new Float32Array(rows.length * width);
      for (const [i, row] of rows.entries()) {
        if (!Number.isInteger(row) || row < 0 || row >= count) throw new Error(`internal: row ${row} of ${name} with shape [${shape}]`);
        DTYPES[dtype].decode(await bytesAt(offset + row * rowBytes, rowBytes), data.subarray(i * width, (i + 1) * width));
      }
      return { shape: [rows.length, width], data };
    },
    readRaw(name) {
      const { offset, byteLength } = infoOf(name);
      return bytesAt(offset, byteLength);
    },
    close: () => handle.close(),
  };
}

async function readHeader(file: string, handle: FileHandle, fileSize: number): Promise<Header> {
  if (fileSize < 8) throw invalid(file, `it has ${fileSize} bytes, fewer than a header needs`);
  const start = new Uint8Array(8);
  await readFully(file, handle, start, 0);
  const length = new DataView(start.buffer).getBigUint64(0, true);
  if (length > MAX_HEADER) throw invalid(file, `its header claims ${length} bytes (at most ${MAX_HEADER} are allowed)`, NOT_SAFETENSORS);
  const headerSize = Number(length);
  if (8 + headerSize > fileSize) throw invalid(file, `its header claims ${headerSize} bytes, the file has ${fileSize}`, CUT_OFF);
  const bytes = new Uint8Array(headerSize);
  await readFully(file, handle, bytes, 8);
  return checkHeader(file, parseHeader(file, bytes), 8 + headerSize, fileSize);
}

function parseHeader(file: string, bytes: Uint8Array): JsonObject {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid(file, 'its header is not UTF-8', NOT_SAFETENSORS);
  }
  if (!text.startsWith('{')) throw invalid(file, 'its header does not begin with {', NOT_SAFETENSORS);
  let header: Json;
  try {
    header = parseJson(text, { duplicates: 'refuse', file: 'the header' });
  } catch (error) {
    throw invalid(file, (error as Error).message);
  }
  return header as JsonObject;
}

function checkHeader(file: string, header: JsonObject, dataStart: number, fileSize: number): Header {
  const metadata: [string, string][] = [];
  const tensors = new Map<string, TensorInfo>();
  for (const [name, entry] of entriesOf(header)) {
    if (name === '__metadata__') metadata.push(...checkMetadata(file, entry));
    else tensors.set(name, checkTensor(file, name, entry, dataStart));
  }
  let end = dataStart;
  for (const [name, { offset, byteLength }] of [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.byteLength - b.byteLength)) {
    if (offset !== end)
      throw invalid(file, `tensor ${shown(name)} ${offset < end ? 'overlaps another' : 'leaves a hole of unused bytes before it'}`);
    end = offset + byteLength;
  }
  if (end > fileSize) throw invalid(file, `its tensors need ${end} bytes, the file has ${fileSize}`, CUT_OFF);
  if (end < fileSize) throw invalid(file, `${fileSize - end} bytes follow the last tensor`);
  return { tensors, metadata: Object.fromEntries(metadata) };
}

function checkMetadata(file: string, entry: Json): [string, string][] {
  if (entry === null) return [];
  if (!isJsonObject(entry)) throw invalid(file, '__metadata__ is not an object');
  return entriesOf(entry).map(([key, value]) => {
    if (typeof value !== 'string') throw invalid(file, `__metadata__ ${shown(key)} is not a string`);
    return [key, value];
  });
}

const isSize = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function checkTensor(file: string, name: string, entry: Json, dataStart: number): TensorInfo {
  const bad = (what: string, hint?: string) => invalid(file, `tensor ${shown(name)} ${what}`, hint);
  if (!isJsonObject(entry)) throw bad('is not described by an object');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDType(dtype))
    throw bad(
      `has the unknown dtype ${shown(dtype)}`,
      `Darkroom reads ${Object.keys(DTYPES).join(', ')}; convert the file to one of these.`,
    );
  if (!Array.isArray(shape) || !shape.every(isSize)) throw bad(`has a shape that is not a list of sizes: ${shown(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) throw bad(`has data_offsets that are not two positions`);
  const [from, to] = offsets as number[];
  const byteLength = to - from;
  const needed = sizeOf(shape as number[]) * DTYPES[dtype].size;
  if (byteLength < 0 || needed !== byteLength)
    throw bad(`of shape [${shown(shape)}] ${dtype} needs ${needed} bytes, its range ${from}..${to} has ${byteLength}`);
  return { dtype, shape: shape as number[], offset: dataStart + from, byteLength };
}

const CUT_OFF = 'The file is cut off: the download or copy did not finish. Get it again.';
const NOT_SAFETENSORS = 'It is probably not a .safetensors file but something else under that name (an error page, a .ckpt). Get it again.';

const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : String(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
};

const invalid = (
  file: string,
  why: string,
  hint = 'The file is damaged or was written by a faulty program. Get it again.',
): DarkroomError =>
  new DarkroomError('DR_SAFETENSORS_INVALID', { message: `${file} is not a valid .safetensors file: ${why}`, hint, file });

const unreadable = (file: string, cause: unknown): DarkroomError =>
  new DarkroomError('DR_FILE_UNREADABLE', {
    message: `${file} can't be read: ${(cause as Error).message}`,
    hint: 'Check the file and its permissions.',
    file,
    cause,
  });

async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(file, cause);
    throw new DarkroomError('DR_FILE_MISSING', { message: `${file} does not exist`, hint: 'Check the path.', file, cause });
  }
}

const MAX_READ = 2 ** 30;

async function readFully(file: string, handle: FileHandle, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.byteLength; ) {
    const length = Math.min(MAX_READ, into.byteLength - done);
    const { bytesRead } = await handle.read(into, done, length, position + done).catch((cause: unknown) => {
      throw unreadable(file, cause);
    });
    if (bytesRead === 0) throw unreadable(file, new Error('it became shorter while it was open'));
    done += bytesRead;
  }
}
