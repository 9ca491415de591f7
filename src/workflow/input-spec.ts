// An input's declaration as ComfyUI words it: `[type, options]`, a combo's type being its list of options.
import {
  isJsonObject,
  isPyFloat,
  type Json,
  type JsonObject,
  numberOf,
  objectOf,
  pyFloat,
} from '../formats/json.ts';
import type { NodeEnvironment } from '../nodes/context.ts';
import { type Input, inputOf, type NodeDeclaration } from '../nodes/declare.ts';
import { isOutputLink, type OutputLink } from '../nodes/graph-builder.ts';
import { str, toBool, toFloat, toInt } from './validate/python-values.ts';

/** The socket type: what a link to this input must carry. */
export const socketTypeOf = (input: Input): string =>
  input.kind === 'SOCKET' ? input.type : input.kind;

export const optionsOf = (
  input: Input & { kind: 'COMBO' },
  environment: NodeEnvironment,
): readonly string[] =>
  typeof input.options === 'function' ? input.options(environment) : input.options;

const OURS = new Set(['kind', 'type', 'wide', 'options', 'folder', 'optional', 'inline']);

/** `[type, options]` as in /object_info and in `extra_info.input_config`. */
export function inputConfig(input: Input, environment: NodeEnvironment): [Json, JsonObject] {
  const options = objectOf(
    Object.entries(input)
      .filter(
        ([key, value]) =>
          !OURS.has(key) &&
          value !== Number.POSITIVE_INFINITY &&
          value !== Number.NEGATIVE_INFINITY,
      )
      .map(([key, value]): [string, Json] => [
        key,
        input.kind === 'FLOAT' && typeof value === 'number' ? pyFloat(value) : value,
      ]),
  );
  return [
    input.kind === 'COMBO' ? [...optionsOf(input, environment)] : socketTypeOf(input),
    options,
  ];
}

/** Whether a link of type `received` may enter an input of type `wanted`: equal, sets that share a member, or `*` on either side. */
export function socketTypesMatch(received: string, wanted: string): boolean {
  if (received === wanted || received === '*' || wanted === '*') return true;
  const members = new Set(wanted.split(',').map((t) => t.trim()));
  return received.split(',').some((t) => members.has(t.trim()));
}

/** The members of a union type: `INT,FLOAT` -> INT and FLOAT. */
export const unionMembers = (type: string): string[] => type.split(',').map((t) => t.trim());

/** The links among a node's inputs, by input name; those that its declaration does not know are left out. */
export function declaredLinks(
  declaration: NodeDeclaration,
  inputs: Readonly<Record<string, unknown>>,
): [string, OutputLink, Input][] {
  const links: [string, OutputLink, Input][] = [];
  for (const [name, value] of Object.entries(inputs)) {
    const input = isOutputLink(value) ? inputOf(declaration, name) : undefined;
    if (input) links.push([name, value as OutputLink, input]);
  }
  return links;
}

const TO_TYPE: Readonly<Record<string, (value: Json) => Json>> = {
  INT: toInt,
  FLOAT: toFloat,
  STRING: str,
  BOOLEAN: toBool,
};

/**
 * A widget value as ComfyUI's validation leaves it in the prompt, but a FLOAT as a plain number. Throws PythonError when it can't be
 * converted to the type of the input.
 */
export function convertWidgetValue(given: Json, input: Input): Json {
  const value =
    isJsonObject(given) && Object.hasOwn(given, '__value__') ? given['__value__'] : given;
  return TO_TYPE[socketTypeOf(input)]?.(value) ?? value;
}

/** A value as run() wants it: plain numbers, bigint for seeds, undefined for null. */
export function toRunValue(value: unknown, input: Input): unknown {
  if (value === null) return undefined;
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
