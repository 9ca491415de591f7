// The body of POST /prompt: read, prepared by its nodes, checked, and made a job. After ComfyUI's server.py (post_prompt).
import { DarkroomError } from '../errors.ts';
import {
  dumpsJson,
  entriesOf,
  isJsonObject,
  type Json,
  type JsonObject,
  objectOf,
} from '../formats/json.ts';
import type { NodeEnvironment } from '../nodes/context.ts';
import type { NewJob } from '../queue/contract.ts';
import { apiGraphOf } from '../workflow/api-graph.ts';
import { type PreparedMessage, preparePrompt } from '../workflow/prepare-prompt.ts';
import { readWorkflow, type Workflow } from '../workflow/read/read.ts';
import { PythonError, str, toBool, toFloat } from '../workflow/validate/python-values.ts';
import { errorResponse, type NodeTable, validate } from '../workflow/validate/validate.ts';
import { errorBody } from './http/answers.ts';
import { isId } from './http/route.ts';

export type Intake =
  | {
      readonly job: NewJob;
      readonly nodeErrors: Json;
      readonly messages: readonly PreparedMessage[];
    }
  /** The body of the answer 400. */
  | { readonly refused: Json };

/** Beyond what ComfyUI takes: `extra_data.webhook` and `extra_data.idempotency_key`. Both, and API keys, are kept out of the history. */
const SECRETS: ReadonlySet<string> = new Set([
  'auth_token_comfy_org',
  'api_key_comfy_org',
  'webhook',
  'idempotency_key',
]);

/** A job from a body; never throws for what is in it. */
export function intake(
  body: JsonObject,
  nodes: NodeTable,
  environment: NodeEnvironment,
  idempotencyKey?: string,
): Intake {
  if (!Object.hasOwn(body, 'prompt'))
    return refused('no_prompt', 'No prompt provided', 'No prompt provided');
  const given = isJsonObject(body['extra_data']) ? body['extra_data'] : {};
  let number: number | undefined;
  let workflow: Workflow;
  try {
    number = Object.hasOwn(body, 'number') ? toFloat(body['number']) : undefined;
    if (number !== undefined && !Number.isFinite(number))
      return refused('invalid_prompt', 'Invalid number', 'number is not finite');
    workflow = readWorkflow(body['prompt'], 'the prompt', { nodes });
  } catch (error) {
    if (error instanceof PythonError)
      return refused('invalid_prompt', 'Invalid number', error.message);
    if (error instanceof DarkroomError)
      return refused('invalid_prompt', error.message, error.hint ?? '');
    throw error;
  }
  const info = isJsonObject(given['extra_pnginfo']) ? given['extra_pnginfo'] : {};
  const prepared = preparePrompt(
    workflow.graph,
    { ...workflow.extra, ...info },
    nodes,
    environment,
  );
  if (prepared.problems.length > 0) return { refused: problemsOf(prepared.problems) };
  const targets = body['partial_execution_targets'];
  const validation = validate(
    prepared.graph,
    nodes,
    environment,
    Array.isArray(targets) ? targets.map(str) : undefined,
  );
  const answer = errorResponse(validation);
  if (validation.error) return { refused: answer };
  const clientId =
    body['client_id'] === undefined || body['client_id'] === null
      ? undefined
      : str(body['client_id']) || undefined;
  const extra = entriesOf(given).filter(
    ([name]) => !SECRETS.has(name) && name !== 'extra_pnginfo' && name !== 'client_id',
  );
  if (Object.keys(prepared.extra).length > 0 || Object.hasOwn(given, 'extra_pnginfo'))
    extra.push(['extra_pnginfo', prepared.extra as JsonObject]);
  if (clientId !== undefined) extra.push(['client_id', clientId]);
  const promptId =
    body['prompt_id'] === undefined || body['prompt_id'] === null
      ? undefined
      : str(body['prompt_id']);
  const key = idempotencyKey ?? textOf(given['idempotency_key']);
  if (![promptId, clientId, key].every((id) => id === undefined || isId(id)))
    return refused(
      'invalid_prompt',
      'Invalid id',
      'prompt_id, client_id and idempotency_key must not be empty, or have null characters',
    );
  return {
    job: {
      promptId,
      prompt: dumpsJson(apiGraphOf(validation.graph)),
      extra: dumpsJson(objectOf(extra)),
      clientId,
      number,
      front: Object.hasOwn(body, 'front') && toBool(body['front']),
      outputs: validation.outputs,
      webhook: textOf(given['webhook']),
      idempotencyKey: key,
    },
    nodeErrors: answer['node_errors'],
    messages: prepared.messages,
  };
}

const textOf = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const refused = (type: string, message: string, details: string): Intake => ({
  refused: errorBody(type, message, details),
});

/** What nodes found when they prepared the prompt. */
function problemsOf(problems: readonly DarkroomError[]): Json {
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
