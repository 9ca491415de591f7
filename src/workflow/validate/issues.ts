// The error objects of POST /prompt, each with the Darkroom error that explains it. After ComfyUI's execution.py, validate_prompt.
import { DarkroomError, type ErrorCode, type ErrorDetails } from '../../errors.ts';
import type { Json, JsonObject } from '../../formats/json.ts';
import { didYouMean } from '../../near-matches.ts';
import { packOf, REFUSED } from '../../nodes/index.ts';
import { floatJson, type PythonError, repr, str } from './python-values.ts';

/** ComfyUI's own error object, letter for letter. */
export interface ComfyError {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: JsonObject;
}

/** One thing that is wrong: for clients of ComfyUI, and for people. */
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
  /** `[type, options]` */
  readonly config: Json[];
}

const issue = (
  comfy: ComfyError,
  at: Partial<InputLocation>,
  code: ErrorCode,
  message: string,
  hint?: string,
  file?: string,
): Issue => ({
  comfy,
  error: new DarkroomError(code, {
    message,
    hint,
    nodeId: at.nodeId,
    nodeType: at.nodeType,
    input: at.input,
    file,
  } satisfies ErrorDetails),
});

export const missingClassType = (nodeId: string): Issue =>
  issue(
    {
      type: 'invalid_prompt',
      message: 'Cannot execute because a node is missing the class_type property.',
      details: `Node ID '#${nodeId}'`,
      extra_info: {},
    },
    { nodeId },
    'DR_WORKFLOW_INVALID',
    `node ${nodeId} has no class_type`,
    'Export the workflow again from ComfyUI in the API format.',
  );

const origin = (nodeType: string): string => {
  const pack = packOf(nodeType);
  return pack ? `It belongs to ${pack}, and is not built in.` : '';
};

/** A class type that does not exist or is refused, at one or more nodes. */
export const unknownType = (
  nodeIds: readonly string[],
  nodeType: string,
  known: Iterable<string>,
): Issue => {
  const refused = REFUSED.get(nodeType);
  const where = `(node ${nodeIds.join(', ')})`;
  return issue(
    {
      type: 'invalid_prompt',
      message: `Cannot execute because node ${nodeType} does not exist.`,
      details: `Node ID '#${nodeIds[0]}'`,
      extra_info: {},
    },
    { nodeId: nodeIds[0], nodeType },
    'DR_WORKFLOW_INVALID',
    refused
      ? `node type '${nodeType}' of ${refused.pack} ${where} can't be run: ${refused.reason}`
      : `unknown node type '${nodeType}' ${where}`,
    refused
      ? refused.hint
      : [
          origin(nodeType),
          didYouMean(nodeType, known),
          '`darkroom nodes` lists the types that can be run.',
        ]
          .filter(Boolean)
          .join(' '),
  );
};

export const noOutputs = (): Issue =>
  issue(
    { type: 'prompt_no_outputs', message: 'Prompt has no outputs', details: '', extra_info: {} },
    {},
    'DR_WORKFLOW_INVALID',
    'the workflow has no node that saves or shows anything',
    'Add a SaveImage or PreviewImage node.',
  );

export const requiredMissing = (at: InputLocation): Issue =>
  issue(
    {
      type: 'required_input_missing',
      message: 'Required input is missing',
      details: at.input,
      extra_info: { input_name: at.input },
    },
    at,
    'DR_WORKFLOW_INVALID',
    `${at.name} has no value for '${at.input}'`,
    'Connect it or give it a value.',
  );

export const badLink = (at: InputLocation, value: Json): Issue =>
  issue(
    {
      type: 'bad_linked_input',
      message: 'Bad linked input, must be a length-2 list of [node_id, slot_index]',
      details: at.input,
      extra_info: { input_name: at.input, input_config: at.config, received_value: value },
    },
    at,
    'DR_WORKFLOW_INVALID',
    `'${at.input}' of ${at.name} is a list that is not a link`,
    'A link is ["node id", output number]; a list as a value is written {"__value__": […]}.',
  );

export const typeMismatch = (
  at: InputLocation,
  received: string,
  wanted: string,
  link: Json,
): Issue =>
  issue(
    {
      type: 'return_type_mismatch',
      message: 'Return type mismatch between linked nodes',
      details: `${at.input}, received_type(${received}) mismatch input_type(${wanted})`,
      extra_info: {
        input_name: at.input,
        input_config: at.config,
        received_type: received,
        linked_node: link,
      },
    },
    at,
    'DR_WORKFLOW_INVALID',
    `'${at.input}' of ${at.name} takes ${wanted}, but is connected to an output of type ${received}`,
    `Connect an output of type ${wanted}.`,
  );

