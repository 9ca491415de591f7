// JSON values that preserve what JSON.parse loses: integers beyond 2^53, `8.0`, NaN and the order
// of numeric keys. parse-json.ts reads them, dumps-json.ts prints them as Python does.

/**
 * A float with an integral value, which Python prints as `8.0`, not `8`. Created by `pyFloat`.
 */
export interface PyFloat {
  readonly [PY_FLOAT]: true;
  readonly float: number;
}
const PY_FLOAT: unique symbol = Symbol('float');

export type Json = null | boolean | number | bigint | string | PyFloat | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** Marks a number as a float, which is printed with a point. */
export const pyFloat = (float: number): PyFloat => ({ [PY_FLOAT]: true, float });

export const isPyFloat = (value: unknown): value is PyFloat =>
  typeof value === 'object' && value !== null && PY_FLOAT in value;

/** Whether a value is a JSON object: not null, an array or a PyFloat. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isPyFloat(value);

/** Whether a value of any kind is an object as JSON has them: of no class, and no PyFloat. */
export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isJsonObject(value) && Object.getPrototypeOf(value) === Object.prototype;

/** A number, bigint or PyFloat as a plain number; undefined for other values. */
export function numberOf(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return isPyFloat(value) ? value.float : undefined;
}

// JavaScript moves keys like "10" to the front, so the order of the file is stored here for objects
// that have such keys.
const fileOrder = new WeakMap<object, readonly string[]>();

/** The keys of an object in the order of its file; keys added later follow. */
export function keysOf(value: object): readonly string[] {
  const order = fileOrder.get(value);
  const keys = Object.keys(value);
  if (!order) return keys;
  const added = new Set(keys);
  const original = order.filter((key) => added.delete(key));
  return [...original, ...added];
}

/** The entries in the order of `keysOf`. */
export const entriesOf = <T>(value: { [key: string]: T }): [string, T][] =>
  keysOf(value).map((key) => [key, value[key]]);

/**
 * An object with these entries, whose order `keysOf` returns even where keys are numeric. The last
 * of equal keys wins.
 */
export function objectOf<T>(entries: Iterable<readonly [string, T]>): { [key: string]: T } {
  const object: { [key: string]: T } = {};
  const order: string[] = [];
  let numeric = false;
  for (const [key, value] of entries) {
    if (!Object.hasOwn(object, key)) order.push(key);
    if (key === '__proto__')
      Object.defineProperty(object, key, {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else object[key] = value;
    numeric ||= isArrayIndex(key);
  }
  if (numeric) fileOrder.set(object, order);
  return object;
}

const isArrayIndex = (key: string): boolean =>
  key.length < 11 && key.charCodeAt(0) < 58 && /^(0|[1-9]\d*)$/.test(key);
