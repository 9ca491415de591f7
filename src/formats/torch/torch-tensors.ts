// Tensors inside an unpickled file of torch.save: what torch's rebuild functions would have made, as dtype, shape, strides and a place
// in a storage. Everything is checked against the storage before it counts.
import { sizeOf } from '../../tensor/tensor.ts';
import { DTYPES, type DTypeName } from '../dtypes.ts';
import { forbidden, malformed, PickleError, shownName } from '../pickle/pickle-error.ts';
import {
  isKind,
  type PicklePersistent,
  type PickleValue,
  tupleOf,
} from '../pickle/pickle-values.ts';

/** A run of bytes that tensors are views of. */
export interface StorageClaim {
  readonly key: string;
  readonly dtype: DTypeName | undefined;
  /** torch's name of the storage's type ('FloatStorage'). */
  readonly type: string;
  readonly bytes: number;
}

export interface TorchTensor {
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  /** In elements. */
  readonly strides: readonly number[];
  readonly storage: StorageClaim;
  /** First byte within the storage. */
  readonly start: number;
}

/** Reads tensors of one file. */
export interface TensorBuilder {
  /** All storages that the pickle names, by key. */
  readonly storages: ReadonlyMap<string, StorageClaim>;
  /** The tensor that a value stands for; undefined when it is none. Throws PickleError; `at` names the value. */
  tensorOf(value: PickleValue, at: string): TorchTensor | undefined;
}

/** A tensor that can't be used, though nothing is wrong with the file. */
export class UnsupportedTensor extends Error {}

const STORAGES: Readonly<Record<string, DTypeName>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};

const DTYPE_NAMES: Readonly<Record<string, DTypeName>> = {
  'torch.float64': 'F64',
  'torch.float32': 'F32',
  'torch.float16': 'F16',
  'torch.bfloat16': 'BF16',
  'torch.float8_e4m3fn': 'F8_E4M3',
  'torch.float8_e5m2': 'F8_E5M2',
  'torch.int64': 'I64',
  'torch.uint64': 'U64',
  'torch.int32': 'I32',
  'torch.uint32': 'U32',
  'torch.int16': 'I16',
  'torch.uint16': 'U16',
  'torch.int8': 'I8',
  'torch.uint8': 'U8',
  'torch.bool': 'BOOL',
};

const MAX_DIMENSIONS = 64;
/** A view may repeat elements of its storage, up to so many. */
const MAX_REPEATED = 2 ** 20;
/** Parameters around tensors around tensors. */
const MAX_WRAPPED = 4;

