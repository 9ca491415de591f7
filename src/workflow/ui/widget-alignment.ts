// Aligns the values of a file with the slots of a layout. Files of older versions have fewer or
// more values; these are matched with the current slots by type and range.
import { isJsonObject, type Json, numberOf } from '../../formats/json.ts';
import { replacedOption } from '../../nodes/former-options.ts';
import type { Input } from '../../nodes/input-types.ts';
import { chosenOption } from '../../nodes/nested-inputs.ts';
import { WIDGET_TYPES } from '../../nodes/widget-types.ts';
import { CONTROL_VALUES, type WidgetSlot } from './widget-slots.ts';

/** Options of lists that have become BOOLEAN inputs. */
const SWITCH_OPTIONS: ReadonlySet<string> = new Set([
  'enable',
  'enabled',
  'disable',
  'disabled',
  'true',
  'false',
  'on',
  'off',
  'yes',
  'no',
]);

/** The cost of putting a value into a slot, from 0 (it fits) to 7 (it cannot belong there). */
export function misfit(value: Json, slot: WidgetSlot): number {
  if (slot.kind === 'editor') return slot.fits(value) ? 0 : 7;
  const { input } = slot;
  if (input === undefined) return 0;
  if (input.kind === 'SOCKET') return typeof value === 'string' ? 0 : 3;
  // null is saved for a widget without a value; packs save arrays and objects for any widget
  if (value === null) return 2;
  if (input.kind === 'WIDGET') return WIDGET_TYPES[input.type].fits(value) ? 0 : 5;
  if (isJsonObject(value) || Array.isArray(value)) return 5;
  switch (input.kind) {
    case 'INT':
    case 'FLOAT':
      return numberMisfit(value, input);
    case 'BOOLEAN':
      return typeof value === 'boolean' ||
        (typeof value === 'string' && SWITCH_OPTIONS.has(value.toLowerCase()))
        ? 0
        : 4;
    case 'STRING':
      return textMisfit(value);
    case 'COMBO':
      return optionMisfit(value, input);
    case 'COMFY_DYNAMICCOMBO_V3':
      return chosenOption(input, value) === undefined ? 5 : 0;
    default:
      return 5;
  }
}

/** ComfyUI makes a text of a number. */
function textMisfit(value: Json): number {
  if (typeof value === 'string') return value !== '' && CONTROL_VALUES.has(value) ? 1 : 0;
  return numberOf(value) === undefined ? 5 : 2;
}

function optionMisfit(value: Json, input: Input & { kind: 'COMBO' }): number {
  const { options, editorOnly } = input;
  if (replacedOption(value, input) !== undefined) return 0;
  if (typeof value !== 'string') return typeof value === 'boolean' ? 6 : 5;
  if (typeof options !== 'function' && options.includes(value)) return 0;
  if (CONTROL_VALUES.has(value)) return 6;
  return typeof options === 'function' || editorOnly ? 0 : 3;
}

function numberMisfit(value: Json, input: Input & { kind: 'INT' | 'FLOAT' }): number {
  const number = numberOf(value);
  if (number === undefined)
    return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
      ? 2
      : 7;
  if (input.kind === 'INT' && !Number.isInteger(number)) return 5;
  return number < Number(input.min) || number > Number(input.max) ? 3 : 0;
}

/** Cost of a slot without a value. */
const MISSING = 2;
const MISSING_AT_END = 0.5;
/** Cost of a value without a slot. */
const SURPLUS = 6;
const SURPLUS_AT_END = 1;
/** Longer lists are not aligned. */
const MAX_VALUES = 500;

export interface Alignment {
  readonly cost: number;
  /** The slot of each value, by number; -1 for none. */
  readonly slots: readonly number[];
  /** Whether values or slots were skipped before the end. */
  readonly shifted: boolean;
}

/**
 * The cheapest alignment of values with slots, both in order. Values go to the slots of the same
 * number unless another alignment costs less.
 */
export function align(values: readonly Json[], slots: readonly WidgetSlot[]): Alignment {
  const inOrder = alignInOrder(values, slots);
  const longest = Math.max(values.length, slots.length);
  if (longest > MAX_VALUES || values.every((value, i) => !slots[i] || !misfit(value, slots[i])))
    return inOrder;
  const costs = alignmentCosts(values, slots);
  if (costs[0][0] >= inOrder.cost) return inOrder;
  return { cost: costs[0][0], slots: cheapestSlots(values, slots, costs), shifted: true };
}

function alignInOrder(values: readonly Json[], slots: readonly WidgetSlot[]): Alignment {
  const misfits = values
    .slice(0, slots.length)
    .map((value, i) => misfit(value, slots[i]))
    .reduce((sum, cost) => sum + cost, 0);
  const surplus = Math.max(0, values.length - slots.length);
  const missing = Math.max(0, slots.length - values.length);
  return {
    cost: misfits + surplus * SURPLUS_AT_END + missing * MISSING_AT_END,
    slots: values.map((_, i) => (i < slots.length ? i : -1)),
    shifted: false,
  };
}

/** `costs[i][j]`: the least cost of aligning the values from i on with the slots from j on. */
function alignmentCosts(
  values: readonly Json[],
  slots: readonly WidgetSlot[],
): readonly Float64Array[] {
  const [n, m] = [values.length, slots.length];
  const costs = Array.from({ length: n + 1 }, () => new Float64Array(m + 1));
  for (let i = n; i >= 0; i--)
    for (let j = m; j >= 0; j--) {
      if (i === n) costs[i][j] = (m - j) * MISSING_AT_END;
      else if (j === m) costs[i][j] = (n - i) * SURPLUS_AT_END;
      else
        costs[i][j] = Math.min(
          misfit(values[i], slots[j]) + costs[i + 1][j + 1],
          MISSING + costs[i][j + 1],
          (values[i] === null ? SURPLUS_AT_END : SURPLUS) + costs[i + 1][j],
        );
    }
  return costs;
}

/** The slots of the values in the cheapest alignment. */
function cheapestSlots(
  values: readonly Json[],
  slots: readonly WidgetSlot[],
  costs: readonly Float64Array[],
): number[] {
  const chosen: number[] = [];
  let j = 0;
  for (let i = 0; i < values.length; ) {
    const hasSlot = j < slots.length;
    if (hasSlot && costs[i][j] === misfit(values[i], slots[j]) + costs[i + 1][j + 1]) {
      chosen.push(j++);
      i++;
    } else if (hasSlot && costs[i][j] === MISSING + costs[i][j + 1]) j++;
    else {
      chosen.push(-1);
      i++;
    }
  }
  return chosen;
}
