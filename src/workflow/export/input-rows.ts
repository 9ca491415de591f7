// The inputs of a node as properties of an object literal in a program.
import {
  entriesOf,
  isJsonObject,
  isPyFloat,
  type Json,
  type JsonObject,
  numberOf,
} from '../../formats/json.ts';
import { inputOf, type NodeDeclaration } from '../../nodes/declare.ts';
import type { AutogrowInput, Input, Inputs } from '../../nodes/input-types.ts';
import { chosenOption, flatDeclaration, isNested } from '../../nodes/nested-inputs.ts';
import { WIDGET_TYPES } from '../../nodes/widget-types.ts';
import { ownValue } from '../../own-value.ts';
import { type Graph, linkOf } from '../api-graph.ts';
import { keyOf, quote } from '../builder/names.ts';
import { convertWidgetValue, socketTypeOf, socketTypesMatch, unionMembers } from '../input-spec.ts';
import type { NodeTable } from '../node-table.ts';
import { PythonError } from '../validate/python-values.ts';
import type { ProgramNames } from './program-names.ts';

export interface Program {
  readonly graph: Graph;
  readonly nodes: NodeTable;
  readonly names: ProgramNames;
}

/** A property of a node's inputs in the program. */
export interface Row {
  readonly key: string;
  readonly value: string;
  /** What is wrong with the value, which is a type error in the program. */
  readonly misfit?: string;
}

/** `key: value`, or the key alone where both are the same. */
export const propertyOf = ({ key, value }: Row): string =>
  key === value ? key : `${key}: ${value}`;

/** The properties of a node's inputs, in the order of the file. */
export function inputRows(
  program: Program,
  declaration: NodeDeclaration,
  given: Readonly<JsonObject>,
): Row[] {
  const nested = new Set<string>();
  const flat = flatDeclaration(declaration, given);
  return entriesOf(given as JsonObject).flatMap(([name, value]): Row[] => {
    const input = inputOf(flat, name);
    if (!input) return [];
    const [outer] = name.split('.');
    const container = Object.hasOwn(declaration.inputs, outer) && declaration.inputs[outer];
    if (!container || !isNested(container))
      return [{ key: keyOf(name), ...rowValue(program, value, input) }];
    if (nested.has(outer)) return [];
    nested.add(outer);
    return nestedRows(program, { [outer]: container }, '', given);
  });
}

/** The properties of inputs that are several in a prompt, and of those in them. */
const nestedRows = (
  program: Program,
  inputs: Inputs,
  prefix: string,
  given: Readonly<JsonObject>,
): Row[] =>
  Object.entries(inputs).flatMap(([own, input]): Row[] => {
    const name = prefix + own;
    const key = keyOf(own);
    if (input.kind === 'COMFY_AUTOGROW_V3') return grownRow(program, own, name, input, given);
    if (!Object.hasOwn(given, name)) return [];
    const row = { key, ...rowValue(program, given[name], input) };
    if (input.kind !== 'COMFY_DYNAMICCOMBO_V3') return [row];
    const choice = chosenOption(input, given[name]);
    const further = choice === undefined ? {} : input.choices[choice];
    const rows = nestedRows(program, further, `${name}.`, given);
    return [rows.length > 0 ? { key, ...objectWith([row, ...rows]) } : row];
  });

/** The property of a growing input: a list where its inputs are the first ones by number. */
function grownRow(
  program: Program,
  own: string,
  name: string,
  { names, prefix, template }: AutogrowInput,
  given: Readonly<JsonObject>,
): Row[] {
  const used = names.filter((one) => Object.hasOwn(given, `${name}.${one}`));
  if (used.length === 0) return [];
  const rows = used.map((one) => ({
    key: keyOf(one),
    ...rowValue(program, given[`${name}.${one}`], template.input),
  }));
  const isList = prefix !== undefined && used.every((one, i) => one === names[i]);
  return [{ key: keyOf(own), ...(isList ? listOf(rows) : objectWith(rows)) }];
}

const listOf = (rows: readonly Row[]): Omit<Row, 'key'> => ({
  value: `[${rows.map(({ value }) => value).join(', ')}]`,
  misfit: rows.find(({ misfit }) => misfit)?.misfit,
});

const objectWith = (rows: readonly Row[]): Omit<Row, 'key'> => ({
  value: `{ ${rows.map(propertyOf).join(', ')} }`,
  misfit: rows.find(({ misfit }) => misfit)?.misfit,
});

/** The expression for the value of an input. */
function rowValue({ graph, nodes, names }: Program, value: Json, input: Input): Omit<Row, 'key'> {
  const link = linkOf(value);
  if (!link) {
    const converted = convertIfPossible(value, input);
    return { value: literal(converted), misfit: misfit(converted, input) };
  }
  const { outputs, dynamicOutput } = nodes.get(graph.get(link.id)!.classType)!;
  const type = (outputs[link.slot] ?? dynamicOutput)?.type ?? '*';
  const expected = socketTypeOf(input);
  return {
    value: names.link(link.id, link.slot),
    misfit: socketTypesMatch(type, expected) ? undefined : `expected ${expected}`,
  };
}

/** A value as ComfyUI converts it before a run; unchanged if that fails. */
function convertIfPossible(value: Json, input: Input): Json {
  try {
    return convertWidgetValue(value, input);
  } catch (error) {
    if (error instanceof PythonError) return value;
    throw error;
  }
}

const IS_OF_TYPE: Readonly<Record<string, (value: Json) => boolean>> = {
  INT: (value) => typeof value === 'bigint' || numberOf(value) !== undefined,
  FLOAT: (value) => typeof value !== 'bigint' && numberOf(value) !== undefined,
  STRING: (value) => typeof value === 'string',
  BOOLEAN: (value) => typeof value === 'boolean',
  COMBO: (value) => typeof value === 'string',
  '*': (value) => value !== null,
};

/** Why a value does not fit an input; undefined when it does. */
function misfit(value: Json, input: Input): string | undefined {
  if (input.kind === 'COMFY_DYNAMICCOMBO_V3')
    return chosenOption(input, value) === undefined ? 'not in the list' : undefined;
  if (input.kind === 'COMBO' && typeof input.options !== 'function' && input.options.length > 0)
    return typeof value === 'string' && input.options.includes(value)
      ? undefined
      : 'not in the list';
  if (input.kind === 'WIDGET' && WIDGET_TYPES[input.type].fits(value)) return undefined;
  const fits =
    (input.kind === 'SOCKET' && input.inline && typeof value === 'string') ||
    unionMembers(socketTypeOf(input)).some((type) => ownValue(IS_OF_TYPE, type)?.(value));
  return fits ? undefined : `expected ${socketTypeOf(input)}`;
}

function literal(value: Json): string {
  if (typeof value === 'string') return value.includes('\n') ? template(value) : quote(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (isPyFloat(value)) return String(value.float);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (isJsonObject(value))
    return `{ ${entriesOf(value)
      .map(([key, item]) => `${keyOf(key)}: ${literal(item)}`)
      .join(', ')} }`;
  return String(value);
}

/** A template literal; backslashes and line ends other than \n are escaped. */
const template = (text: string): string =>
  `\`${text.replace(/[\\`]|\$\{/g, '\\$&').replaceAll('\r', '\\r')}\``;
