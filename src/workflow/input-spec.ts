// Input declarations in ComfyUI's form, `[type, options]` (a combo's type is its list of options),
// socket types, and the conversion of widget values.

import {
  entriesOf,
  isJsonObject,
  isPyFloat,
  type Json,
  type JsonObject,
  numberOf,
  objectOf,
  pyFloat,
} from '../formats/json.ts';
import type { NodeEnvironment } from '../nodes/context.ts';
import { inputOf, type NodeDeclaration, type Output } from '../nodes/declare.ts';
import { isOutputLink, type OutputLink } from '../nodes/graph-builder.ts';
import type { ComboInput, Input, Inputs } from '../nodes/input-types.ts';
import { flatDeclaration } from '../nodes/nested-inputs.ts';
import { ownValue } from '../own-value.ts';
import { str, toBool, toFloat, toInt } from './validate/python-values.ts';

/** The socket type that a link to this input must have. */
export const socketTypeOf = (input: Input): string =>
  input.kind === 'SOCKET' || input.kind === 'WIDGET' ? input.type : input.kind;

/** The options of a combo, which may depend on the files at hand. */
export const optionsOf = (input: ComboInput, environment: NodeEnvironment): readonly string[] =>
  typeof input.options === 'function' ? input.options(environment) : input.options;

/**
 * The option that the editor selects; undefined for a list of files, where it is the first file.
 */
export const initialOption = (input: ComboInput): string | undefined =>
  input.default ?? (typeof input.options === 'function' ? undefined : input.options[0]);

/** Keys of a declaration that are not among ComfyUI's options. */
const OWN_KEYS = new Set([
  'kind',
  'type',
  'wide',
  'options',
  'folder',
  'editorOnly',
  'former',
  'wildcards',
  'optional',
  'later',
  'inline',
  'match',
  'template',
  'names',
  'prefix',
  'choices',
  'required',
]);

/** The type of sockets whose type is that of others of the same node. */
const MATCH_TYPE = 'COMFY_MATCHTYPE_V3';
const matchTemplate = (match: string, type: string): JsonObject => ({
  template: { template_id: match, allowed_types: type },
});

/** The type of an output as in `/object_info`. */
export const listedType = ({ type, match }: Output): string =>
  match === undefined ? type : MATCH_TYPE;

/** Inputs as in `/object_info`: names and configs by `required` and `optional`. */
function inputConfigs(inputs: Inputs, environment: NodeEnvironment): JsonObject {
  const configs = (isOptional: boolean): [string, Json][] =>
    Object.entries(inputs)
      .filter(([, { optional = false }]) => optional === isOptional)
      .map(([name, input]) => [name, inputConfig(input, environment)]);
  const optional = configs(true);
  return {
    required: objectOf(configs(false)),
    ...(optional.length > 0 && { optional: objectOf(optional) }),
  };
}

/** The options of the kinds that ComfyUI describes by an object of their own. */
function ownOptions(input: Input, environment: NodeEnvironment): JsonObject {
  switch (input.kind) {
    case 'SOCKET':
      return input.match === undefined ? {} : matchTemplate(input.match, input.type);
    case 'COMFY_AUTOGROW_V3': {
      const { template, names, prefix, required: min } = input;
      const repeated = inputConfigs({ [template.name]: template.input }, environment);
      const named: JsonObject =
        prefix === undefined ? { names: [...names], min } : { prefix, min, max: names.length };
      return { template: { input: repeated, ...named } };
    }
    case 'COMFY_DYNAMICCOMBO_V3': {
      const options = input.options.map((key) => ({
        key,
        inputs: inputConfigs(input.choices[key], environment),
      }));
      return { options };
    }
    default:
      return {};
  }
}

/** `[type, options]` as in `/object_info` and in `extra_info.input_config`. */
export function inputConfig(input: Input, environment: NodeEnvironment): [Json, JsonObject] {
  const options = objectOf(
    Object.entries(input)
      .filter(
        ([key, value]) =>
          !OWN_KEYS.has(key) &&
          value !== Number.POSITIVE_INFINITY &&
          value !== Number.NEGATIVE_INFINITY,
      )
      .map(([key, value]): [string, Json] => [
        key,
        input.kind === 'FLOAT' && typeof value === 'number' ? pyFloat(value) : value,
      ]),
  );
  const type = input.kind === 'SOCKET' && input.match !== undefined ? MATCH_TYPE : undefined;
  return [
    input.kind === 'COMBO' ? [...optionsOf(input, environment)] : (type ?? socketTypeOf(input)),
    objectOf([...entriesOf(options), ...entriesOf(ownOptions(input, environment))]),
  ];
}

/**
 * Whether an output of type `received` may be linked to an input of type `expected`: the types are
 * equal, are unions that share a member, or one of them is `*`.
 */
export function socketTypesMatch(received: string, expected: string): boolean {
  if (received === expected || received === '*' || expected === '*') return true;
  const members = new Set(unionMembers(expected));
  return unionMembers(received).some((type) => members.has(type));
}

/** The members of a union type: INT and FLOAT of `INT,FLOAT`. */
export const unionMembers = (type: string): string[] =>
  type.split(',').map((member) => member.trim());

/**
 * The links at those inputs of a node that its declaration contains, with their names and
 * declarations.
 */
export function declaredLinks(
  declaration: NodeDeclaration,
  inputs: Readonly<Record<string, unknown>>,
): [string, OutputLink, Input][] {
  const links: [string, OutputLink, Input][] = [];
  const flat = flatDeclaration(declaration, inputs);
  for (const [name, value] of Object.entries(inputs)) {
    const input = isOutputLink(value) ? inputOf(flat, name) : undefined;
    if (input) links.push([name, value as OutputLink, input]);
  }
  return links;
}

const CONVERSIONS: Readonly<Record<string, (value: Json) => Json>> = {
  INT: toInt,
  FLOAT: toFloat,
  STRING: str,
  BOOLEAN: toBool,
};

/**
 * Converts a widget value as ComfyUI's validation does, but returns a FLOAT as a plain number.
 * Throws PythonError when the value can't be converted to the type of the input.
 */
export function convertWidgetValue(raw: Json, input: Input): Json {
  const value = isJsonObject(raw) && Object.hasOwn(raw, '__value__') ? raw['__value__'] : raw;
  return ownValue(CONVERSIONS, socketTypeOf(input))?.(value) ?? value;
}

/** The value with plain numbers instead of those that remember how Python prints them. */
function withPlainNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPlainNumbers);
  if (isJsonObject(value))
    return objectOf(entriesOf(value).map(([key, item]) => [key, withPlainNumbers(item)] as const));
  return isPyFloat(value) || typeof value === 'bigint' ? numberOf(value) : value;
}

/**
 * A value as it is passed to a node's `run`: plain numbers, bigint for seeds, undefined for null.
 */
export function toRunValue(value: unknown, input: Input): unknown {
  if (value === null) return undefined;
  if (input.kind === 'WIDGET') return withPlainNumbers(value);
  if (input.kind === 'INT' && input.wide && typeof value === 'number' && Number.isInteger(value))
    return BigInt(value);
  if (
    isPyFloat(value) ||
    (typeof value === 'bigint' &&
      !(input.kind === 'INT' && input.wide) &&
      ['INT', 'FLOAT'].includes(socketTypeOf(input)))
  )
    return numberOf(value);
  return value;
}
