// Tensors of model files as values of a graph, as they are stored and as float32.
import { realpathSync } from 'node:fs';
import type { DTypeName } from '../../formats/dtypes.ts';
import { BLOCK_TYPES } from '../../formats/gguf/block-types.ts';
import { hadamard } from '../../formats/quantised/hadamard.ts';
import {
  isQuantised,
  type TensorBlocks,
  type TensorInfo,
  type TensorScaling,
} from '../../formats/tensor-info.ts';
import type { Graph, Value } from '../../onnx/builder.ts';
import { ELEMENT, type ElementType } from '../../onnx/serialize.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { blockValues } from './block-values.ts';
import { oneAfter } from './late.ts';

/** The element types of stored numbers. */
export const STORED_TYPES: Readonly<Partial<Record<DTypeName, ElementType>>> = {
  F64: 'f64',
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  F8_E4M3: 'f8e4m3',
  F8_E5M2: 'f8e5m2',
  I8: 'i8',
};

/** Where a tensor of one piece is; `file` has its bytes unless it names another one. */
interface Stored {
  readonly file: string;
  readonly info: TensorInfo;
}

/** Returns the numbers of a tensor in the type that they are stored in. */
export function storedNumbers(g: Graph, { file, info }: Stored, type: ElementType): Value {
  const { shape: dims, offset, byteLength: length, bytes } = info;
  if (bytes) return g.inlineRaw({ bytes: bytes.subarray(offset, offset + length), type, dims });
  const location = info.file === undefined ? file : realpathSync(info.file);
  return g.externalRaw({ location, offset, length, type, dims });
}

/** Returns numbers of a tensor without scales as float32, rounded to another type first. */
export function plainValue(
  g: Graph,
  { file, info }: Stored,
  as: { readonly type: ElementType; readonly dims: readonly number[] },
  rounding?: ElementType,
): Value {
  const { offset, byteLength: length, bytes } = info;
  if (bytes) return g.inline({ bytes: bytes.subarray(offset, offset + length), ...as }, rounding);
  const location = info.file === undefined ? file : realpathSync(info.file);
  return g.external({ location, offset, length, ...as }, rounding);
}

/** The types of tables whose rows are read as they are stored. */
const TABLES: ReadonlySet<ElementType | undefined> = new Set(['f32', 'f16', 'bf16'] as const);

/**
 * Returns rows of a table [..., N, C] as float32; undefined for a table in several parts or of
 * another type. `places` [M]: int64.
 */
export function rowsOfTable(g: Graph, { file, info }: Stored, places: Value): Value | undefined {
  const type = STORED_TYPES[info.dtype];
  if (info.parts || isQuantised(info) || !type || !TABLES.has(type)) return undefined;
  const width = info.shape.at(-1)!;
  const table = { ...info, shape: [sizeOf(info.shape) / width, width] };
  const rows = g.op('Gather', [storedNumbers(g, { file, info: table }, type), places]);
  return type === 'f32' ? rows : g.op('Cast', [rows], { to: ELEMENT.f32 });
}

/** Returns the scales of a tensor as float32: [1], or [N] for N rows. */
export function scalesOf(g: Graph, file: string, { scale }: TensorScaling): Value {
  const type = STORED_TYPES[scale.dtype]!;
  return plainValue(g, { file, info: scale }, { type, dims: [sizeOf(scale.shape)] });
}

/**
 * Returns scaled numbers as float32. With `after`, a layer's input, they are computed in each
 * evaluation, from the bytes in the file, which is mapped: ONNX Runtime would compute all of them
 * when it opens the session, and hold them.
 */
export function scaledValue(
  g: Graph,
  stored: Stored & { readonly scaling: TensorScaling },
  after?: Value,
): Value {
  const { file, info, scaling } = stored;
  const numbers = storedNumbers(g, stored, STORED_TYPES[info.dtype]!);
  const scales = scalesOf(g, file, scaling);
  const { rotation } = scaling;
  const back = (value: Value): Value =>
    rotation === undefined ? value : rotated(g, value, info.shape[1], rotation);
  if (after !== undefined)
    return back(
      g.op('DequantizeLinear', [numbers, g.op('Mul', [scales, oneAfter(g, after)])], { axis: 0 }),
    );
  return g.weight(`scaled ${numbers} ${scales}`, () => {
    const perRow = g.op('Reshape', [scales, g.ints([-1, ...info.shape.slice(1).map(() => 1)])]);
    return back(g.op('Mul', [g.op('Cast', [numbers], { to: ELEMENT.f32 }), perRow]));
  });
}

/** Returns the values of quantised blocks as float32 in the tensor's shape; `after` as above. */
export function blocksValue(
  g: Graph,
  { file, info, blocks }: Stored & { readonly blocks: TensorBlocks },
  after?: Value,
): Value {
  const { type, arithmetic } = blocks;
  const { bytes: stride } = BLOCK_TYPES[type];
  const count = info.byteLength / stride;
  const stored = (width: number, as: ElementType): Value =>
    storedNumbers(g, { file, info: { ...info, shape: [count, width] } }, as);
  const bytes = { bytes: stored(stride, 'u8'), halves: stored(stride / 2, 'f16') };
  const make = (): Value =>
    g.op('Reshape', [blockValues(g, type, bytes, arithmetic, after), g.ints(info.shape)]);
  return after === undefined ? g.weight(`blocks ${bytes.bytes} ${arithmetic}`, make) : make();
}

/**
 * Rotates each group of the rows of x [M, width] (formats/quantised/hadamard.ts). The matrix is the
 * Kronecker product of two smaller ones, which groups are multiplied by from both sides: fewer
 * products, and sums of fewer terms.
 */
export function rotated(g: Graph, x: Value, width: number, size: number): Value {
  const columns = 4 ** Math.ceil(Math.log2(size) / 4);
  const rows = size / columns;
  const matrix = (side: number): Value =>
    g.weight(`hadamard ${side}`, () => g.floats(hadamard(side), [side, side]));
  const groups = g.op('Reshape', [x, g.ints([-1, rows, columns])]);
  const right = g.op('MatMul', [groups, matrix(columns)]);
  const both = rows === 1 ? right : g.op('MatMul', [matrix(rows), right]);
  return g.op('Reshape', [both, g.ints([-1, width])]);
}
