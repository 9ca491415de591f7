// Nodes that format texts, read and write JSON as text, and save texts.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_string.py, nodes_text.py.
import { DarkroomError } from '../../../../errors.ts';
import { dumpsJson } from '../../../../formats/dumps-json.ts';
import { isJsonObject, type Json } from '../../../../formats/json.ts';
import { parseJson } from '../../../../formats/parse-json.ts';
import { formatString, strOf } from '../../../../text/python-format/format-string.ts';
import { FormatError } from '../../../../text/python-format/format-value.ts';
import {
  autogrowNames,
  combo,
  defineNode,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { pythonValue } from '../../../shared/python-values.ts';
import { METADATA_INPUTS } from '../../../shared/save-images.ts';
import { LETTERS } from './number-nodes.ts';

const category = 'text';

const StringFormat = defineNode({
  type: 'StringFormat',
  display: 'Format Text',
  category,
  description: "Python's format method of texts: {a}, {b:.2f}, {c:>8}, {d!r} and so on.",
  inputs: {
    values: autogrowNames('value', socket('*'), LETTERS, 0),
    f_string: string({ default: '{a}', multiline: true }),
  },
  outputs: [output('STRING')],
  run({ values, f_string }, context) {
    const named = Object.entries(values).map(([name, value]): [string, unknown] => [
      name,
      pythonValue(value, context.inputType(`values.${name}`)),
    ]);
    try {
      return outputs(formatString(f_string, new Map(named)));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: `the text can't be formatted: ${error.message}`,
        hint: "Write fields as Python does, {a} or {a:.2f}, and a brace that is meant as '{{'.",
        input: 'f_string',
      });
    }
  },
});

/** JSON, or undefined for a text that is none. */
function jsonOf(text: string): Json | undefined {
  // json.loads refuses a byte order mark
  if (text.startsWith('\ufeff')) return undefined;
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof DarkroomError && error.code === 'DR_JSON_INVALID') return undefined;
    throw error;
  }
}

const JsonExtractString = defineNode({
  type: 'JsonExtractString',
  display: 'Extract Text from JSON',
  category,
  inputs: { json_string: string({ multiline: true }), key: string({ multiline: false }) },
  outputs: [output('STRING')],
  run({ json_string, key }) {
    const json = jsonOf(json_string);
    const value =
      json !== undefined && isJsonObject(json) && Object.hasOwn(json, key) ? json[key] : null;
    return outputs(value === null ? '' : strOf(pythonValue(value)));
  },
});

const indent = () =>
  int({
    default: 2,
    min: 0,
    max: 8,
    tooltip: 'Spaces per level; 0 writes everything on one line.',
  });

/** A value as JSON. Throws DR_INPUT_INVALID for a value that is none. */
function jsonText(value: unknown, input: string, spaces: number): string {
  if (!isJson(value))
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `'${input}' contains an image or another value that can't be written as JSON`,
      hint: 'Connect a value of texts, numbers, lists and dictionaries.',
      input,
    });
  return dumpsJson(value, { indent: spaces || undefined, ascii: false });
}

const MAX_DEPTH = 900;

const isJson = (value: unknown, depth = 0): boolean => {
  if (value === null || value === undefined) return true;
  if (typeof value !== 'object') return !['function', 'symbol'].includes(typeof value);
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1));
  return (
    Object.getPrototypeOf(value) === Object.prototype &&
    Object.values(value).every((item) => isJson(item, depth + 1))
  );
};

const ConvertDictionaryToString = defineNode({
  type: 'ConvertDictionaryToString',
  display: 'Convert Dictionary to String',
  category,
  inputs: { dictionary: socket('DICT'), indent: indent() },
  outputs: [output('STRING')],
  run: (inputs) => outputs(jsonText(inputs.dictionary, 'dictionary', inputs.indent)),
});

const ConvertArrayToString = defineNode({
  type: 'ConvertArrayToString',
  display: 'Convert Array to String',
  category,
  inputs: { array: socket('ARRAY'), indent: indent() },
  outputs: [output('STRING')],
  run: (inputs) => outputs(jsonText(inputs.array, 'array', inputs.indent)),
});

const SaveText = defineNode({
  type: 'SaveText',
  display: 'Save Text',
  category,
  description: 'Saves a text in the output folder.',
  inputs: {
    text: string({ forceInput: true }),
    filename_prefix: string({ default: 'ComfyUI' }),
    format: combo(['txt', 'csv', 'md', 'json'], { default: 'txt' }),
  },
  hidden: METADATA_INPUTS,
  outputs: [output('STRING', 'text')],
  outputNode: true,
  saves: 'output',
  async run({ text, filename_prefix, format }, context) {
    const json = format === 'json' ? jsonOf(text) : undefined;
    const content = json === undefined ? text : dumpsJson(json, { indent: 2, ascii: false });
    const files = await context.save({
      type: 'output',
      prefix: filename_prefix,
      extension: format,
      bareCounter: true,
      size: { width: 1, height: 1 },
      files: [new TextEncoder().encode(content)],
    });
    return { outputs: [text], ui: { text: [text], files } };
  },
});

export const TEXT_NODES: readonly NodeDeclaration[] = [
  StringFormat,
  JsonExtractString,
  ConvertDictionaryToString,
  ConvertArrayToString,
  SaveText,
];
