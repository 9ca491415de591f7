// Turns the body of POST /prompt into a job: it is read, prepared by its nodes and validated. After
// ComfyUI's server.py (post_prompt).
import { DarkroomError } from '../errors.ts';
import { dumpsJson } from '../formats/dumps-json.ts';
import { entriesOf, isJsonObject, type Json, type JsonObject, objectOf } from '../formats/json.ts';
import type { NodeEnvironment } from '../nodes/context.ts';
import { behaviourOf } from '../nodes/versions/behaviour-changes.ts';
import { type ComfyUIVersion, comfyuiVersion } from '../nodes/versions/comfyui-versions.ts';
import { chooseRelease } from '../nodes/versions/named-release.ts';
import type { NewJob } from '../queue/contract.ts';
import { apiGraphOf } from '../workflow/api-graph.ts';
import type { NodeTable } from '../workflow/node-table.ts';
import { type PreparedMessage, preparePrompt } from '../workflow/prepare-prompt.ts';
import { readWorkflow, type Workflow } from '../workflow/read/read.ts';
import { PythonError, str, toBool, toFloat } from '../workflow/validate/python-values.ts';
import { errorResponse, validate } from '../workflow/validate/validate.ts';
import { createValidationEnvironment } from '../workflow/validate/validation-environment.ts';
import type { NodeErrors } from './api-types.ts';
import { errorBody } from './http/responses.ts';
import { isId, MAX_ID_BYTES } from './http/route.ts';

export interface AcceptedPrompt {
  readonly job: NewJob;
  /** Errors of nodes that are left out. */
  readonly nodeErrors: NodeErrors;
  /** Messages of the nodes that prepared the prompt, for the client. */
  readonly messages: readonly PreparedMessage[];
}

export interface RefusedPrompt {
  /** The body of the response with status 400. */
  readonly refused: Json;
}

/**
 * Fields of `extra_data` that are not stored in the history. `webhook` and `idempotency_key` are
 * Darkroom's own.
 */
const SECRETS: ReadonlySet<string> = new Set([
  'auth_token_comfy_org',
  'api_key_comfy_org',
  'webhook',
  'idempotency_key',
]);

/** The release of ComfyUI that `extra_data.comfyui` names; a refusal of an unknown one. */
export function namedVersion(body: JsonObject): ComfyUIVersion | RefusedPrompt | undefined {
  const version = objectIn(body, 'extra_data')['comfyui'];
  if (version === undefined || version === null) return undefined;
  try {
    return comfyuiVersion(str(version));
  } catch (error) {
    if (!(error instanceof DarkroomError)) throw error;
    return refusal('invalid_prompt', `extra_data.comfyui: ${error.message}`, error.hint ?? '');
  }
}

interface PromptContext {
  readonly nodes: NodeTable;
  readonly folders: NodeEnvironment;
  /** The release that the server's settings name. */
  readonly comfyui?: ComfyUIVersion;
}

/**
 * Returns the job that a body describes, or the errors in it. `idempotencyKey` is that of the
 * header.
 */
export function checkPrompt(
  body: JsonObject,
  { nodes, folders, comfyui }: PromptContext,
  idempotencyKey?: string,
): AcceptedPrompt | RefusedPrompt {
  if (!Object.hasOwn(body, 'prompt'))
    return refusal('no_prompt', 'No prompt provided', 'No prompt provided');
  const read = readPrompt(body, nodes);
  if ('refused' in read) return read;
  const extraData = objectIn(body, 'extra_data');
  const prepared = preparePrompt(
    read.workflow.graph,
    { ...read.workflow.extra, ...pngInfoIn(body) },
    nodes,
    folders,
  );
  if (prepared.problems.length > 0) return { refused: preparationErrors(prepared.problems) };
  const { release } = chooseRelease(extraData, comfyui);
  const environment = createValidationEnvironment(folders, behaviourOf(release));
  const validation = validate(prepared.graph, nodes, environment, targetsIn(body));
  const errors = errorResponse(validation);
  if (validation.error) return { refused: errors };
  const ids = {
    promptId: idIn(body, 'prompt_id'),
    clientId: idIn(body, 'client_id') || undefined,
    idempotencyKey: idempotencyKey ?? textIn(extraData, 'idempotency_key'),
  };
  if (!Object.values(ids).every((id) => id === undefined || isId(id)))
    return refusal(
      'invalid_prompt',
      'Invalid id',
      'prompt_id, client_id and idempotency_key must not be empty, contain null characters ' +
        `or be longer than ${MAX_ID_BYTES} bytes`,
    );
  return {
    job: {
      ...ids,
      prompt: dumpsJson(apiGraphOf(validation.graph)),
      extra: dumpsJson(storedExtra(extraData, prepared.extra, ids.clientId)),
      number: read.number,
      front: Object.hasOwn(body, 'front') && toBool(body['front']),
      outputs: validation.outputs,
      webhook: textIn(extraData, 'webhook'),
    },
    nodeErrors: errors['node_errors'] as unknown as NodeErrors,
    messages: prepared.messages,
  };
}

