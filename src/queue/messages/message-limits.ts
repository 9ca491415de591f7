// Limits what a node's output takes in messages and in the history: a long text is cut, with a note
// that says so, and of a long list the first items are kept.
import { entriesOf, isPyFloat, objectOf } from '../../formats/json.ts';

/** The longest text, in characters. */
export const MAX_TEXT = 2 ** 20;
/** The texts of one message or one node's output. */
export const MAX_MESSAGE = 4 * MAX_TEXT;
/** The outputs of one job. */
export const MAX_JOB = 16 * MAX_TEXT;
/** What remains of each text and list when nothing else is left. */
const MIN_TEXT = 200;
/** What a value takes besides its text: its separators and the like. */
const VALUE_LENGTH = 8;

/** How many characters may still be used. */
export interface TextBudget {
  remaining: number;
}

/** A JSON value within a budget, which is reduced by what is used. */
export function limitTexts<T>(value: T, budget: TextBudget = { remaining: MAX_MESSAGE }): T {
  return limit(value, budget) as T;
}

function limit(value: unknown, budget: TextBudget): unknown {
  budget.remaining -= VALUE_LENGTH;
  if (typeof value === 'string') return limitText(value, budget);
  if (typeof value !== 'object' || value === null || isPyFloat(value)) return value;
  if (Array.isArray(value)) return limitList(value, budget);
  const entries = entriesOf(value as Record<string, unknown>);
  return objectOf(entries.map(([key, item]) => [key, limit(item, budget)] as const));
}

function limitText(text: string, budget: TextBudget): string {
  const length = Math.min(MAX_TEXT, Math.max(budget.remaining, MIN_TEXT));
  budget.remaining -= Math.min(text.length, length);
  return text.length <= length
    ? text
    : `${text.slice(0, length)}… (cut: the text has ${text.length} characters)`;
}

function limitList(items: readonly unknown[], budget: TextBudget): unknown[] {
  const limited: unknown[] = [];
  for (const item of items) {
    if (limited.length > 0 && budget.remaining <= 0) break;
    limited.push(limit(item, budget));
  }
  return limited;
}
