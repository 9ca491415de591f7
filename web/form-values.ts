// The values of a workflow's widgets while its form is open: their limits, and the followers that
// change with them.
import type { PromptGraph, WorkflowResponse } from '../src/server/api-types.ts';
import type { Field as FormField } from '../src/workflow/overrides/form-types.ts';
import { displayText, type JsonNumber, type JsonValue, parseNumber } from './exact-json.ts';

export type Graph = PromptGraph<JsonValue>;
export type Field = FormField<JsonValue, JsonNumber>;
export type Workflow = WorkflowResponse<JsonValue, JsonNumber>;
/** A workflow that is ready to be queued. */
export type RunnableWorkflow = Pick<Workflow, 'prompt' | 'extra'>;

/** A new value of a node's input. */
export interface Change {
  readonly id: string;
  readonly input: string;
  readonly value: JsonValue;
}

const INTEGER = /^-?\d+$/;

export const isNumeric = ({ kind }: Field): boolean =>
  kind === 'int' || kind === 'seed' || kind === 'float';

/** A random seed of 32 bits, which is short enough to read. */
export const randomSeed = (): string => String(crypto.getRandomValues(new Uint32Array(1))[0]);

/** The value of a field with a text; exactly the field's value if the text is unchanged. */
export function valueOfText(field: Field, text: string): JsonValue {
  if (text === displayText(field.value)) return field.value;
  if (field.kind === 'switch') return text === 'true';
  return isNumeric(field) ? (parseNumber(text) ?? field.value) : text;
}

/** What is wrong with a text that was typed into a field; undefined when nothing is. */
export function problemOf(field: Field, text: string): string | undefined {
  if (!isNumeric(field)) return undefined;
  const value = parseNumber(text);
  if (value === undefined) return 'Enter a number.';
  const typed = displayText(value);
  if (field.kind !== 'float' && !INTEGER.test(typed)) return 'Enter a whole number.';
  const [min, max] = [field.min, field.max].map((limit) =>
    limit === undefined ? undefined : displayText(limit),
  );
  if (min !== undefined && isLess(typed, min)) return `Enter at least ${min}.`;
  if (max !== undefined && isLess(max, typed)) return `Enter at most ${max}.`;
  return undefined;
}

const isLess = (a: string, b: string): boolean =>
  INTEGER.test(a) && INTEGER.test(b) ? BigInt(a) < BigInt(b) : Number(a) < Number(b);

/**
 * The changes that a field's new value makes: its own, the inputs that come with a choice, and
 * those of its followers, which are computed from the graph as it was read.
 */
export function changesOf(graph: Graph, field: Field, value: JsonValue): Change[] {
  const followers = (field.followers ?? []).map(({ id, input, how }): Change => {
    const before = graph[id].inputs[input];
    if (how === 'same') return { id, input, value };
    const follow = how === 'shift' ? shifted : scaled;
    return { id, input, value: follow(before, field.value, value) };
  });
  const ofChoice = Object.entries(field.choices?.[String(value)] ?? {}).map(
    ([input, first]): Change => ({ id: field.id, input, value: first }),
  );
  return [{ id: field.id, input: field.input, value }, ...ofChoice, ...followers];
}

/**
 * `before` plus the difference of `to` and `from`, modulo 2^64; unchanged unless all are integers.
 */
function shifted(before: JsonValue, from: JsonValue, to: JsonValue): JsonValue {
  const texts = [before, from, to].map(displayText);
  if (!texts.every((text) => INTEGER.test(text))) return before;
  const [start, old, current] = texts.map(BigInt);
  return parseNumber(String(BigInt.asUintN(64, start + current - old))) ?? before;
}

/** `before` in the same proportion to `to` as it was to `from`. */
function scaled(before: JsonValue, from: JsonValue, to: JsonValue): JsonValue {
  const [start, old, current] = [before, from, to].map((value) => Number(displayText(value)));
  return parseNumber(String(Math.round((start * current) / old))) ?? before;
}

/** A graph with changes; the nodes that do not change are shared. */
export function applyChanges(graph: Graph, changes: readonly Change[]): Graph {
  const changed = new Map<string, Record<string, JsonValue>>();
  for (const { id, input, value } of changes)
    changed.set(id, { ...(changed.get(id) ?? graph[id].inputs), [input]: value });
  const nodes = [...changed].map(([id, inputs]) => [id, { ...graph[id], inputs }] as const);
  return { ...graph, ...Object.fromEntries(nodes) };
}

/** The extra data of a workflow without the editor's version of it, which has the old values. */
export function withoutEditorWorkflow(extra: Workflow['extra']): Workflow['extra'] {
  const { workflow: _, ...others } = extra;
  return others;
}

/** A workflow with a new seed; the followers of the seed change with it. */
export function reseeded({ prompt, extra, form }: Omit<Workflow, 'source' | 'notes'>) {
  const seed = form.main.find(({ kind }) => kind === 'seed');
  const value = parseNumber(randomSeed());
  if (!seed || value === undefined) return { prompt, extra };
  return {
    prompt: applyChanges(prompt, changesOf(prompt, seed, value)),
    extra: withoutEditorWorkflow(extra),
  };
}
