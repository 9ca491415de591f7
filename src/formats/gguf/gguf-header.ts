// The header of GGUF files (github.com/ggml-org/ggml, docs/gguf.md, versions 2 and 3): metadata,
// then names, shapes, types and positions of tensors. Nothing in it is believed before it is
// checked; tokens of vocabularies and other long lists are passed over.
import { sizeOf } from '../../tensor/tensor.ts';
import type { ByteSource } from '../byte-source.ts';
import { CUT_OFF } from '../model-file-errors.ts';
import { GgufCursor } from './gguf-cursor.ts';

/** A tensor as the header describes it. */
export interface GgufTensor {
  readonly name: string;
  /** The slowest axis first, unlike in the file. */
  readonly shape: readonly number[];
  /** The number of its type (block-types.ts). */
  readonly type: number;
  /** Absolute byte offset in the file. */
  readonly offset: number;
}

export type GgufValue = string | number | boolean | readonly number[];

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
}

const VERSIONS = [2, 3];
const MAX_TENSORS = 100_000;
const MAX_ENTRIES = 100_000;
const MAX_KEY = 65_535;
const MAX_NAME = 1024;
/** Longer values (chat templates, licences) are passed over. */
const MAX_KEPT_TEXT = 4096;
const MAX_KEPT_LIST = 16;
const MAX_AXES = 8;
const DEFAULT_ALIGNMENT = 32;
const ALIGNMENT = 'general.alignment';

const [STRING, ARRAY] = [8, 9];
/** Bytes and readers of the types of single numbers. */
const NUMBERS: Readonly<
  Record<number, readonly [size: number, read?: (cursor: GgufCursor) => Promise<GgufValue>]>
> = {
  0: [1, (cursor) => cursor.u8()],
  1: [1, (cursor) => cursor.u8()],
  2: [2],
  3: [2],
  4: [4, (cursor) => cursor.u32()],
  5: [4, (cursor) => cursor.i32()],
  6: [4, (cursor) => cursor.f32()],
  7: [1, async (cursor) => (await cursor.u8()) !== 0],
  10: [8, (cursor) => cursor.size()],
  11: [8],
  12: [8, (cursor) => cursor.f64()],
};

/** Reads the header of a file whose first bytes are `GGUF`. Throws DR_MODEL_INVALID. */
export async function readGgufHeader(source: ByteSource): Promise<GgufHeader> {
  const cursor = new GgufCursor(source);
  cursor.skip('GGUF'.length);
  const version = await cursor.u32();
  if (!VERSIONS.includes(version))
    throw cursor.invalid(
      VERSIONS.includes(version >>> 24)
        ? 'is for big-endian computers'
        : `has the version ${version}, and ${VERSIONS.join(' and ')} are known`,
      'Get a current version of the model.',
    );
  const tensorCount = await cursor.size();
  if (tensorCount > MAX_TENSORS) throw cursor.invalid(`names ${tensorCount} tensors`);
  const entryCount = await cursor.size();
  if (entryCount > MAX_ENTRIES) throw cursor.invalid(`names ${entryCount} entries of metadata`);
  const metadata = await readMetadata(cursor, entryCount);
  const described = await readTensors(cursor, tensorCount);
  const alignment = metadata.get(ALIGNMENT) ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== 'number' || !Number.isInteger(Math.log2(alignment)))
    throw cursor.invalid(`has the alignment ${alignment}, which is no power of two`);
  const start = Math.ceil(cursor.position / alignment) * alignment;
  return { metadata, tensors: located(cursor, described, start, alignment) };
}

async function readMetadata(
  cursor: GgufCursor,
  count: number,
): Promise<ReadonlyMap<string, GgufValue>> {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = await cursor.text(MAX_KEY, 'a key');
    const value = await readValue(cursor, await cursor.u32());
    if (metadata.has(key)) throw cursor.invalid(`has the key ${shown(key)} twice`);
    if (value !== undefined) metadata.set(key, value);
  }
  return metadata;
}

/** Returns a value; undefined for those that are passed over. */
async function readValue(cursor: GgufCursor, type: number): Promise<GgufValue | undefined> {
  if (type === STRING) return readText(cursor);
  if (type === ARRAY) return readList(cursor);
  const [size, read] = numberType(cursor, type);
  if (read) return read(cursor);
  cursor.skip(size);
  return undefined;
}

function numberType(cursor: GgufCursor, type: number): (typeof NUMBERS)[number] {
  if (Object.hasOwn(NUMBERS, type)) return NUMBERS[type];
  throw cursor.invalid(`has a value of the unknown type ${type}`);
}

async function readText(cursor: GgufCursor): Promise<string | undefined> {
  const before = cursor.position;
  const length = await cursor.size();
  if (length > MAX_KEPT_TEXT) {
    cursor.skip(length);
    return undefined;
  }
  cursor.back(before);
  return cursor.text(MAX_KEPT_TEXT, 'a value');
}

/** Returns a short list of numbers; passes over all other lists. */
async function readList(cursor: GgufCursor): Promise<readonly number[] | undefined> {
  const type = await cursor.u32();
  const count = await cursor.size();
  if (type === ARRAY) throw cursor.invalid('has lists of lists');
  if (type === STRING) {
    // each has at least the bytes of its length
    if (count * 8 > cursor.remaining) throw cursor.invalid('ends within its header', CUT_OFF);
    for (let i = 0; i < count; i++) cursor.skip(await cursor.size());
    return undefined;
  }
  const [size, read] = numberType(cursor, type);
  if (count > MAX_KEPT_LIST || !read) {
    cursor.skip(count * size);
    return undefined;
  }
  const numbers: number[] = [];
  for (let i = 0; i < count; i++) numbers.push(Number(await read(cursor)));
  return numbers;
}

async function readTensors(cursor: GgufCursor, count: number): Promise<readonly GgufTensor[]> {
  const tensors: GgufTensor[] = [];
  const names = new Set<string>();
  for (let i = 0; i < count; i++) {
    const name = await cursor.text(MAX_NAME, 'a name');
    if (names.has(name)) throw cursor.invalid(`has the tensor ${shown(name)} twice`);
    names.add(name);
    const axes = await cursor.u32();
    if (axes > MAX_AXES) throw cursor.invalid(`has a tensor of ${axes} axes, ${shown(name)}`);
    const shape: number[] = [];
    for (let axis = 0; axis < axes; axis++) shape.unshift(await cursor.size());
    if (!Number.isSafeInteger(sizeOf(shape)))
      throw cursor.invalid(`has a tensor of [${shape}], ${shown(name)}`);
    tensors.push({ name, shape, type: await cursor.u32(), offset: await cursor.size() });
  }
  return tensors;
}

/** Returns tensors with their positions in the file. */
const located = (
  cursor: GgufCursor,
  tensors: readonly GgufTensor[],
  start: number,
  alignment: number,
): readonly GgufTensor[] =>
  tensors.map((tensor) => {
    if (tensor.offset % alignment === 0) return { ...tensor, offset: start + tensor.offset };
    throw cursor.invalid(`has a tensor at ${tensor.offset}, ${shown(tensor.name)}, not aligned`);
  });

const shown = (text: string): string => (text.length > 120 ? `${text.slice(0, 120)}…` : text);