export const conversionFailed = (
  at: InputLocation,
  wanted: string,
  value: Json,
  error: PythonError,
): Issue =>
  issue(
    {
      type: 'invalid_input_type',
      message: `Failed to convert an input value to a ${wanted} value`,
      details: `${at.input}, ${str(value)}, ${error.message}`,
      extra_info: {
        input_name: at.input,
        input_config: at.config,
        received_value: value,
        exception_message: error.message,
      },
    },
    at,
    'DR_WORKFLOW_INVALID',
    `'${at.input}' of ${at.name} is ${repr(value)}, which is no ${wanted}`,
    NEEDED[wanted] ?? `Connect an output of type ${wanted} to it.`,
  );

const NEEDED: Readonly<Record<string, string>> = {
  INT: 'Give a whole number.',
  FLOAT: 'Give a number.',
};

export const outOfRange = (
  at: InputLocation,
  side: 'min' | 'max',
  value: Json,
  limit: number | bigint,
  isFloat: boolean,
): Issue => {
  const bound = str(isFloat ? floatJson(Number(limit)) : limit);
  const word = side === 'min' ? 'smaller' : 'bigger';
  return issue(
    {
      type: side === 'min' ? 'value_smaller_than_min' : 'value_bigger_than_max',
      message: `Value ${str(value)} ${word} than ${side} of ${bound}`,
      details: at.input,
      extra_info: { input_name: at.input, input_config: at.config, received_value: value },
    },
    at,
    'DR_WORKFLOW_INVALID',
    `'${at.input}' of ${at.name} is ${str(value)}`,
    side === 'min' ? `The least is ${bound}.` : `The most is ${bound}.`,
  );
};

/** A combo's value that is none of its options; with `folder`, a model file that is missing. */
export function notInList(
  at: InputLocation,
  value: Json,
  options: readonly string[],
  folder: string | undefined,
): Issue {
  const many = options.length > 20;
  const comfy: ComfyError = {
    type: 'value_not_in_list',
    message: 'Value not in list',
    details: `${at.input}: '${str(value)}' not in ${many ? `(list of length ${options.length})` : repr([...options])}`,
    extra_info: {
      input_name: at.input,
      input_config: many ? null : at.config,
      received_value: value,
    },
  };
  const near = didYouMean(str(value), options);
  if (folder !== undefined) {
    const place = `Put the file into the folder '${folder}' of a models folder that --models names.`;
    return issue(
      comfy,
      at,
      'DR_MODEL_MISSING',
      `model file '${str(value)}' for '${at.input}' of ${at.name} is not among the ${folder}`,
      near ? `${near} Otherwise: ${place}` : place,
      str(value),
    );
  }
  const list =
    options.length === 0
      ? 'There is nothing to choose from.'
      : `One of: ${options.slice(0, 40).join(', ')}${options.length > 40 ? ' …' : ''}.`;
  return issue(
    comfy,
    at,
    'DR_WORKFLOW_INVALID',
    `'${at.input}' of ${at.name} is ${repr(value)}, which is not in the list`,
    near || list,
  );
}

/** VALIDATE_INPUTS of the nodes that read an uploaded file. */
export const noInputFile = (at: InputLocation, value: string, files: readonly string[]): Issue =>
  issue(
    {
      type: 'custom_validation_failed',
      message: 'Custom validation failed for node',
      details: `${at.input} - Invalid image file: ${value}`,
      extra_info: { input_name: at.input },
    },
    at,
    'DR_FILE_MISSING',
    `file '${value}' for '${at.input}' of ${at.name} is not in the input folder`,
    didYouMean(value, files) || 'Put it there, or name another input folder with --input.',
    value,
  );

/** What a node's own check says. */
export const checkFailed = (at: InputLocation, text: string): Issue =>
  issue(
    {
      type: 'custom_validation_failed',
      message: 'Custom validation failed for node',
      details: `${at.input} - ${text}`,
      extra_info: { input_name: at.input },
    },
    at,
    'DR_WORKFLOW_INVALID',
    `${at.name} refuses its inputs: ${text}`,
    'Correct them.',
  );

/** A Python exception at the consumer of a node (`input` of `at`), which ComfyUI reports at the node itself. */
export const innerException = (at: InputLocation, error: PythonError, link: Json): Issue =>
  issue(
    {
      type: 'exception_during_inner_validation',
      message: 'Exception when validating inner node',
      details: error.message,
      extra_info: {
        input_name: at.input,
        input_config: at.config,
        exception_message: error.message,
        exception_type: error.type,
        traceback: [],
        linked_node: link,
      },
    },
    {},
    'DR_WORKFLOW_INVALID',
    error.explanation,
    'Correct the connection in ComfyUI and export the workflow again.',
  );

export const outputException = (error: PythonError): Issue =>
  issue(
    {
      type: 'exception_during_validation',
      message: 'Exception when validating node',
      details: error.message,
      extra_info: { exception_type: error.type, traceback: [] },
    },
    {},
    'DR_WORKFLOW_INVALID',
    error.explanation,
    'Correct the connection in ComfyUI and export the workflow again.',
  );
