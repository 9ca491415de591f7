// Weights of options and list items, `3::fox`, and draws by them (Impact Pack wildcards.py).
import type { DefaultRng } from '../random/numpy-random.ts';
import type { ExpansionBudget } from './expansion-budget.ts';
import { unusable } from './wildcard-errors.ts';

/** Whether a text is a decimal number without an exponent (`2`, `-.5`, `3.`). */
export const isNumeric = (text: string): boolean => /^-?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text);

/** An option without the weight before it. */
export const withoutWeight = (option: string): string => option.replace(/^\s*[0-9.]+::/, '');

export interface Weights {
  /** Scaled to a sum of 1. */
  readonly shares: readonly number[];
  /** The sum before. */
  readonly total: number;
}

/**
 * The weights of options: 3 for `3::a`, 1 without a number. `written` is what the options are from.
 * Throws DR_INPUT_INVALID for options whose weights sum to 0.
 */
export function weightsOf(options: readonly string[], written: string): Weights {
  const weights = options.map((option) => {
    const at = option.indexOf('::');
    const number = at < 0 ? '' : option.slice(0, at).trim();
    return isNumeric(number) ? Number(number) : 1;
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (options.length > 0 && total === 0) throw unusable(written, 'its weights sum to 0');
  return { shares: weights.map((weight) => weight / total), total };
}

/**
 * Draws different options by their weights. Throws DR_INPUT_INVALID for weights below 0, and for
 * fewer than `count` options with a weight above 0.
 */
export function drawWeighted(
  options: readonly string[],
  { shares }: Weights,
  count: number,
  { rng, budget, written }: { rng: DefaultRng; budget: ExpansionBudget; written: string },
): string[] {
  if (shares.some((share) => share < 0)) throw unusable(written, 'a weight is below 0');
  if (shares.filter((share) => share > 0).length < count)
    throw unusable(written, `it has fewer than ${count} options with a weight above 0`);
  return rng
    .weightedChoice(shares, count, () => budget.spend(shares.length))
    .map((index) => options[index]);
}
