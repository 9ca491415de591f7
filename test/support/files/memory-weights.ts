// Weights for unit tests: tensors in memory, without a file.
import { DarkroomError } from '../../../src/errors.ts';
import type { Weights } from '../../../src/models/weights/tensors.ts';
import { sizeOf } from '../../../src/tensor/tensor.ts';

/**
 * Returns weights with these values, or with zeros of these shapes. A name in both has the values
 * in the shape; without one, values have one axis.
 */
export function memoryWeights(
  file: string,
  tensors: Readonly<Record<string, readonly number[]>>,
  shapes: Readonly<Record<string, readonly number[]>> = {},
): Weights {
  const shape = (name: string): readonly number[] => shapes[name] ?? [tensors[name].length];
  const values = (name: string): Float32Array =>
    name in tensors ? Float32Array.from(tensors[name]) : new Float32Array(sizeOf(shape(name)));
  return {
    file,
    names: () => [...Object.keys(tensors), ...Object.keys(shapes)],
    has: (name) => name in tensors || name in shapes,
    fullName: (name) => name,
    open: () =>
      Promise.reject(
        new DarkroomError('DR_FILE_MISSING', { message: `${file} is in memory`, hint: '' }),
      ),
    hasPrefix: (prefix) => Object.keys({ ...tensors, ...shapes }).some((n) => n.startsWith(prefix)),
    shape,
    typeOf: () => 'f32',
    value: (g, name, { dims, rows } = {}) => {
      const all = values(name);
      const each = all.length / shape(name)[0];
      const part = rows ? all.slice(rows[0] * each, rows[1] * each) : all;
      const own = rows ? [rows[1] - rows[0], ...shape(name).slice(1)] : shape(name);
      return g.inline({
        type: 'f32',
        dims: dims ?? own,
        bytes: new Uint8Array(part.buffer, part.byteOffset, part.byteLength),
      });
    },
  };
}