interface PromptContent {
  readonly number?: number;
  readonly workflow: Workflow;
}

function readPrompt(body: JsonObject, nodes: NodeTable): PromptContent | RefusedPrompt {
  try {
    const number = Object.hasOwn(body, 'number') ? toFloat(body['number']) : undefined;
    if (number !== undefined && !Number.isFinite(number))
      return refusal('invalid_prompt', 'Invalid number', 'number is not finite');
    return {
      number,
      workflow: readWorkflow(body['prompt'], 'the prompt', { nodes, strict: true }),
    };
  } catch (error) {
    if (error instanceof PythonError)
      return refusal('invalid_prompt', 'Invalid number', error.message);
    if (error instanceof DarkroomError)
      return refusal('invalid_prompt', error.message, error.hint ?? '');
    throw error;
  }
}

/** `extra_data` as the history stores it. `pngInfo` is saved in images. */
function storedExtra(
  extraData: JsonObject,
  pngInfo: Readonly<JsonObject>,
  clientId: string | undefined,
): JsonObject {
  const entries = entriesOf(extraData).filter(
    ([name]) => !SECRETS.has(name) && name !== 'extra_pnginfo' && name !== 'client_id',
  );
  if (Object.keys(pngInfo).length > 0 || Object.hasOwn(extraData, 'extra_pnginfo'))
    entries.push(['extra_pnginfo', pngInfo as JsonObject]);
  if (clientId !== undefined) entries.push(['client_id', clientId]);
  return objectOf(entries);
}

function targetsIn(body: JsonObject): string[] | undefined {
  const targets = body['partial_execution_targets'];
  return Array.isArray(targets) ? targets.map(str) : undefined;
}

/** A field as Python's str() prints it; undefined for null. */
function idIn(body: JsonObject, name: string): string | undefined {
  const value = body[name];
  return value === undefined || value === null ? undefined : str(value);
}

/** A text that is not empty. */
function textIn(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** `extra_data.extra_pnginfo` of a body; empty without one. */
export const pngInfoIn = (body: JsonObject): JsonObject =>
  objectIn(objectIn(body, 'extra_data'), 'extra_pnginfo');

function objectIn(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}

const refusal = (type: string, message: string, details: string): RefusedPrompt => ({
  refused: errorBody(type, message, details),
});

/** The errors of nodes that prepared the prompt, in the shape of ComfyUI's validation errors. */
function preparationErrors(problems: readonly DarkroomError[]): Json {
  const errors = problems.map(({ message, hint, nodeId, nodeType, input }) => ({
    nodeId: nodeId ?? '',
    class_type: nodeType ?? '',
    error: {
      type: 'custom_validation_failed',
      message,
      details: hint ?? '',
      extra_info: objectOf<Json>(input === undefined ? [] : [['input_name', input]]),
    },
  }));
  const byNode = new Map<string, Json>();
  for (const { nodeId, class_type } of errors)
    byNode.set(nodeId, {
      errors: errors.filter((e) => e.nodeId === nodeId).map((e): Json => e.error),
      dependent_outputs: [nodeId],
      class_type,
    });
  return {
    error: {
      type: 'prompt_outputs_failed_validation',
      message: 'Prompt outputs failed validation',
      details: problems.map(({ message, hint }) => `${message}: ${hint ?? ''}`).join('\n'),
      extra_info: {},
    },
    node_errors: objectOf(byNode),
  };
}
