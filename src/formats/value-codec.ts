// Stores node values: their structure as JSON, their arrays separately. Only plain data can be
// stored, not functions, networks, or objects with a class or symbols.
import { entriesOf, objectOf } from './json.ts';

/** The first item of an array is a tag; other values represent themselves. */
type Stored = null | boolean | number | string | readonly Stored[];

export interface StoredValue {
  readonly json: string;
  /** The arrays, which the structure refers to by number. */
  readonly arrays: readonly (Float32Array | Uint8Array)[];
}

const MAX_DEPTH = 64;

class NotStorable extends Error {}

/**
 * The stored form of a value; undefined when it contains more than plain data. Arrays are not
 * copied; one that occurs twice is stored once.
 */
export function storeValue(value: unknown): StoredValue | undefined {
  const arrays = new Map<Float32Array | Uint8Array, number>();
  const store = (item: unknown, depth: number): Stored => {
    if (depth > MAX_DEPTH) throw new NotStorable();
    if (item === null || typeof item === 'boolean' || typeof item === 'string') return item;
    if (item === undefined) return ['undefined'];
    if (typeof item === 'bigint') return ['bigint', String(item)];
    if (typeof item === 'number')
      return Number.isFinite(item) && !Object.is(item, -0)
        ? item
        : ['number', Object.is(item, -0) ? '-0' : String(item)];
    if (typeof item !== 'object') throw new NotStorable();
    if (Array.isArray(item)) return ['list', ...item.map((one) => store(one, depth + 1))];
    const prototype = Object.getPrototypeOf(item);
    if (prototype === Float32Array.prototype || prototype === Uint8Array.prototype) {
      const array = item as Float32Array | Uint8Array;
      if (!arrays.has(array)) arrays.set(array, arrays.size);
      return ['array', arrays.get(array)!];
    }
    if (prototype !== Object.prototype || Object.getOwnPropertySymbols(item).length > 0)
      throw new NotStorable();
    return [
      'object',
      ...entriesOf(item as Record<string, unknown>).flatMap(([key, one]) => [
        key,
        store(one, depth + 1),
      ]),
    ];
  };
  try {
    return { json: JSON.stringify(store(value, 0)), arrays: [...arrays.keys()] };
  } catch (error) {
    if (error instanceof NotStorable) return undefined;
    throw error;
  }
}

/** The value of a stored form. Throws when `storeValue` did not write it. */
export function restoreValue({ json, arrays }: StoredValue): unknown {
  const restore = (item: Stored): unknown => {
    if (typeof item !== 'object' || item === null) return item;
    const [tag, ...rest] = item;
    if (tag === 'undefined') return undefined;
    if (tag === 'bigint') return BigInt(rest[0] as string);
    if (tag === 'number') return Number(rest[0]);
    if (tag === 'list') return rest.map(restore);
    if (tag === 'array') return checkedArray(arrays[rest[0] as number]);
    if (tag === 'object')
      return objectOf(
        Array.from(
          { length: rest.length / 2 },
          (_, i) => [String(rest[2 * i]), restore(rest[2 * i + 1])] as const,
        ),
      );
    throw new Error(`a stored value has the unknown tag ${String(tag)}`);
  };
  return restore(JSON.parse(json) as Stored);
}

function checkedArray<T>(array: T | undefined): T {
  if (array === undefined) throw new Error('an array of a stored value is missing');
  return array;
}
