// How a seed changes after each run: ComfyUI's `control_after_generate`, which only workflows in UI
// format contain, beside the seed's value.
import { displayText, type JsonValue, parseNumber } from './exact-json.ts';
import { type Field, randomSeed, type Workflow } from './form-values.ts';

export const SEED_CONTROLS = {
  fixed: 'Fixed',
  increment: 'Increment',
  decrement: 'Decrement',
  randomize: 'Randomize',
} as const;

export type SeedControl = keyof typeof SEED_CONTROLS;

type JsonObject = { readonly [key: string]: JsonValue };
const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: JsonValue | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

/** The control that a workflow has beside a seed; undefined for one without. */
export function seedControlOf(
  { extra }: Pick<Workflow, 'extra'>,
  { id, value }: Pick<Field, 'id' | 'value'>,
): SeedControl | undefined {
  const values = findNode(extra['workflow'], id.split(':'))?.['widgets_values'];
  if (isObject(values)) return controlNamed(values['control_after_generate']);
  if (!Array.isArray(values)) return undefined;
  const seed = displayText(value);
  const at = values.findIndex(
    (other, i) =>
      displayText(other) === seed && controlNamed(values[i + 1] as JsonValue) !== undefined,
  );
  return at < 0 ? undefined : controlNamed(values[at + 1] as JsonValue);
}

/** The node of an id such as `5:3`, which is node 3 in the subgraph that node 5 is. */
function findNode(
  workflow: JsonValue | undefined,
  path: readonly string[],
): JsonObject | undefined {
  if (!isObject(workflow)) return undefined;
  const definitions = isObject(workflow['definitions']) ? workflow['definitions'] : {};
  const subgraphs = listOf(definitions['subgraphs']);
  let nodes = listOf(workflow['nodes']);
  for (const [i, id] of path.entries()) {
    const node = nodes.find((other) => displayText(other['id']) === id);
    if (!node || i === path.length - 1) return node;
    nodes = listOf(subgraphs.find((other) => other['id'] === node['type'])?.['nodes']);
  }
  return undefined;
}

/** Also as older editors write it: a switch, or `increment-wrap`. */
function controlNamed(value: JsonValue | undefined): SeedControl | undefined {
  if (typeof value === 'boolean') return value ? 'randomize' : 'fixed';
  if (value === 'increment-wrap') return 'increment';
  return typeof value === 'string' && Object.hasOwn(SEED_CONTROLS, value)
    ? (value as SeedControl)
    : undefined;
}

/** The seed of the next run, modulo 2^64; `seed` is a whole number as it was typed. */
export function nextSeed(control: SeedControl, seed: string): string {
  if (control === 'fixed') return seed;
  if (control === 'randomize') return randomSeed();
  const step = control === 'increment' ? 1n : -1n;
  const current = BigInt(displayText(parseNumber(seed) ?? 0));
  return String(BigInt.asUintN(64, current + step));
}
