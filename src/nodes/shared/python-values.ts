// Values of any socket type as Python has them: int and float are different types there.
import {
  entriesOf,
  isPlainObject,
  isPyFloat,
  type JsonObject,
  objectOf,
} from '../../formats/json.ts';

/**
 * A value as Python has it: a bigint for an int, a number for a float. `type` is the socket type of
 * the value, if it is known; otherwise whole numbers are ints. Of lists and objects of JSON, the
 * numbers in them too.
 */
export function pythonValue(value: unknown, type?: string): unknown {
  if (typeof value === 'number')
    return type !== 'FLOAT' && Number.isInteger(value) ? BigInt(value) : value;
  if (isPyFloat(value)) return value.float;
  if (Array.isArray(value)) return value.map((item) => pythonValue(item));
  return isPlainObject(value)
    ? objectOf(
        entriesOf(value as JsonObject).map(([key, item]): [string, unknown] => [
          key,
          pythonValue(item),
        ]),
      )
    : value;
}

/** An int as sockets of type INT carry it. */
export const intValue = (value: bigint): number | bigint =>
  Number.isSafeInteger(Number(value)) ? Number(value) : value;
