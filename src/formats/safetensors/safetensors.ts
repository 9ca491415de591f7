// Reads .safetensors: 8 bytes of header length, a JSON header, then the bytes of the tensors
// (github.com/huggingface/safetensors, section Format). Only the header is read when a file is
// opened; it is checked before anything in it is used.
import { DarkroomError } from '../../errors.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { type ByteSource, memorySource, openSource } from '../byte-source.ts';
import { DTYPES, isDType } from '../dtypes.ts';
import { entriesOf, isJsonObject, type Json, type JsonObject } from '../json.ts';
import { CUT_OFF, DAMAGED } from '../model-file-errors.ts';
import { parseJson } from '../parse-json.ts';
import { type TensorFile, type TensorInfo, tensorReader } from '../tensor-file.ts';

export type { TensorInfo } from '../tensor-file.ts';
export type Safetensors = TensorFile;

const MAX_HEADER = 100_000_000;

/**
 * Opens a .safetensors file and checks its header. Throws DR_FILE_MISSING, DR_FILE_UNREADABLE or
 * DR_SAFETENSORS_INVALID. Close it after use.
 */
export async function openSafetensors(file: string): Promise<Safetensors> {
  const source = await openSource(file);
  try {
    return tensorReader(source, await readHeader(source));
  } catch (error) {
    await source.close();
    throw error;
  }
}

/**
 * The content of a .safetensors file that is in memory; `file` is named in errors.
 * Throws DR_SAFETENSORS_INVALID.
 */
export async function parseSafetensors(file: string, bytes: Uint8Array): Promise<Safetensors> {
  const source = memorySource(file, bytes);
  return tensorReader(source, await readHeader(source));
}

interface Header {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
}

async function readHeader(source: ByteSource): Promise<Header> {
  const { file, size: fileSize } = source;
  if (fileSize < 8) throw invalid(file, `it has ${fileSize} bytes, fewer than a header needs`);
  const start = await source.read(0, 8);
  const length = new DataView(start.buffer).getBigUint64(0, true);
  if (length > MAX_HEADER)
    throw invalid(
      file,
      `its header has a length of ${length} bytes (at most ${MAX_HEADER} are allowed)`,
      NOT_SAFETENSORS,
    );
  const headerSize = Number(length);
  if (8 + headerSize > fileSize)
    throw invalid(
      file,
      `its header has a length of ${headerSize} bytes, but the file has ${fileSize}`,
      CUT_OFF,
    );
  return checkHeader(
    file,
    parseHeader(file, await source.read(8, headerSize)),
    8 + headerSize,
    fileSize,
  );
}

function parseHeader(file: string, bytes: Uint8Array): JsonObject {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid(file, 'its header is not UTF-8', NOT_SAFETENSORS);
  }
  if (!text.startsWith('{'))
    throw invalid(file, 'its header does not begin with {', NOT_SAFETENSORS);
  let header: Json;
  try {
    header = parseJson(text, { duplicates: 'refuse', file: 'the header' });
  } catch (error) {
    throw invalid(file, (error as Error).message);
  }
  return header as JsonObject;
}

function checkHeader(
  file: string,
  header: JsonObject,
  dataStart: number,
  fileSize: number,
): Header {
  const metadata: [string, string][] = [];
  const tensors = new Map<string, TensorInfo>();
  for (const [name, entry] of entriesOf(header)) {
    if (name === '__metadata__') metadata.push(...checkMetadata(file, entry));
    else tensors.set(name, checkTensor(file, name, entry, dataStart));
  }
  let end = dataStart;
  for (const [name, { offset, byteLength }] of [...tensors].sort(
    ([, a], [, b]) => a.offset - b.offset || a.byteLength - b.byteLength,
  )) {
    if (offset !== end)
      throw invalid(
        file,
        `tensor ${shortened(name)} ` +
          (offset < end ? 'overlaps another' : 'has a hole of unused bytes before it'),
      );
    end = offset + byteLength;
  }
  if (end > fileSize)
    throw invalid(file, `its tensors need ${end} bytes, but the file has ${fileSize}`, CUT_OFF);
  if (end < fileSize) throw invalid(file, `${fileSize - end} bytes follow the last tensor`);
  return { tensors, metadata: Object.fromEntries(metadata) };
}

function checkMetadata(file: string, entry: Json): [string, string][] {
  if (entry === null) return [];
  if (!isJsonObject(entry)) throw invalid(file, '__metadata__ is not an object');
  return entriesOf(entry).map(([key, value]) => {
    if (typeof value !== 'string')
      throw invalid(file, `__metadata__ ${shortened(key)} is not a string`);
    return [key, value];
  });
}

const isSize = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function checkTensor(file: string, name: string, entry: Json, dataStart: number): TensorInfo {
  const invalidTensor = (what: string, hint?: string) =>
    invalid(file, `tensor ${shortened(name)} ${what}`, hint);
  if (!isJsonObject(entry)) throw invalidTensor('is not described by an object');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDType(dtype))
    throw invalidTensor(
      `has the unknown dtype ${shortened(dtype)}`,
      `Convert the file to one of ${Object.keys(DTYPES).join(', ')}.`,
    );
  if (!Array.isArray(shape) || !shape.every(isSize))
    throw invalidTensor(`has a shape that is not a list of sizes: ${shortened(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    throw invalidTensor('has data_offsets that are not two positions');
  const [from, to] = offsets as number[];
  const byteLength = to - from;
  const needed = sizeOf(shape as number[]) * DTYPES[dtype].size;
  if (byteLength < 0 || needed !== byteLength)
    throw invalidTensor(
      `of shape [${shortened(shape)}] ${dtype} needs ${needed} bytes, ` +
        `but its range ${from}..${to} has ${byteLength}`,
    );
  return { dtype, shape: shape as number[], offset: dataStart + from, byteLength };
}

const NOT_SAFETENSORS =
  'It is probably another kind of file under that name (an error page, a .ckpt). ' +
  'Download it again.';

const shortened = (value: unknown): string => {
  const text = typeof value === 'string' ? value : String(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
};

const invalid = (file: string, why: string, hint = DAMAGED): DarkroomError =>
  new DarkroomError('DR_SAFETENSORS_INVALID', {
    message: `${file} is not a valid .safetensors file: ${why}`,
    hint,
    file,
  });
