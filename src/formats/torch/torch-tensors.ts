// The tensors in an unpickled file of torch.save: what torch's rebuild functions would have
// created, as dtype, shape, strides and a position in a storage. Everything is checked against the
// storage.
import { ownValue } from '../../own-value.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { DTYPES, type DTypeName } from '../dtypes.ts';
import { forbidden, malformed, PickleError, printableName } from '../pickle/pickle-error.ts';
import {
  isKind,
  type PicklePersistent,
  type PickleValue,
  tupleOf,
} from '../pickle/pickle-values.ts';

/** A storage as the pickle describes it: a run of bytes that tensors are views of. */
export interface TorchStorage {
  readonly key: string;
  readonly dtype: DTypeName | undefined;
  /** torch's name for the type of the storage ('FloatStorage'). */
  readonly type: string;
  readonly bytes: number;
}

export interface TorchTensor {
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  /** In elements. */
  readonly strides: readonly number[];
  readonly storage: TorchStorage;
  /** First byte within the storage. */
  readonly start: number;
}

/** Thrown for a tensor of an unsupported type in an intact file. */
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
/** A view may repeat elements of its storage up to this many. */
const MAX_REPEATED = 2 ** 20;
/** How many parameters a tensor may be wrapped in. */
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

/** A storage, and where a tensor's part of it begins in bytes. */
interface StoragePart {
  readonly storage: TorchStorage;
  readonly offset: number;
}

/** The tensors of one unpickled file. */
export class TorchTensors {
  /** All storages that the pickle names, by key. */
  readonly storages: ReadonlyMap<string, TorchStorage>;
  readonly #parts = new Map<PicklePersistent, StoragePart>();

  /**
   * `persistent` has all references of the pickle to things outside it. Throws PickleError for one
   * that is not a storage.
   */
  constructor(persistent: readonly PicklePersistent[]) {
    const storages = new Map<string, TorchStorage>();
    for (const value of persistent) {
      const { storage, offset } = readStorageId(value.id);
      const first = storages.get(storage.key) ?? storage;
      if (first.type !== storage.type || first.bytes !== storage.bytes)
        throw malformed(`describes its storage ${printableName(storage.key)} in two ways`);
      storages.set(storage.key, first);
      this.#parts.set(value, { storage: first, offset });
    }
    this.storages = storages;
  }

  /**
   * The tensor that a value stands for; undefined for other values. `name` is used in messages.
   * Throws PickleError and UnsupportedTensor.
   */
  tensorOf(value: PickleValue | undefined, name: string): TorchTensor | undefined {
    return this.#rebuild(value, name, 0);
  }

  #rebuild(value: PickleValue | undefined, name: string, depth: number): TorchTensor | undefined {
    if (!isKind(value, 'object') || !Object.hasOwn(REBUILD, value.global)) return undefined;
    if (depth > MAX_WRAPPED)
      throw malformed(`has a tensor that wraps itself: ${printableName(name)}`);
    const rule = REBUILD[value.global];
    if (rule.kind === 'unsupported')
      throw new UnsupportedTensor(`${printableName(name)} is ${rule.what}`);
    if (rule.kind === 'view') return this.#view(value.args.slice(0, rule.args), name);
    if (rule.kind === 'inner') return this.#rebuild(value.args[0], name, depth + 1);
    const [callee, , args] = value.args;
    if (!isKind(callee, 'global') || !isKind(args, 'tuple'))
      throw malformed(`has a tensor that can't be read: ${printableName(name)}`);
    const call: PickleValue = { kind: 'object', global: callee.name, args: args.items };
    return this.#rebuild(call, name, depth + 1);
  }

  /** A view of a storage: (storage, offset, shape, strides, …, …, dtype). */
  #view(args: readonly PickleValue[], name: string): TorchTensor {
    const { storage, offset: base } = this.#storagePart(args[0]);
    const [offset, shape, strides] = [args[1], sizesOf(args[2]), sizesOf(args[3])];
    const dtype = isKind(args[6], 'global') ? ownValue(DTYPE_NAMES, args[6].name) : storage.dtype;
    const stored = isKind(args[6], 'global') ? args[6].name : storage.type;
    if (!dtype) throw new UnsupportedTensor(`${printableName(name)} is stored as ${stored}`);
    if (
      !isSize(offset) ||
      !shape ||
      !strides ||
      shape.length !== strides.length ||
      shape.length > MAX_DIMENSIONS
    )
      throw malformed(`has a tensor without a shape: ${printableName(name)}`);
    const { size } = DTYPES[dtype];
    const tensor = { dtype, shape, strides, storage, start: base + offset * size };
    checkBounds(tensor, name);
    return tensor;
  }

  #storagePart(value: PickleValue | undefined): StoragePart {
    const part = isKind(value, 'persistent') ? this.#parts.get(value) : undefined;
    if (part) return part;
    throw malformed('has a tensor without a storage');
  }
}

