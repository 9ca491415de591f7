// @ts-check
// The values of a workflow's widgets while its form is open: changes, and what moves along with them.
import { number, shown } from './json.js';

/** @typedef {{id: string, input: string, how: 'same' | 'shift' | 'share'}} Follower */
/**
 * @typedef {{id: string, input: string, label: string, kind: string, value: any, min?: any, max?: any, step?: number, options?: string[],
 *   help?: string, followers?: Follower[]}} Field
 */

const SEEDS = 1n << 64n;
const WHOLE = /^-?\d+$/;

/** A seed that nobody chose; short enough to be read. */
export const anySeed = () => String(crypto.getRandomValues(new Uint32Array(1))[0]);

/** What is wrong with a value that was typed; undefined when nothing is. @param {Field} field @param {string} text */
export function problemOf(field, text) {
  if (!['int', 'seed', 'float'].includes(field.kind)) return undefined;
  const value = number(text);
  if (value === undefined) return 'Give a number.';
  if (field.kind !== 'float' && !WHOLE.test(shown(value))) return 'Give a whole number.';
  const [min, max] = [field.min, field.max].map((limit) =>
    limit === undefined ? undefined : shown(limit),
  );
  if (min !== undefined && less(shown(value), min)) return `Give at least ${min}.`;
  if (max !== undefined && less(max, shown(value))) return `Give at most ${max}.`;
  return undefined;
}

/** @param {string} a @param {string} b */
const less = (a, b) =>
  WHOLE.test(a) && WHOLE.test(b) ? BigInt(a) < BigInt(b) : Number(a) < Number(b);

/**
 * The changes that a field's new value makes: it, and its followers, which are reckoned from the workflow as it was read.
 * @param {any} prompt @param {Field} field @param {any} value @returns {[id: string, input: string, value: any][]}
 */
export function changesOf(prompt, field, value) {
  const followers = (field.followers ?? []).map(({ id, input, how }) => {
    const before = prompt[id].inputs[input];
    const moved =
      how === 'same'
        ? value
        : how === 'shift'
          ? shifted(before, field.value, value)
          : shared(before, field.value, value);
    return /** @type {[string, string, any]} */ ([id, input, moved]);
  });
  return [[field.id, field.input, value], ...followers];
}

/** @param {any} before @param {any} from @param {any} to */
function shifted(before, from, to) {
  if (![before, from, to].every((value) => WHOLE.test(shown(value)))) return before;
  return number(
    String(
      BigInt.asUintN(
        64,
        (BigInt(shown(before)) + BigInt(shown(to)) - BigInt(shown(from)) + SEEDS) % SEEDS,
      ),
    ),
  );
}

/** @param {any} before @param {any} from @param {any} to */
const shared = (before, from, to) =>
  number(String(Math.round((Number(shown(before)) * Number(shown(to))) / Number(shown(from)))));

/** A workflow with changes; the one that is given stays as it is. @param {any} prompt @param {[string, string, any][]} changes */
export function changed(prompt, changes) {
  const copy = structuredClone(prompt);
  for (const [id, input, value] of changes) copy[id].inputs[input] = value;
  return copy;
}

/** A workflow with another seed, and what else belongs to it. @param {{prompt: any, extra: any, form: {main: Field[]}}} reading */
export function reseeded({ prompt, extra, form }) {
  const seed = form.main.find(({ kind }) => kind === 'seed');
  if (!seed) return { prompt, extra };
  const { workflow: _, ...others } = extra;
  return { prompt: changed(prompt, changesOf(prompt, seed, number(anySeed()))), extra: others };
}
