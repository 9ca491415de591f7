// Single values as Python prints them.
import { floatRepr } from '../../text/python-repr.ts';

/**
 * `str(value)` of None, a text, a truth value or a number; undefined for other values. An integral
 * number is printed as its socket type requires: `8.0` for a FLOAT.
 */
export function scalarText(value: unknown, type: string | undefined): string | undefined {
  if (value === undefined || value === null) return 'None';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'number') return undefined;
  return type === 'FLOAT' || !Number.isInteger(value) ? floatRepr(value) : String(value);
}
