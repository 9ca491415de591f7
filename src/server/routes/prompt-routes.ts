// /prompt: what waits, and a workflow to run. `?wait=1` answers with the outputs.
import { DarkroomError } from '../../errors.ts';
import { dumpsJson, isJsonObject, type Json, parseJson } from '../../formats/json.ts';
import type { JobStatus, Queue } from '../../queue/contract.ts';
import { stringsIn } from '../../storage/storage.ts';
import { type Answer, errorBody, json, refuse } from '../http/answers.ts';
import { type Call, objectBody, type Route } from '../http/route.ts';
import type { Parts } from '../services.ts';

const execInfo = {
  type: 'object',
  properties: {
    exec_info: { type: 'object', properties: { queue_remaining: { type: 'integer' } } },
  },
} as const;

const promptBody = {
  type: 'object',
  required: ['prompt'],
  properties: {
    prompt: {
      type: 'object',
      description: 'A workflow in the API format (or the editor’s own).',
      additionalProperties: { type: 'object' },
    },
    client_id: { type: 'string', description: 'Whose socket hears of it.' },
    prompt_id: { type: 'string', description: 'An id of your own.' },
    number: { type: 'number', description: 'Smaller ones run first.' },
    front: { type: 'boolean', description: 'Before all others.' },
    partial_execution_targets: {
      type: 'array',
      items: { type: 'string' },
      description: 'Ids of the output nodes to run.',
    },
    extra_data: {
      type: 'object',
      properties: {
        extra_pnginfo: { type: 'object', description: 'Written into pictures.' },
        webhook: {
          type: 'string',
          description: 'An address that is called with a POST when the job has ended.',
        },
        idempotency_key: { type: 'string', description: 'As the header Idempotency-Key.' },
      },
    },
  },
} as const;

const accepted = {
  type: 'object',
  properties: {
    prompt_id: { type: 'string' },
    number: { type: 'number' },
    node_errors: { type: 'object' },
  },
} as const;
const finished = {
  type: 'object',
  properties: {
    ...accepted.properties,
    state: { enum: ['success', 'error', 'interrupted', 'removed'] },
    outputs: { type: 'object' },
    status: {},
  },
} as const;
const problem = {
  type: 'object',
  properties: { error: { type: 'object' }, node_errors: { type: 'object' } },
} as const;

export const promptRoutes = (parts: Parts): Route[] => [
  {
    method: 'GET',
    path: '/prompt',
    summary: 'How many jobs run and wait.',
    answers: { 200: { description: 'The length of the queue.', schema: execInfo } },
    handle: async () =>
      json({ exec_info: { queue_remaining: (await (await parts.queue()).counts()).remaining } }),
  },
  {
    method: 'POST',
    path: '/prompt',
    summary: 'Queues a workflow.',
    query: {
      wait: {
        type: 'string',
        description: 'Anything but empty, 0 and false: answers when the job has ended.',
      },
      timeout: { type: 'number', description: 'Seconds to wait at most; then the answer is 202.' },
    },
    body: promptBody,
    answers: {
      200: { description: 'Accepted; with `wait`, done.', schema: finished },
      202: { description: 'Accepted, and not done when the time was over.', schema: accepted },
      400: { description: 'The workflow can’t run.', schema: problem },
      409: { description: 'With `wait`: the job was interrupted or taken out.', schema: finished },
      422: { description: 'With `wait`: the job failed.', schema: finished },
      429: { description: 'The queue is full.', schema: problem },
      503: { description: 'The database can’t be reached.', schema: problem },
    },
    handle: (call) => post(call, parts),
  },
];

async function post(call: Call, parts: Parts): Promise<Answer> {
  const body = objectBody(call);
  await Promise.all([
    parts.storage.fetchMentioned(stringsIn(body['prompt'])),
    parts.storage.refreshInputNames(),
  ]);
  const result = (await parts.desk()).intake(body, call.header('idempotency-key') || undefined);
  if ('refused' in result) return json(result.refused, 400);
  const queue = await parts.queue();
  const { promptId, number, added } = await queue.add(result.job).catch(refusal);
  const { clientId } = result.job;
  if (added && clientId !== undefined)
    for (const { event, data } of result.messages) parts.sockets.send(clientId, event, data);
  const answer = { prompt_id: promptId, number, node_errors: result.nodeErrors };
  parts.logs.logger.info({ promptId, number, added }, 'prompt accepted');
  return isWanted(call.query('wait')) ? waited(call, queue, promptId, answer) : json(answer);
}

const isWanted = (text: string | undefined): boolean =>
  text !== undefined && !['', '0', 'false'].includes(text.toLowerCase());

const STATUS: Readonly<Record<string, number>> = { success: 200, error: 422 };

async function waited(
  call: Call,
  queue: Queue,
  promptId: string,
  answer: Record<string, Json>,
): Promise<Answer> {
  const seconds = Number(call.query('timeout') ?? Number.NaN);
  const timeout =
    seconds >= 0 ? [AbortSignal.timeout(Math.min(Math.round(seconds * 1000), 2 ** 31 - 1))] : [];
  let status: JobStatus | undefined;
  try {
    status = await queue.waitForEnd(promptId, AbortSignal.any([call.signal, ...timeout]));
  } catch (error) {
    if (error instanceof DarkroomError && error.code === 'DR_INTERRUPTED') return json(answer, 202);
    throw error;
  }
  const entry = await queue.history.get(promptId);
  const stored = entry && parseJson(entry.json);
  const { outputs = {}, status: told = null } = isJsonObject(stored ?? null)
    ? (stored as Record<string, Json>)
    : {};
  const state = status?.state ?? 'removed';
  const error = status?.error === undefined ? null : parseJson(status.error);
  return json({ ...answer, state, outputs, status: told, error }, STATUS[state] ?? 409);
}

const REFUSALS: Readonly<Record<string, readonly [status: number, type: string]>> = {
  DR_QUEUE_FULL: [429, 'queue_full'],
  DR_BAD_USAGE: [400, 'invalid_webhook'],
  DR_DATABASE: [503, 'database_unreachable'],
};

function refusal(error: unknown): never {
  const known = error instanceof DarkroomError ? REFUSALS[error.code] : undefined;
  if (!known || !(error instanceof DarkroomError)) throw error;
  const [status, type] = known;
  const body = dumpsJson(errorBody(type, error.message, error.hint ?? ''));
  return refuse({
    status,
    body,
    type: 'application/json; charset=utf-8',
    headers: status === 400 ? {} : { 'retry-after': '5' },
  });
}
