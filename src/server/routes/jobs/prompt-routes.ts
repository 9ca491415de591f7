// /prompt: the length of the queue, and a workflow to run. `?wait=1` responds with the outputs.
import { DarkroomError } from '../../../errors.ts';
import { dumpsJson } from '../../../formats/dumps-json.ts';
import type { JobStatus } from '../../../queue/contract.ts';
import type { QueueStatus } from '../../api-types.ts';
import { clientError } from '../../http/client-error.ts';
import type { Logs } from '../../http/logs.ts';
import {
  errorBody,
  type JsonField,
  json,
  jsonText,
  objectText,
  type RouteResponse,
  refuse,
} from '../../http/responses.ts';
import type { Route, RouteRequest } from '../../http/route.ts';
import type { ServerContext } from '../../server-context.ts';
import type { TaskOutput } from '../../threads/tasks.ts';

const queueStatus = {
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
      description: 'A workflow in the API format (or in the editor’s own).',
      additionalProperties: { type: 'object' },
    },
    client_id: { type: 'string', description: 'The client whose WebSocket receives the messages.' },
    prompt_id: { type: 'string', description: 'The id of the job (a UUID).' },
    number: { type: 'number', description: 'Jobs with smaller numbers run first.' },
    front: { type: 'boolean', description: 'Runs before all others.' },
    partial_execution_targets: {
      type: 'array',
      items: { type: 'string' },
      description: 'Ids of the output nodes to run.',
    },
    extra_data: {
      type: 'object',
      properties: {
        extra_pnginfo: { type: 'object', description: 'Written into images.' },
        webhook: {
          type: 'string',
          description: 'A URL that is sent a POST request when the job has ended.',
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

export const promptRoutes = (context: ServerContext): Route[] => [
  {
    method: 'GET',
    path: '/prompt',
    summary: 'The number of running and waiting jobs.',
    responses: { 200: { description: 'The length of the queue.', schema: queueStatus } },
    handle: async () => {
      const { remaining } = await (await context.queue()).counts();
      return json<QueueStatus>({ exec_info: { queue_remaining: remaining } });
    },
  },
  {
    method: 'POST',
    path: '/prompt',
    summary: 'Queues a workflow.',
    query: {
      wait: {
        type: 'string',
        description: 'Unless empty, 0 or false: responds when the job has ended.',
      },
      timeout: { type: 'number', description: 'Seconds to wait at most; then responds with 202.' },
    },
    body: promptBody,
    largeBody: true,
    usesFolders: true,
    responses: {
      200: { description: 'Accepted; with `wait`, done.', schema: finished },
      202: { description: 'Accepted, and still running when the time was over.', schema: accepted },
      400: { description: 'The workflow can’t run.', schema: problem },
      409: { description: 'With `wait`: the job was interrupted or removed.', schema: finished },
      413: { description: 'Too large, or too much to read.', schema: problem },
      422: { description: 'With `wait`: the job failed.', schema: finished },
      429: { description: 'The queue is full.', schema: problem },
      503: { description: 'The database can’t be reached.', schema: problem },
    },
    handle: (request) => postPrompt(request, context),
  },
];

async function postPrompt(request: RouteRequest, context: ServerContext): Promise<RouteResponse> {
  const { clients, logs } = context;
  const checked = await checkInThread(request, context);
  request.releaseBody();
  if ('refused' in checked) return checked.refused;
  const { job, nodeErrors, messages } = checked;
  const queue = await context.queue();
  const { promptId, number, added } = await queue.add(job).catch(refuseJob(logs));
  const { clientId } = job;
  if (added && clientId !== undefined)
    for (const message of messages) clients.sendText(clientId, message);
  logs.logger.info({ promptId, number, added }, 'prompt accepted');
  const response: AcceptedJob = { promptId, number, nodeErrors };
  return isSet(request.query('wait'))
    ? waitForJob(request, context, response)
    : jsonText(objectText(fieldsOf(response)));
}

/** A job that was added. */
interface AcceptedJob {
  readonly promptId: string;
  readonly number: number;
  /** JSON text. */
  readonly nodeErrors: string;
}

async function checkInThread(
  request: RouteRequest,
  { storage, threads }: ServerContext,
): Promise<TaskOutput<'checkPrompt'>> {
  const { bytes } = request;
  if (storage.location !== undefined) {
    await storage.fetchMentioned(await threads.run('promptStrings', { bytes }));
    await storage.refreshInputNames();
  }
  const idempotencyKey = request.header('idempotency-key') || undefined;
  const inputNames = storage.inputNames();
  return await threads.run('checkPrompt', { bytes, idempotencyKey, inputNames });
}

/** Names and JSON texts of the fields of a PromptResponse. */
const fieldsOf = ({ promptId, number, nodeErrors }: AcceptedJob): readonly JsonField[] => [
  ['prompt_id', dumpsJson(promptId)],
  ['number', dumpsJson(number)],
  ['node_errors', nodeErrors],
];

const isSet = (flag: string | undefined): boolean =>
  flag !== undefined && !['', '0', 'false'].includes(flag.toLowerCase());

const FINISHED_STATUS: Readonly<Record<string, number>> = { success: 200, error: 422 };
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

async function waitForJob(
  request: RouteRequest,
  { queue: queueOf, threads }: ServerContext,
  accepted: AcceptedJob,
): Promise<RouteResponse> {
  const queue = await queueOf();
  let job: JobStatus | undefined;
  try {
    job = await queue.waitForEnd(accepted.promptId, waitSignal(request));
  } catch (error) {
    if (!(error instanceof DarkroomError && error.code === 'DR_INTERRUPTED')) throw error;
    return jsonText(objectText(fieldsOf(accepted)), 202);
  }
  const entry = await queue.history.get(accepted.promptId);
  const { outputs, status } = entry
    ? await threads.run('historyParts', { json: entry.json })
    : { outputs: '{}', status: 'null' };
  const state = job?.state ?? 'removed';
  return jsonText(
    objectText([
      ...fieldsOf(accepted),
      ['state', dumpsJson(state)],
      ['outputs', outputs],
      ['status', status],
      ['error', job?.error ?? 'null'],
    ]),
    FINISHED_STATUS[state] ?? 409,
  );
}

/** Aborted when the client disconnects, or after the query's `timeout` in seconds. */
function waitSignal(request: RouteRequest): AbortSignal {
  const seconds = Number(request.query('timeout') ?? Number.NaN);
  if (!(seconds >= 0)) return request.signal;
  const timeout = AbortSignal.timeout(Math.min(Math.round(seconds * 1000), MAX_TIMEOUT_MS));
  return AbortSignal.any([request.signal, timeout]);
}

const REFUSALS: Readonly<Record<string, { readonly status: number; readonly type: string }>> = {
  DR_QUEUE_FULL: { status: 429, type: 'queue_full' },
  DR_BAD_USAGE: { status: 400, type: 'invalid_webhook' },
  DR_DATABASE: { status: 503, type: 'database_unreachable' },
};

/** Responds to an error of the queue in ComfyUI's shape. */
const refuseJob =
  ({ logger }: Logs) =>
  (error: unknown): never => {
    const refusal = error instanceof DarkroomError ? REFUSALS[error.code] : undefined;
    if (!refusal || !(error instanceof DarkroomError)) throw error;
    const { status, type } = refusal;
    if (status === 503) logger.error({ err: error }, 'a job can’t be stored');
    const { message, hint } = clientError(error);
    return refuse({
      ...json(errorBody(type, message, hint), status),
      headers: status === 400 ? {} : { 'retry-after': '5' },
    });
  };
