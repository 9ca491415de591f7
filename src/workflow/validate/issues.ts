// The error objects of POST /prompt, each with the Darkroom error that explains it to the user.
// After validate_prompt in ComfyUI's execution.py.

import { DarkroomError, type ErrorCode } from '../../errors.ts';
import type { Json } from '../../formats/json.ts';
import { packTitleOf, REFUSED } from '../../nodes/index.ts';
import { type LaterNote, laterNodeHint } from '../../nodes/versions/nodes-of-version.ts';
import { WIDGET_TYPES } from '../../nodes/widget-types.ts';
import { ownValue } from '../../own-value.ts';
import type { ComfyError } from './comfy-error.ts';
import { floatJson, type PythonError, repr, str } from './python-values.ts';
import { type ErrorForms, refusedValue } from './released-errors.ts';

/** One problem of a prompt, for ComfyUI's clients (`comfy`) and for the user (`error`). */
export interface Issue {
  readonly comfy: ComfyError;
  readonly error: DarkroomError;
}

/** The input that an issue is about. */
export interface InputLocation {
  readonly nodeId: string;
  readonly nodeType: string;
  /** `KSampler (node 3)` */
  readonly name: string;
  readonly input: string;
  /** `[type, options]`; null in place of a long list that was reported before. */
  readonly config: Json[] | null;
}

interface Explanation {
  /** DR_WORKFLOW_INVALID by default. */
  readonly code?: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly file?: string;
}

const createIssue = (
  comfy: ComfyError,
  { nodeId, nodeType, input }: Partial<InputLocation>,
  { code = 'DR_WORKFLOW_INVALID', ...details }: Explanation,
): Issue => ({ comfy, error: new DarkroomError(code, { ...details, nodeId, nodeType, input }) });

/** The issue with an addition to its message, and with its hint; the same issue without a note. */
export function withNote({ comfy, error }: Issue, note: LaterNote | undefined): Issue {
  if (!note) return { comfy, error };
  const message = `${error.message} (${note.since})`;
  return { comfy, error: new DarkroomError(error.code, { ...error, message, hint: note.hint }) };
}

const EXPORT_AGAIN = 'Correct the connection in ComfyUI and export the workflow again.';

/** A node without a class type; `comfy` is missingNode's error. */
export const missingClassType = (nodeId: string, comfy: ComfyError): Issue =>
  createIssue(
    comfy,
    { nodeId },
    {
      message: `node ${nodeId} has no class_type`,
      hint: 'Export the workflow again from ComfyUI in the API format.',
    },
  );

/**
 * A class type that does not exist or is refused, at one or more nodes; `near`: see didYouMean;
 * `comfy` is missingNode's error.
 */
export function unknownType(
  nodeIds: readonly string[],
  nodeType: string,
  near: string,
  comfy: ComfyError,
): Issue {
  const refused = REFUSED.get(nodeType);
  const location = `(node ${nodeIds.join(', ')})`;
  return createIssue(
    comfy,
    { nodeId: nodeIds[0], nodeType },
    refused
      ? {
          message:
            `node type '${nodeType}' of ${refused.pack} ${location} can't be run: ` +
            refused.reason,
          hint: refused.hint,
        }
      : {
          message: `unknown node type '${nodeType}' ${location}`,
          hint: unknownTypeHint(nodeType, near),
        },
  );
}

/** Ends the hint about an unknown type where a command line is at hand. */
export const LIST_NODES = 'Run `darkroom nodes` to list the types that can be run.';

function unknownTypeHint(nodeType: string, near: string): string {
  const later = laterNodeHint(nodeType);
  if (later) return later;
  const pack = packTitleOf(nodeType);
  return [pack ? `It belongs to ${pack}, which is not built in.` : '', near, LIST_NODES]
    .filter(Boolean)
    .join(' ');
}

/** A prompt without output nodes. */
export const noOutputs = (): Issue =>
  createIssue(
    { type: 'prompt_no_outputs', message: 'Prompt has no outputs', details: '', extra_info: {} },
    {},
    {
      message: 'the workflow has no node that saves or shows anything',
      hint: 'Add a SaveImage or PreviewImage node.',
    },
  );

/** A required input without a value or link. */
export const requiredMissing = (location: InputLocation): Issue =>
  createIssue(
    {
      type: 'required_input_missing',
      message: 'Required input is missing',
      // of an input in another one, ComfyUI says the last part of its name
      details: location.input.split('.').at(-1)!,
      extra_info: { input_name: location.input },
    },
    location,
    {
      message: `${location.name} has no value for '${location.input}'`,
      hint: 'Connect the input or set its value.',
    },
  );