type RebuildRule =
  /** A view of a storage; the first `args` arguments count. */
  | { readonly kind: 'view'; readonly args: number }
  /** The tensor is the first argument. */
  | { readonly kind: 'inner' }
  /** The first argument is a rebuild function, the third its arguments. */
  | { readonly kind: 'call' }
  | { readonly kind: 'unsupported'; readonly what: string };

/** torch's functions and classes that create tensors. */
const REBUILD: Readonly<Record<string, RebuildRule>> = {
  'torch._utils._rebuild_tensor': { kind: 'view', args: 4 },
  'torch._utils._rebuild_tensor_v2': { kind: 'view', args: 6 },
  'torch._utils._rebuild_tensor_v3': { kind: 'view', args: 7 },
  'torch._utils._rebuild_parameter': { kind: 'inner' },
  'torch._utils._rebuild_parameter_with_state': { kind: 'inner' },
  'torch.nn.parameter.Parameter': { kind: 'inner' },
  'torch._tensor._rebuild_from_type_v2': { kind: 'call' },
  'torch._utils._rebuild_qtensor': { kind: 'unsupported', what: 'quantised' },
  'torch._utils._rebuild_sparse_tensor': { kind: 'unsupported', what: 'sparse' },
  'torch._utils._rebuild_meta_tensor_no_storage': { kind: 'unsupported', what: 'without values' },
  'torch._utils._rebuild_device_tensor_from_numpy': { kind: 'unsupported', what: 'of a device' },
};

/**
 * Reads the id of a storage: ('storage', type, key, device, elements). In the old format a part of
 * the storage may follow: (key, offset, elements).
 */
function readStorageId(id: PickleValue): StoragePart {
  const [kind, global, key, , count, part] = tupleOf(id) ?? [];
  if (kind !== 'storage') {
    const what = typeof kind === 'string' ? printableName(kind) : 'not a storage';
    throw forbidden(`refers to something outside of it (${what})`);
  }
  const type = isKind(global, 'global')
    ? /^torch\.(?:storage\.)?(\w+Storage)$/.exec(global.name)?.[1]
    : undefined;
  if (type === undefined) throw forbidden('refers to a storage of an unknown type');
  if (typeof key !== 'string' || !isSize(count))
    throw malformed('has a storage without a name or a size');
  const dtype = ownValue(STORAGES, type);
  // untyped storages are counted in bytes
  const size = dtype ? DTYPES[dtype].size : 1;
  const from = tupleOf(part)?.[1] ?? 0;
  if (!isSize(from)) throw malformed('has a part of a storage without an offset');
  return { storage: { key, dtype, type, bytes: count * size }, offset: from * size };
}

function checkBounds(tensor: TorchTensor, name: string): void {
  const { dtype, shape, storage, start } = tensor;
  const elements = sizeOf(shape);
  const { size } = DTYPES[dtype];
  if (!(start + extentOf(tensor) <= storage.bytes))
    throw malformed(`has a tensor that extends beyond its storage: ${printableName(name)}`);
  if (!(elements <= Math.max(MAX_REPEATED, storage.bytes / size)))
    throw new PickleError(
      'too large',
      `has a tensor of ${elements} elements over a storage of ${storage.bytes} bytes: ` +
        printableName(name),
    );
}

/** Whether the elements are stored one after another, the last dimension fastest. */
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

/** The number of bytes from the first to the last element of a tensor in its storage. */
export function extentOf({ dtype, shape, strides }: TorchTensor): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((sum, length, i) => sum + (length - 1) * strides[i], 1) * DTYPES[dtype].size;
}

/**
 * Copies the elements of a tensor one after another. `extent` has the bytes from its first to its
 * last element, aligned to their size.
 */
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
    for (let i = 0, source = row; i < width; i++, source += step) to[at++] = from[source];
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
