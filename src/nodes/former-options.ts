// Options of older versions of a node: files and prompts still contain them.
import type { Json } from '../formats/json.ts';
import { ownValue } from '../own-value.ts';
import type { ComboInput } from './input-types.ts';

/** The option that replaces a value of an older version; undefined for all other values. */
export const replacedOption = (
  value: Json | undefined,
  { former = {} }: ComboInput,
): string | undefined =>
  typeof value === 'string' || typeof value === 'boolean'
    ? ownValue(former, String(value))
    : undefined;