/** A list in place of a value that is not a link. */
export const badLink = (location: InputLocation, value: Json): Issue =>
  createIssue(
    {
      type: 'bad_linked_input',
      message: 'Bad linked input, must be a length-2 list of [node_id, slot_index]',
      details: location.input,
      extra_info: {
        input_name: location.input,
        input_config: location.config,
        received_value: value,
      },
    },
    location,
    {
      message: `'${location.input}' of ${location.name} is a list, but not a link`,
      hint:
        'Write a link as ["node id", output number], ' +
        'and a list that is meant as a value as {"__value__": […]}.',
    },
  );

/** A link from an output of another type. */
export const typeMismatch = (
  location: InputLocation,
  received: string,
  expected: string,
  link: Json,
): Issue =>
  createIssue(
    {
      type: 'return_type_mismatch',
      message: 'Return type mismatch between linked nodes',
      details: `${location.input}, received_type(${received}) mismatch input_type(${expected})`,
      extra_info: {
        input_name: location.input,
        input_config: location.config,
        received_type: received,
        linked_node: link,
      },
    },
    location,
    {
      message:
        `'${location.input}' of ${location.name} expects ${expected}, ` +
        `but is connected to an output of type ${received}`,
      hint: `Connect an output of type ${expected}.`,
    },
  );

/** A link to a combo whose choice decides which inputs the node has. */
export const linkedChoice = (
  location: InputLocation,
  received: string,
  options: readonly string[],
  link: Json,
): Issue =>
  createIssue(typeMismatch(location, received, 'COMFY_DYNAMICCOMBO_V3', link).comfy, location, {
    message:
      `'${location.input}' of ${location.name} can't be connected to another node: ` +
      'it decides which inputs the node has',
    hint: optionsHint(options),
  });

/** A link to an input under a name that a growing input does not have. */
export function beyondGrowth(location: InputLocation, names: readonly string[]): Issue {
  const group = location.input.slice(0, location.input.lastIndexOf('.'));
  const problem = `has no input '${location.input}'`;
  return createIssue(
    {
      type: 'custom_validation_failed',
      message: 'Custom validation failed for node',
      details: `${location.input} - ${problem}`,
      extra_info: { input_name: location.input },
    },
    location,
    {
      message: `${location.name} ${problem}`,
      hint:
        `It can have ${names.length} of them, from '${group}.${names[0]}' ` +
        `to '${group}.${names.at(-1)}'.`,
    },
  );
}

/** Hints for values that can't be converted, by the type of the input. */
const CONVERSION_HINTS: Readonly<Record<string, string>> = {
  INT: 'Give a whole number.',
  FLOAT: 'Give a number.',
  ...Object.fromEntries(
    Object.entries(WIDGET_TYPES).map(([type, { expected }]) => [type, `Give ${expected}.`]),
  ),
};

/** A value that Python cannot convert to the type of its input. */
export const conversionFailed = (
  location: InputLocation,
  type: string,
  value: Json,
  error: PythonError,
): Issue =>
  createIssue(
    {
      type: 'invalid_input_type',
      message: `Failed to convert an input value to a ${type} value`,
      details: `${location.input}, ${str(value)}, ${error.message}`,
      extra_info: {
        input_name: location.input,
        input_config: location.config,
        received_value: value,
        exception_message: error.message,
      },
    },
    location,
    {
      message:
        `'${location.input}' of ${location.name} is ${repr(value)}, ` +
        `but must be of type ${type}`,
      hint: ownValue(CONVERSION_HINTS, type) ?? `Connect an output of type ${type}.`,
    },
  );

/** A number below `min` or above `max` of its input. */
export function outOfRange(
  location: InputLocation,
  side: 'min' | 'max',
  value: Json,
  limit: number | bigint,
  isFloat: boolean,
): Issue {
  const bound = str(isFloat ? floatJson(Number(limit)) : limit);
  const isMin = side === 'min';
  return createIssue(
    {
      type: isMin ? 'value_smaller_than_min' : 'value_bigger_than_max',
      message: `Value ${str(value)} ${isMin ? 'smaller' : 'bigger'} than ${side} of ${bound}`,
      details: location.input,
      extra_info: {
        input_name: location.input,
        input_config: location.config,
        received_value: value,
      },
    },
    location,
    {
      message: `'${location.input}' of ${location.name} is ${str(value)}, which is out of range`,
      hint: isMin ? `The minimum is ${bound}.` : `The maximum is ${bound}.`,
    },
  );
}