const isSize = (value: PickleValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const sizesOf = (value: PickleValue | undefined): readonly number[] | undefined => {
  const items =
    isKind(value, 'object') && value.global === 'torch.Size'
      ? tupleOf(value.args[0])
      : tupleOf(value);
  return items?.every(isSize) ? (items as readonly number[]) : undefined;
};

/** `persistent`: all that the pickle refers to outside of it. Throws PickleError for what is no storage. */
export function tensorBuilder(persistent: readonly PicklePersistent[]): TensorBuilder {
  const storages = new Map<string, StorageClaim>();
  const claims = new Map<PicklePersistent, { storage: StorageClaim; offset: number }>();
  for (const value of persistent) {
    const { storage, offset } = readClaim(value.id);
    const known = storages.get(storage.key) ?? storage;
    if (known.type !== storage.type || known.bytes !== storage.bytes)
      throw malformed(`describes its storage ${shownName(storage.key)} in two ways`);
    storages.set(storage.key, known);
    claims.set(value, { storage: known, offset });
  }
  const storageOf = (value: PickleValue | undefined): { storage: StorageClaim; offset: number } => {
    const claim = isKind(value, 'persistent') ? claims.get(value) : undefined;
    if (claim) return claim;
    throw malformed('has a tensor without a storage');
  };

  const view: Rebuild = (args, at) => {
    const { storage, offset: base } = storageOf(args[0]);
    const [offset, shape, strides] = [args[1], sizesOf(args[2]), sizesOf(args[3])];
    const dtype = isKind(args[6], 'global') ? DTYPE_NAMES[args[6].name] : storage.dtype;
    const stored = isKind(args[6], 'global') ? args[6].name : storage.type;
    if (!dtype) throw new UnsupportedTensor(`${shownName(at)} is stored as ${stored}`);
    if (
      !isSize(offset) ||
      !shape ||
      !strides ||
      shape.length !== strides.length ||
      shape.length > MAX_DIMENSIONS
    )
      throw malformed(`has a tensor without a shape: ${shownName(at)}`);
    const { size } = DTYPES[dtype];
    const tensor = { dtype, shape, strides, storage, start: base + offset * size };
    checkBounds(tensor, at);
    return tensor;
  };
  const inner: Rebuild = ([value], at, depth) => read(value, at, depth + 1);
  const byFunction: Rebuild = ([f, , args], at, depth) => {
    if (!isKind(f, 'global') || !isKind(args, 'tuple'))
      throw malformed(`has a tensor that can't be read: ${shownName(at)}`);
    return read({ kind: 'object', global: f.name, args: args.items }, at, depth + 1);
  };
  const refused =
    (what: string): Rebuild =>
    (_, at) => {
      throw new UnsupportedTensor(`${shownName(at)} is ${what}`);
    };

  const REBUILD: Readonly<Record<string, Rebuild>> = {
    'torch._utils._rebuild_tensor': (args, at, depth) => view(args.slice(0, 4), at, depth),
    'torch._utils._rebuild_tensor_v2': (args, at, depth) => view(args.slice(0, 6), at, depth),
    'torch._utils._rebuild_tensor_v3': view,
    'torch._utils._rebuild_parameter': inner,
    'torch._utils._rebuild_parameter_with_state': inner,
    'torch.nn.parameter.Parameter': inner,
    'torch._tensor._rebuild_from_type_v2': byFunction,
    'torch._utils._rebuild_qtensor': refused('quantised'),
    'torch._utils._rebuild_sparse_tensor': refused('sparse'),
    'torch._utils._rebuild_meta_tensor_no_storage': refused('without values'),
    'torch._utils._rebuild_device_tensor_from_numpy': refused('of a device'),
  };

  function read(
    value: PickleValue | undefined,
    at: string,
    depth: number,
  ): TorchTensor | undefined {
    if (!isKind(value, 'object') || !Object.hasOwn(REBUILD, value.global)) return undefined;
    if (depth > MAX_WRAPPED) throw malformed(`has a tensor that wraps itself: ${shownName(at)}`);
    return REBUILD[value.global](value.args, at, depth);
  }
  return { storages, tensorOf: (value, at) => read(value, at, 0) };
}

type Rebuild = (args: readonly PickleValue[], at: string, depth: number) => TorchTensor | undefined;

/** The id of a storage: ('storage', type, key, device, elements), in the old format with a part of it: (key, offset, elements). */
function readClaim(id: PickleValue): { storage: StorageClaim; offset: number } {
  const [kind, global, key, , count, part] = tupleOf(id) ?? [];
  if (kind !== 'storage')
    throw forbidden(
      `refers to something outside of it (${typeof kind === 'string' ? shownName(kind) : 'no storage'})`,
    );
  const type = isKind(global, 'global')
    ? /^torch\.(?:storage\.)?(\w+Storage)$/.exec(global.name)?.[1]
    : undefined;
  if (type === undefined) throw forbidden('refers to a storage of no known type');
  if (typeof key !== 'string' || !isSize(count))
    throw malformed('has a storage without a name or a size');
  const dtype = STORAGES[type];
  // untyped storages count in bytes
  const size = dtype ? DTYPES[dtype].size : 1;
  const from = tupleOf(part)?.[1] ?? 0;
  if (!isSize(from)) throw malformed('has a part of a storage without a place');
  return { storage: { key, dtype, type, bytes: count * size }, offset: from * size };
}

function checkBounds(tensor: TorchTensor, at: string): void {
  const { dtype, shape, storage, start } = tensor;
  const elements = sizeOf(shape);
  const { size } = DTYPES[dtype];
  if (!(start + extentOf(tensor) <= storage.bytes))
    throw malformed(`has a tensor that reaches out of its storage: ${shownName(at)}`);
  if (!(elements <= Math.max(MAX_REPEATED, storage.bytes / size)))
    throw new PickleError(
      'too large',
      `has a tensor of ${elements} elements over a storage of ${storage.bytes} bytes: ${shownName(at)}`,
    );
}

/** Whether the elements lie one after another, the last dimension fastest. */
export function isContiguous({ shape, strides }: TorchTensor): boolean {
  let expected = 1;
  if (shape.includes(0)) return true;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] === 1) continue;
    if (strides[i] !== expected) return false;
    expected *= shape[i];
  }
  return true;
}

type Words = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** Bytes of the storage from the first to the last element of a tensor. */
export function extentOf({ dtype, shape, strides }: TorchTensor): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((sum, length, i) => sum + (length - 1) * strides[i], 1) * DTYPES[dtype].size;
}

/** The elements of a tensor one after another, out of the bytes from its first to its last (at the beginning of their buffer). */
export function gather({ dtype, shape, strides }: TorchTensor, extent: Uint8Array): Uint8Array {
  const { size } = DTYPES[dtype];
  const words = ({ buffer, byteOffset, byteLength }: Uint8Array): Words => {
    if (size === 1) return new Uint8Array(buffer, byteOffset, byteLength);
    if (size === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
    return size === 4
      ? new Uint32Array(buffer, byteOffset, byteLength / 4)
      : new BigUint64Array(buffer, byteOffset, byteLength / 8);
  };
  const out = new Uint8Array(sizeOf(shape) * size);
  copyStrided(words(extent) as Uint8Array, words(out) as Uint8Array, shape, strides);
  return out;
}

function copyStrided(
  from: Uint8Array,
  to: Uint8Array,
  shape: readonly number[],
  strides: readonly number[],
): void {
  if (to.length === 0) return;
  const index = shape.map(() => 0);
  const width = shape.at(-1) ?? 1;
  const step = strides.at(-1) ?? 0;
  for (let row = 0, at = 0; at < to.length; ) {
    for (let i = 0, place = row; i < width; i++, place += step) to[at++] = from[place];
    let axis = shape.length - 2;
    for (; axis >= 0; axis--) {
      row += strides[axis];
      if (++index[axis] < shape[axis]) break;
      row -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}
