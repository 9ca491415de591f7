// Tensors that are made of others without copying: rows of a tensor, and tensors one below the
// other. Some layouts store in several tensors what others store in one (diffusers' q, k and v).
import { DarkroomError } from '../errors.ts';
import { sizeOf } from '../tensor/tensor.ts';
import type { TensorInfo, TensorScaling } from './tensor-info.ts';

/** Returns the tensors that one consists of, in order: itself, unless it is joined. */
export const partsOf = (info: TensorInfo): readonly TensorInfo[] => info.parts ?? [info];

/**
 * Joins tensors along their first axis. Throws DR_MODEL_UNSUPPORTED when they differ in another
 * axis or in their type; `name` is the name that the error gives to the result.
 */
export function joinRows(name: string, infos: readonly TensorInfo[]): TensorInfo {
  const parts = infos.flatMap(partsOf);
  const [{ dtype, shape }] = parts;
  const inner = shape.slice(1);
  for (const part of parts)
    if (part.dtype !== dtype || `${part.shape.slice(1)}` !== `${inner}`)
      throw new DarkroomError('DR_MODEL_UNSUPPORTED', {
        message:
          `the parts of ${name} do not fit together: ` +
          `${dtype} [${shape}] and ${part.dtype} [${part.shape}]`,
        hint: 'The file was not converted correctly; get it in the original layout.',
      });
  return {
    dtype,
    shape: [parts.reduce((sum, part) => sum + part.shape[0], 0), ...inner],
    offset: 0,
    byteLength: parts.reduce((sum, part) => sum + part.byteLength, 0),
    parts,
  };
}

/** Returns the rows `from` to `to` (exclusive) of a tensor. */
export function rowsOf(info: TensorInfo, [from, to]: readonly [number, number]): TensorInfo {
  const rows: TensorInfo[] = [];
  let start = 0;
  for (const part of partsOf(info)) {
    const [count, ...inner] = part.shape;
    const first = Math.max(from - start, 0);
    const last = Math.min(to - start, count);
    if (first < last) {
      const each = part.byteLength / count;
      rows.push({
        ...part,
        shape: [last - first, ...inner],
        offset: part.offset + first * each,
        byteLength: (last - first) * each,
        ...(part.scaling && { scaling: scalingOfRows(part.scaling, [first, last]) }),
      });
    }
    start += count;
  }
  return rows.length === 1 ? rows[0] : joinRows('a tensor', rows);
}

function scalingOfRows(scaling: TensorScaling, rows: readonly [number, number]): TensorScaling {
  const { scale } = scaling;
  return sizeOf(scale.shape) === 1 ? scaling : { ...scaling, scale: rowsOf(scale, rows) };
}
