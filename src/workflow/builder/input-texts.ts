// The types of a node function's inputs, with comments on them.
import { dumpsJson } from '../../formats/dumps-json.ts';
import type { AutogrowInput, DynamicComboInput, Input, Inputs } from '../../nodes/input-types.ts';
import { socketTypeOf, unionMembers } from '../input-spec.ts';
import { editorDefault, type Literal, mustBeGiven, needsNone } from './defaults.ts';
import { keyOf, quote, unionOf } from './names.ts';

/** Names of unions that several inputs have. */
export type Lists = ReadonlyMap<string, string>;

/** The properties of a type that has these inputs. */
export const inputRows = (inputs: Inputs, lists: Lists, indent: string): string[] =>
  Object.entries(inputs).map(([name, input]) => {
    const text = remarks(input);
    const comment = text ? doc(text, indent) : '';
    const key = `${keyOf(name)}${mustBeGiven(input) ? '' : '?'}`;
    const type =
      input.kind === 'COMFY_DYNAMICCOMBO_V3'
        ? choiceType(name, input, lists, indent)
        : inputType(input, lists);
    return `${comment}${indent}${key}: ${type};\n`;
  });

/** A comment in front of a declaration. */
export function doc(text: string, indent: string): string {
  const lines = text.replaceAll('*/', '* /').split('\n');
  return lines.length === 1
    ? `${indent}/** ${lines[0]} */\n`
    : `${indent}/**\n${lines.map((l) => `${indent} * ${l}\n`).join('')}${indent} */\n`;
}

function remarks(input: Input): string {
  const parts = [input.tooltip ?? ''];
  const value = editorDefault(input);
  if (input.kind === 'INT' || input.kind === 'FLOAT') parts.push(`${input.min} to ${input.max}.`);
  if (input.kind === 'COMBO' && input.folder) parts.push(`A file of models/${input.folder}.`);
  if (value !== undefined) parts.push(`Default: ${value === '' ? 'empty' : oneLine(value)}.`);
  return parts.filter(Boolean).join(' ');
}

const MAX_SHOWN = 60;

/** A default in a comment of one line. */
function oneLine(value: Literal): string {
  const text = (typeof value === 'object' ? dumpsJson(value) : String(value)).replaceAll('\n', ' ');
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)} …` : text;
}

const KINDS: Readonly<Record<string, string>> = {
  INT: 'Int',
  FLOAT: 'Float',
  STRING: 'Text',
  BOOLEAN: 'Bool',
};
const LITERALS: Readonly<Record<string, string>> = {
  INT: 'number | bigint',
  FLOAT: 'number',
  STRING: 'string',
  BOOLEAN: 'boolean',
  COMBO: 'string',
  COLOR: 'string',
  WEBCAM: 'string',
  BOUNDING_BOX: 'BoxValue | readonly BoxValue[] | readonly (readonly BoxValue[])[]',
  BOUNDING_BOXES: 'readonly BoxValue[]',
  ARRAY: 'readonly Value[]',
  DICT: 'Readonly<Record<string, Value>>',
  IMAGECOMPARE: 'Value',
};

/** The type of a combo whose choices have inputs; a text where a choice needs none of them. */
function choiceType(
  name: string,
  { choices }: DynamicComboInput,
  lists: Lists,
  indent: string,
): string {
  const types = Object.entries(choices).flatMap(([choice, inputs]) => {
    const text = needsNone(inputs) ? [quote(choice)] : [];
    const key = `${indent}    ${keyOf(name)}: ${quote(choice)};\n`;
    const rows = inputRows(inputs, lists, `${indent}    `);
    return rows.length > 0 ? [...text, `{\n${key}${rows.join('')}${indent}  }`] : text;
  });
  return types
    .map((type) => `\n${indent}  | ${type}`)
    .join('')
    .trimStart();
}

function grownType({ template, names, prefix }: AutogrowInput, lists: Lists): string {
  const type = inputType(template.input, lists);
  return prefix === undefined
    ? `Partial<Record<${unionOf(names)}, ${type}>>`
    : `Grown<\`${prefix}\${number}\`, ${type}>`;
}

export function inputType(input: Input, lists: Lists): string {
  if (input.kind === 'COMFY_AUTOGROW_V3') return grownType(input, lists);
  if (input.kind === 'COMBO') {
    if (typeof input.options === 'function' || input.options.length === 0) return 'FileName';
    const union = unionOf(input.options);
    return `OneOf<${lists.get(union) ?? union}>`;
  }
  if (input.kind !== 'SOCKET' && input.kind !== 'WIDGET') return KINDS[input.kind];
  const members = unionMembers(socketTypeOf(input));
  if (members.includes('*')) return 'Anything';
  const values = [
    ...(input.kind === 'SOCKET' && input.inline ? ['string'] : []),
    ...members.flatMap((type) => LITERALS[type] ?? []),
  ];
  return [
    ...new Set(values.flatMap((value) => value.split(' | '))),
    `Link<${members.map(quote).join(' | ')}>`,
  ].join(' | ');
}
