// Writes files as torch.save does, for tests: zip and sequential, with any strides and compression.
import { writeFileSync } from 'node:fs';
import type { DTypeName } from '../../../src/formats/dtypes.ts';
import { openSafetensors } from '../../../src/formats/safetensors/safetensors.ts';
import {
  APPENDS,
  BINPERSID,
  dict,
  EMPTY_LIST,
  EMPTY_TUPLE,
  FALSE,
  GLOBAL,
  int,
  MARK,
  numbers,
  pickle,
  REDUCE,
  TRUE,
  text,
  tuple,
} from './pickle.ts';
import { zipOf } from './zip.ts';

export interface TensorToSave {
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
  readonly strides?: readonly number[];
  readonly bytes: Uint8Array;
}

const TYPES: Partial<Record<DTypeName, readonly [name: string, size: number]>> = {
  F64: ['DoubleStorage', 8],
  F32: ['FloatStorage', 4],
  F16: ['HalfStorage', 2],
  BF16: ['BFloat16Storage', 2],
  I64: ['LongStorage', 8],
};

const contiguous = (shape: readonly number[]): number[] =>
  shape.map((_, i) => shape.slice(i + 1).reduce((n, d) => n * d, 1));

/** The pickle operations of one tensor with a storage of its own. */
export function tensorOps(
  key: string,
  { dtype, shape, strides, bytes }: TensorToSave,
  legacy = false,
): Buffer {
  const [type, size] = TYPES[dtype]!;
  const claim = [
    text('storage'),
    GLOBAL('torch', type),
    text(key),
    text('cpu'),
    int(bytes.length / size),
  ];
  return Buffer.concat([
    GLOBAL('torch._utils', '_rebuild_tensor_v2'),
    tuple(
      Buffer.concat([tuple(...claim, ...(legacy ? [Buffer.from('N')] : [])), BINPERSID]),
      int(0),
      numbers(shape),
      numbers(strides ?? contiguous(shape)),
      FALSE,
      Buffer.concat([GLOBAL('collections', 'OrderedDict'), EMPTY_TUPLE, REDUCE]),
    ),
    REDUCE,
  ]);
}

export type TensorsToSave = Readonly<Record<string, TensorToSave>>;

const state = (tensors: TensorsToSave, legacy: boolean): Buffer =>
  dict(
    ...Object.entries(tensors).flatMap(([name, tensor], i) => [
      text(name),
      tensorOps(String(i), tensor, legacy),
    ]),
  );

export interface TorchForm {
  readonly sequential?: boolean;
  /** Compress storages, as a zip program does. */
  readonly deflate?: boolean;
  /** Nest the tensors under this key, as trainers do. */
  readonly under?: string;
}

/** Returns the bytes of a file with these tensors. */
export function torchFile(
  tensors: TensorsToSave,
  { sequential = false, deflate = false, under }: TorchForm = {},
): Buffer {
  const bare = state(tensors, sequential);
  const root = pickle(under === undefined ? bare : dict(text(under), bare));
  const storages = Object.values(tensors).map(({ bytes }) => bytes);
  if (!sequential) {
    const aligned = storages.map((data, i) => ({ name: `archive/data/${i}`, data, deflate }));
    return zipOf([
      { name: 'archive/data.pkl', data: root, deflate },
      { name: 'archive/byteorder', data: Buffer.from('little') },
      ...aligned,
    ]);
  }
  const magic = pickle(Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex'));
  const system = pickle(dict(text('little_endian'), TRUE));
  const keys = pickle(EMPTY_LIST, MARK, ...storages.map((_, i) => text(String(i))), APPENDS);
  const data = Object.values(tensors).flatMap(({ dtype, bytes }) => {
    const count = Buffer.alloc(8);
    count.writeBigInt64LE(BigInt(bytes.length / TYPES[dtype]![1]));
    return [count, bytes];
  });
  return Buffer.concat([magic, pickle(int(1001)), system, root, keys, ...data]);
}

/**
 * Converts a .safetensors file to a torch file. `transpose`: stores matrices and kernels transposed
 * in memory.
 */
export async function asTorchFile(
  source: string,
  target: string,
  form: TorchForm & { readonly transpose?: boolean } = {},
): Promise<string> {
  const opened = await openSafetensors(source);
  const tensors: Record<string, TensorToSave> = {};
  for (const [name, { dtype, shape }] of opened.tensors) {
    const bytes = await opened.readRaw(name);
    tensors[name] =
      form.transpose && shape.length > 1
        ? reversed({ dtype, shape, bytes })
        : { dtype, shape, bytes };
  }
  await opened.close();
  writeFileSync(target, torchFile(tensors, form));
  return target;
}

/** The same tensor, stored with its first dimension varying fastest. */
function reversed({ dtype, shape, bytes }: TensorToSave): TensorToSave {
  const [, size] = TYPES[dtype]!;
  const strides = contiguous([...shape].reverse()).reverse();
  const out = new Uint8Array(bytes.length);
  const from = contiguous(shape);
  for (let i = 0; i < bytes.length / size; i++) {
    const to = shape.reduce(
      (sum, length, axis) => sum + (Math.floor(i / from[axis]) % length) * strides[axis],
      0,
    );
    out.set(bytes.subarray(i * size, (i + 1) * size), to * size);
  }
  return { dtype, shape, strides, bytes: out };
}