/** ComfyUI leaves out lists that are longer. */
const MAX_LISTED_OPTIONS = 20;
/** The maximum number of options that a hint lists. */
const MAX_HINTED_OPTIONS = 40;

interface RefusedChoice {
  readonly value: Json;
  readonly options: readonly string[];
  /** See didYouMean. */
  readonly near: string;
  /** The folder of models that the options are in. */
  readonly folder?: string;
}

/**
 * A combo's value that is not one of its options; with `folder`, a model file that is missing.
 */
export function notInList(
  location: InputLocation,
  { value, options, near, folder }: RefusedChoice,
  forms: ErrorForms,
): Issue {
  const isLong = options.length > MAX_LISTED_OPTIONS;
  const list = isLong ? `(list of length ${options.length})` : repr([...options]);
  const comfy: ComfyError = {
    type: 'value_not_in_list',
    message: 'Value not in list',
    details: `${location.input}: ${refusedValue(value, forms)} not in ${list}`,
    extra_info: {
      input_name: location.input,
      input_config: isLong ? null : location.config,
      received_value: value,
    },
  };
  if (folder !== undefined) return missingModel(comfy, location, str(value), folder, near);
  return createIssue(comfy, location, {
    message: `'${location.input}' of ${location.name} is ${repr(value)}, which is not in the list`,
    hint: near || optionsHint(options),
  });
}

function missingModel(
  comfy: ComfyError,
  location: InputLocation,
  file: string,
  folder: string,
  near: string,
): Issue {
  const hint = `Put the file into the folder '${folder}' of a models folder (see --models).`;
  return createIssue(comfy, location, {
    code: 'DR_MODEL_MISSING',
    message:
      `model file '${file}' for '${location.input}' of ${location.name} ` +
      `was not found in the models folder '${folder}'`,
    hint: near ? `${near} Otherwise: ${hint}` : hint,
    file,
  });
}

function optionsHint(options: readonly string[]): string {
  if (options.length === 0) return 'The list is empty.';
  const listed = options.slice(0, MAX_HINTED_OPTIONS).join(', ');
  return `Use one of: ${listed}${options.length > MAX_HINTED_OPTIONS ? ' …' : ''}.`;
}

/** A cycle at one of its nodes; `comfy` is dependencyCycle's error. */
export const inCycle = (nodeId: string, comfy: ComfyError, message: string): Issue =>
  createIssue(comfy, { nodeId }, { message, hint: EXPORT_AGAIN });

/** VALIDATE_INPUTS of the nodes that read an uploaded file; `near`: see didYouMean. */
export const noInputFile = (location: InputLocation, value: string, near: string): Issue =>
  createIssue(
    {
      type: 'custom_validation_failed',
      message: 'Custom validation failed for node',
      details: `${location.input} - Invalid image file: ${value}`,
      extra_info: { input_name: location.input },
    },
    location,
    {
      code: 'DR_FILE_MISSING',
      message:
        `file '${value}' for '${location.input}' of ${location.name} ` +
        'is not in the input folder',
      hint: near || 'Put the file there, or name another input folder with --input.',
      file: value,
    },
  );

/** `text` is what the node's own check returned. */
export const checkFailed = (location: InputLocation, text: string): Issue =>
  createIssue(
    {
      type: 'custom_validation_failed',
      message: 'Custom validation failed for node',
      details: `${location.input} - ${text}`,
      extra_info: { input_name: location.input },
    },
    location,
    { message: `${location.name} rejects its inputs: ${text}`, hint: 'Correct the inputs.' },
  );

/**
 * A Python exception at a node. ComfyUI reports it under that node, with the consumer's input
 * (`location`) in `extra_info`.
 */
export const innerException = (location: InputLocation, error: PythonError, link: Json): Issue =>
  createIssue(
    {
      type: 'exception_during_inner_validation',
      message: 'Exception when validating inner node',
      details: error.message,
      extra_info: {
        input_name: location.input,
        input_config: location.config,
        exception_message: error.message,
        exception_type: error.type,
        traceback: [],
        linked_node: link,
      },
    },
    {},
    { message: error.explanation, hint: error.hint ?? EXPORT_AGAIN },
  );

/** A Python exception at an output node. */
export const outputException = (
  error: PythonError,
  output: Pick<InputLocation, 'nodeId' | 'nodeType'>,
): Issue =>
  createIssue(
    {
      type: 'exception_during_validation',
      message: 'Exception when validating node',
      details: error.message,
      extra_info: { exception_type: error.type, traceback: [] },
    },
    output,
    { message: error.explanation, hint: error.hint ?? EXPORT_AGAIN },
  );
